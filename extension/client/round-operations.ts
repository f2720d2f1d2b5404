// SPDX-License-Identifier: MIT
//
// The operations that every peer of a segment takes part in.  They return the library's report.

import * as l10n from '@vscode/l10n';
import { formatBytes } from '../protocol/address';
import type { Header, Round, Snapshot } from '../protocol/model';
import { idOf } from '../protocol/object-id';
import { required, type Invocation } from './command-arguments';
import type { Ask } from './consent';
import { PeermapFailure } from './failure';
import { ownerAgreed, segmentOf, sizeOf, takingPart, tell, type Parts } from './operation';
import type { Word } from './owners';
import { pickPeer } from './pick';
import { deadOf, growPreview, reapPreview, remapPreview, shrinkPreview } from './preview';
import { slotsFreed } from './counts';
import { setting } from './settings';
import { answerLines, lateSentence, reapWarning, roundReport, shrinkWarning, sum, wholePages } from './words';

export async function grow(parts: Parts, { target, asks }: Invocation): Promise<Round | undefined> {
  const segment = await segmentOf(parts, target, asks, l10n.t('Grow'));
  if (segment === undefined) return undefined;
  const snapshot = await parts.segments.look(segment);
  const { active, reserved, pageSize } = headerOf(snapshot);
  const bytes = await sizeOf(target, asks, {
    title: l10n.t('Grow {0}', segment),
    prompt: l10n.t('{0} now, {1} at most. By how much?', formatBytes(active), formatBytes(reserved)),
    current: active,
    judge: (by) => {
      const whole = wholePages(by, pageSize, 'grow') ?? by;
      return whole > reserved - active
        ? { error: l10n.t('Only {0} are left of the reservation.', formatBytes(reserved - active)) }
        : { preview: `${sum(active, whole, 'grow')} · ${growPreview(snapshot, whole)}` };
    },
  });
  if (bytes === undefined) return undefined;
  const part = { button: l10n.t('Grow'), asks };
  const agreed = await ownerAgreed(parts, snapshot, part);
  if (!agreed) return undefined;
  const what = l10n.t('the growth of {0}', segment);
  const growing = (params: { allowLate: boolean } & Word) =>
    parts.server.request('peermap/grow', { segment, bytes, ...params }, what);
  const growth: Resizing = {
    segment,
    what,
    done: l10n.t('{0} grew', segment),
    remedy: l10n.t('Grow Without Waiting'),
    run: (allowLate) => takingPart(segment, part, (word) => growing({ allowLate, ...word }), agreed),
  };
  return resize(parts, growth, target.allowLate ?? false, asks);
}

export async function shrink(parts: Parts, { target, asks }: Invocation, ask: Ask<'shrink'>): Promise<Round | undefined> {
  const segment = await segmentOf(parts, target, asks, l10n.t('Shrink'));
  if (segment === undefined) return undefined;
  const snapshot = await parts.segments.look(segment);
  const { active, pageSize } = headerOf(snapshot);
  const bytes = await sizeOf(target, asks, {
    title: l10n.t('Shrink {0}', segment),
    prompt: l10n.t('{0} now. By how much?', formatBytes(active)),
    current: active,
    judge: (by) => {
      const whole = wholePages(by, pageSize, 'shrink');
      if (whole === undefined) return { error: l10n.t('Less than a page of {0}: nothing would change.', formatBytes(pageSize)) };
      if (whole >= active) return { error: l10n.t('Nothing would be left.') };
      return { preview: `${sum(active, whole, 'shrink')} · ${shrinkPreview(snapshot, whole)}` };
    },
  });
  if (bytes === undefined) return undefined;
  const part = { button: l10n.t('Shrink'), asks };
  const agreed = await ownerAgreed(parts, snapshot, part);
  if (!agreed) return undefined;
  const whole = wholePages(bytes, pageSize, 'shrink') ?? bytes;
  const consent = await ask(shrinkWarning(snapshot, whole));
  if (!consent) return undefined;
  const what = l10n.t('the shrinking of {0}', segment);
  const agreedFor = setting('confirm.shrink') ? { agreed: { ...idOf(snapshot.object), size: active } } : {};
  const shrinkingBy = (params: { allowLate: boolean } & Word) =>
    parts.server.request('peermap/shrink', { segment, bytes, ...agreedFor, ...params }, what, consent);
  const shrinking: Resizing = {
    segment,
    what,
    done: l10n.t('{0} shrank', segment),
    remedy: l10n.t('Shrink Without Waiting'),
    run: (allowLate) => takingPart(segment, part, (word) => shrinkingBy({ allowLate, ...word }), agreed),
  };
  return resize(parts, shrinking, target.allowLate ?? false, asks);
}

