// SPDX-License-Identifier: MIT
//
// The address map as numbers: its scale, and a lane per process with the pieces in it.  Pure.
//
// Lanes are aligned by offset in the data, not by address: a relocated peer's lane lies under the others, and says where it is.

import * as l10n from '@vscode/l10n';
import { formatBytes, plus } from '../extension/protocol/address';
import type { Address, Header, Mapping, Peer, Snapshot } from '../extension/protocol/model';
import { conditionOf, conditionText, dataBytes, kernelOf, lacking, lackText, peerKey, strangerKey, type Condition } from './peer';

export interface Piece {
  /** From the beginning of the data: negative in the header. */
  offset: number;
  length: number;
  address: Address;
  permissions: string;
  /** Past what is active. */
  ahead: boolean;
}

export interface Lane {
  key: string;
  name: string;
  pid: number;
  /** Absent for a stranger. */
  condition?: Condition;
  base?: Address;
  relocated: boolean;
  reads: boolean;
  /** Absent where the kernel's view could not be had. */
  pieces?: Piece[];
  missing: Piece[];
  /** Data bytes that the registry claims. */
  claim: number;
  pinned: number;
  /** What is worth reading without pointing at anything; empty if all is well. */
  note: string;
  noteTone: 'bad' | 'quiet';
  /** What the picture shows of the process, in words. */
  facts: string;
}

export interface Scale {
  /** Offsets at the left edge (the header's first byte) and where the drawing to scale ends. */
  start: number;
  end: number;
  /** The reservation goes on behind a break mark. */
  broken: boolean;
  /** Mappings go on behind the break as well, up to here, and are not drawn to scale there. */
  far?: number;
}

/** The smallest of 1, 1.25, 1.5, 1.75, 2 … times a power of two that is at least `bytes`: a scale that stands still while sizes change a little. */
export function roundUp(bytes: number): number {
  if (bytes <= 0) return 1;
  const power = 2 ** Math.floor(Math.log2(bytes));
  return [1, 1.25, 1.5, 1.75, 2].map((factor) => factor * power).find((step) => step >= bytes) ?? bytes;
}

/**
 * A scale that shows `extent` bytes of `reserved`, what is `mapped` past them, and some room to grow.  Where so much is mapped ahead that
 * the rest would be a sliver beside it, the drawing breaks off before.
 */
export function scaleFor(start: number, extent: number, reserved: number, mapped = extent): Scale {
  const whole = Math.min(Math.max(extent, mapped), reserved);
  const end = roundUp((whole > 4 * extent ? 2 * extent : whole) * 1.1);
  if (end * 1.25 >= reserved) return { start, end: reserved, broken: false };
  return whole > end ? { start, end, broken: true, far: whole } : { start, end, broken: true };
}

export function mapScale(snapshot: Snapshot, header: Header): Scale {
  const { active, headerLength, reserved } = header;
  const near = Math.max(active, snapshot.object.length - headerLength, header.pageSize);
  const ends = [header.target, header.horizon];
  for (const { mapped } of snapshot.peers) ends.push(mapped);
  for (const { mappings = [] } of [...snapshot.peers, ...snapshot.strangers]) {
    for (const { offset, length } of mappings) ends.push(offset + length - headerLength);
  }
  return scaleFor(-headerLength, Math.min(near, reserved), reserved, Math.max(...ends));
}

/** CSS pixels: of a break mark with the room around it, and of what is mapped behind one. */
const breakWidth = 28;
const farWidth = 46;

/** CSS pixels behind what is to scale; `label` are those for the reservation's own. */
export function roomBehind({ broken, far }: Scale, label: number): number {
  return broken ? breakWidth + label + (far === undefined ? 0 : farWidth + breakWidth) : 1;
}

/** Where an offset is drawn, if what is to scale takes `scaled` pixels. */
export function toX(scale: Scale, scaled: number, offset: number): number {
  const { start, end, far } = scale;
  if (offset <= end || far === undefined) return ((Math.min(Math.max(offset, start), end) - start) / (end - start)) * scaled;
  return scaled + breakWidth + (Math.min(offset - end, far - end) / (far - end)) * farWidth;
}

/** Where the break marks are. */
export function breaksOf(scale: Scale, scaled: number): number[] {
  if (!scale.broken) return [];
  const first = scaled + breakWidth / 2;
  return scale.far === undefined ? [first] : [first, first + breakWidth + farWidth];
}

/** Offsets for an axis `pixels` long: a power of two apart, room for a label each, and for the reservation's behind a break. */
export function ticksOf({ start, end, broken }: Scale, pixels: number): number[] {
  const perByte = pixels / (end - start);
  const step = 2 ** Math.ceil(Math.log2(Math.max(1, labelRoom / perByte)));
  const ticks = [];
  for (let at = Math.max(0, Math.ceil(start / step) * step); at <= end; at += step)
    if (!broken || at === 0 || (end - at) * perByte > labelRoom / 4) ticks.push(at);
  return ticks;
}
const labelRoom = 92;

