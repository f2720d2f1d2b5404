// SPDX-License-Identifier: MIT
//
// What is at a place of the address map, in words and as a range.  Pure.

import * as l10n from '@vscode/l10n';
import { formatBytes, plus } from '../extension/protocol/address';
import type { Root } from '../extension/protocol/model';
import { addressIn, pieceLines, toX, type Lane, type Piece } from './map-model';
import type { LaneScale } from './map-draw';
import { offsetAt } from './map-zoom';

export interface Pointed {
  lines: string[];
  /** What a click selects. */
  range?: { offset: number; length: number };
}

/** Thin pieces are meant from so many pixels beside them. */
const reach = 4;

export function pointedAt(lane: Lane, scale: LaneScale, roots: readonly Root[], x: number): Pointed {
  const offset = offsetAt(scale, scale.scaled, x);
  if (offset === undefined) {
    const lines = [l10n.t('{0} of addresses reserved', formatBytes(scale.reserved))];
    if (lane.base !== undefined) lines.push(l10n.t('data from {0}', lane.base));
    return { lines };
  }
  const lacking = nearest(lane.missing, scale, x);
  const piece = lacking ?? nearest(lane.pieces ?? [], scale, x);
  const address = addressIn(lane, offset);
  const lines = [
    offset < 0
      ? l10n.t('{0} before the data: header', formatBytes(-offset))
      : l10n.t('offset 0x{0}, {1}', offset.toString(16), formatBytes(offset)),
  ];
  if (address !== undefined) lines.push(l10n.t('address {0} in {1}', address, lane.name));
  lines.push(stateText(lane, scale, offset, lacking !== undefined));
  const root = roots.find((one) => offset >= one.offset && offset < one.offset + Math.max(1, one.size));
  if (root) lines.push(root.type === '' ? l10n.t('root {0}', root.name) : l10n.t('root {0}, {1}', root.name, root.type));
  if (piece) lines.push(...pieceLines(piece, lacking !== undefined));
  const pinAt = toX(scale, scale.scaled, lane.pinned);
  if (lane.pinned > 0 && Math.abs(pinAt - x) <= reach) lines.push(l10n.t('pinned up to {0}', formatBytes(lane.pinned)));
  if (root) return { lines, range: { offset: root.offset, length: Math.max(1, root.size) } };
  return piece ? { lines, range: { offset: piece.offset, length: piece.length } } : { lines };
}

function nearest(pieces: readonly Piece[], scale: LaneScale, x: number): Piece | undefined {
  let best: { piece: Piece; away: number } | undefined;
  for (const piece of pieces) {
    const x0 = toX(scale, scale.scaled, piece.offset);
    const x1 = toX(scale, scale.scaled, piece.offset + piece.length);
    const away = Math.max(x0 - x, x - x1, 0);
    if (away <= (x1 - x0 < 2 * reach ? reach : 0) && (!best || away < best.away)) best = { piece, away };
  }
  return best?.piece;
}

function stateText(lane: Lane, { active, horizon, reserved }: LaneScale, offset: number, lacks: boolean): string {
  if (offset < 0) return l10n.t('header of the segment');
  const mapped = lane.pieces?.some((one) => offset >= one.offset && offset < one.offset + one.length);
  if (lacks) return l10n.t('active, and lacking here');
  if (offset < active) return mapped === false ? l10n.t('active, not mapped here') : l10n.t('active');
  if (mapped) return l10n.t('mapped ahead, not active yet');
  if (offset < horizon) return l10n.t('below the horizon, not active yet');
  return offset < reserved ? l10n.t('reserved') : l10n.t('past the reservation');
}

/** The map to read. */
export function mapText(lanes: readonly Lane[], roots: readonly Root[], title: string): string {
  const lines = [title, ''];
  for (const root of roots)
    lines.push(l10n.t('root {0}: offset 0x{1}, {2}', root.name, root.offset.toString(16), formatBytes(root.size)));
  for (const { name, pid, facts, note, pieces, missing } of lanes) {
    lines.push('', [l10n.t('{0}, pid {1}', name, pid), facts, note].filter((part) => part !== '').join(', '));
    for (const one of pieces ?? []) lines.push(`  ${pieceLines(one, false).join(', ')}`);
    for (const one of missing) lines.push(`  ${l10n.t('lacks {0} – {1}', one.address, plus(one.address, one.length))}`);
  }
  return `${lines.join('\n')}\n`;
}