interface Resizing {
  segment: string;
  /** The operation, for a sentence on its failure; what it came to; the way on without who is late. */
  what: string;
  done: string;
  remedy: string;
  run: (allowLate: boolean) => Promise<Round | undefined>;
}

/** A person is offered to go on without the peer that is late. */
async function resize(parts: Parts, resizing: Resizing, allowLate: boolean, asks: boolean): Promise<Round | undefined> {
  const { segment, what, done, remedy } = resizing;
  try {
    const round = await resizing.run(allowLate);
    if (!round) return undefined;
    report(parts, segment, done, round, asks);
    return round;
  } catch (error) {
    if (!(error instanceof PeermapFailure && error.code === 'PEERMAP_ETIMEDOUT')) throw error;
    const sentence = lateSentence(error.sentence, error.round);
    parts.log.warn([`${what}: ${sentence}`, ...answerLines({ results: error.round?.results ?? [] })].join('\n  '));
    if (allowLate || !asks) throw new PeermapFailure(error.code, sentence, error.round);
    const apply = () => resize(parts, resizing, true, asks);
    throw new PeermapFailure(error.code, sentence, error.round, { title: remedy, apply });
  }
}

/** In the log for each peer; for a person, as a whole. */
function report(parts: Parts, segment: string, done: string, round: Round, asks: boolean): void {
  const text = roundReport(done, round);
  parts.log.info([text, ...answerLines(round)].join('\n  '));
  parts.rounds.ended({ segment, text });
  if (asks) tell(text, { title: l10n.t('Show Round'), apply: () => parts.inspectors.reveal(segment, { epoch: round.epoch }) });
}

export async function remap(parts: Parts, { target, asks }: Invocation): Promise<Round | undefined> {
  const segment = await segmentOf(parts, target, asks, l10n.t('Remap'));
  if (segment === undefined) return undefined;
  const title = l10n.t('Remap a peer of {0}', segment);
  const pid =
    target.pid ?? (asks ? await pickPeer(await parts.segments.look(segment), title, remapPreview) : required(target, 'pid'));
  if (pid === undefined) return undefined;
  const round = await takingPart(segment, { button: l10n.t('Remap'), asks }, (word) =>
    parts.server.request('peermap/remap', { segment, pid, ...word }, l10n.t('the remapping of {0}', pid)),
  );
  if (!round) return undefined;
  report(parts, segment, l10n.t('{0} remapped {1}', pid, segment), round, asks);
  return round;
}

export async function remapAll(parts: Parts, { target, asks }: Invocation): Promise<Round | undefined> {
  const segment = await segmentOf(parts, target, asks, l10n.t('Remap All'), remapPreview);
  if (segment === undefined) return undefined;
  const round = await takingPart(segment, { button: l10n.t('Remap All'), asks }, (word) =>
    parts.server.request('peermap/remap', { segment, ...word }, l10n.t('the remapping of {0}', segment)),
  );
  if (!round) return undefined;
  report(parts, segment, l10n.t('{0} was remapped', segment), round, asks);
  return round;
}

export async function reap(parts: Parts, { target, asks }: Invocation, ask: Ask<'reap'>): Promise<{ freed: number } | undefined> {
  const segment = await segmentOf(parts, target, asks, l10n.t('Reap'), reapPreview);
  if (segment === undefined) return undefined;
  const part = { button: l10n.t('Reap'), asks };
  const snapshot = await parts.segments.look(segment);
  const agreed = await ownerAgreed(parts, snapshot, part);
  if (!agreed) return undefined;
  const consent = await ask(reapWarning(snapshot));
  if (!consent) return undefined;
  const what = l10n.t('the reaping of {0}', segment);
  const dead = deadOf(snapshot).map(({ slot, generation }) => ({ slot, generation }));
  const agreedFor = setting('confirm.reap') ? { agreed: { ...idOf(snapshot.object), dead } } : {};
  const reaping = (word: Word) => parts.server.request('peermap/reap', { segment, ...agreedFor, ...word }, what, consent);
  const answer = await takingPart(segment, part, reaping, agreed);
  if (!answer) return undefined;
  const text = slotsFreed(segment, answer.freed);
  parts.log.info(text);
  if (asks) tell(text);
  return answer;
}

function headerOf({ header, name, problems }: Snapshot): Header {
  if (header) return header;
  const why = problems.map((problem) => problem.text).join(' ');
  throw new PeermapFailure('PEERMAP_EFORMAT', l10n.t('{0} cannot be read as a segment. {1}', name, why));
}