export function lanesOf(snapshot: Snapshot, header: Header): Lane[] {
  return [...snapshot.peers.map((peer) => peerLane(peer, header)), ...snapshot.strangers.map((one) => strangerLane(one, header))];
}

function peerLane(peer: Peer, header: Header): Lane {
  const condition = conditionOf(peer);
  const lacks = lacking(peer) > 0;
  const kernel = kernelOf(peer, header);
  const notes = [];
  if (lacks) notes.push(lackText(peer));
  if (peer.state === 'dead') notes.push(l10n.t('claims {0}, maps nothing', formatBytes(peer.mapped)));
  else if (kernel.kind === 'unknown') notes.push(l10n.t('what the kernel maps here cannot be read'));
  else if (kernel.kind === 'drift' && !lacks) notes.push(l10n.t('the kernel maps {0}', kernel.text));
  if (peer.readOnly) notes.push(l10n.t('only reads'));
  if (peer.relocated) notes.push(l10n.t('relocated to {0}', peer.base));
  const missing = (lacks ? (peer.missing ?? []) : []).map(({ address, length }) => ({
    offset: Number(BigInt(address) - BigInt(peer.base)),
    length,
    address,
    permissions: '',
    ahead: false,
  }));
  const maps = kernel.kind === 'unknown' ? '' : mapsText(peer.mappings ?? [], header);
  const lane: Lane = {
    key: peerKey(peer),
    name: peer.name,
    pid: peer.pid,
    condition,
    base: peer.base,
    relocated: peer.relocated,
    reads: peer.readOnly === true,
    missing,
    claim: peer.mapped,
    pinned: peer.pins > 0 ? peer.pinnedBytes : 0,
    note: notes.join('; '),
    noteTone: lacks ? 'bad' : 'quiet',
    facts: [conditionText(condition), maps].filter((part) => part !== '').join(', '),
  };
  if (peer.mappings) lane.pieces = peer.mappings.flatMap((mapping) => toPieces(mapping, header));
  return lane;
}

function mapsText(mappings: readonly Mapping[], { active, headerLength }: Header): string {
  const inside = dataBytes(mappings, headerLength, active);
  const ahead = dataBytes(mappings, headerLength) - inside;
  return ahead > 0
    ? l10n.t('maps {0} of {1} active, and {2} ahead', formatBytes(inside), formatBytes(active), formatBytes(ahead))
    : l10n.t('maps {0} of {1} active', formatBytes(inside), formatBytes(active));
}

function strangerLane({ pid, command, mappings }: Snapshot['strangers'][number], header: Header): Lane {
  const bytes = formatBytes(dataBytes(mappings, header.headerLength));
  return {
    key: strangerKey(pid),
    name: command,
    pid,
    relocated: false,
    reads: false,
    pieces: mappings.flatMap((mapping) => toPieces(mapping, header)),
    missing: [],
    claim: 0,
    pinned: 0,
    note: l10n.t('not in the registry'),
    noteTone: 'quiet',
    facts: l10n.t('maps {0}', bytes),
  };
}

/** Divided where the active memory ends. */
function toPieces({ address, length, offset: inFile, permissions }: Mapping, { headerLength, active }: Header): Piece[] {
  const offset = inFile - headerLength;
  const inside = Math.min(Math.max(active - offset, 0), length);
  const pieces = [];
  if (inside > 0) pieces.push({ offset, length: inside, address, permissions, ahead: false });
  if (inside < length) {
    const rest = { offset: offset + inside, length: length - inside, address: plus(address, inside) };
    pieces.push({ ...rest, permissions, ahead: true });
  }
  return pieces;
}

/** What the tooltip and the screen reader say of a piece. */
export function pieceLines(piece: Piece, lacks: boolean): string[] {
  const lines = [`${piece.address} – ${plus(piece.address, piece.length)}`, whereText(piece)];
  if (piece.ahead) lines.push(l10n.t('mapped ahead: not active yet'));
  lines.push(
    lacks
      ? l10n.t('lacking: the header says it is active, the kernel does not map it here')
      : l10n.t('permissions {0}', piece.permissions),
  );
  return lines;
}

function whereText({ offset, length }: Piece): string {
  const size = formatBytes(length);
  if (offset >= 0) return l10n.t('{0} at offset 0x{1}', size, offset.toString(16));
  return offset + length <= 0
    ? l10n.t('{0} of the header', size)
    : l10n.t('{0}, header and the first {1} of the data', size, formatBytes(offset + length));
}

/** The address at which a lane's process has an offset, if it has it anywhere. */
export function addressIn({ base, pieces = [] }: Lane, offset: number): Address | undefined {
  const piece = pieces.find((one) => offset >= one.offset && offset < one.offset + one.length);
  if (piece) return plus(piece.address, offset - piece.offset);
  return base === undefined ? undefined : plus(base, offset);
}
