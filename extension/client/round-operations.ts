// SPDX-License-Identifier: MIT
//
// The operations that every peer of a segment takes part in.  They return the library's report.

import { formatBytes } from '../protocol/address';
import type { Header, Round, Snapshot } from '../protocol/model';
import { required, type Invocation } from './command-arguments';
import { PeermapFailure } from './failure';
import { confirmed, segmentOf, sizeOf, tell, type Parts } from './operation';
import { pickPeer } from './pick';
import { count } from './tree-rows';
import { answerLines, lateSentence, roundReport, shrinkWarning, sum, wholePages } from './words';

export async function grow(parts: Parts, { target, asks }: Invocation): Promise<Round | undefined> {
  const segment = await segmentOf(parts, target, asks, 'Grow');
  if (segment === undefined) return undefined;
  const { active, reserved, pageSize } = headerOf(await parts.segments.look(segment));
  const bytes = await sizeOf(target, asks, {
    title: `Grow ${segment}`,
    prompt: `${formatBytes(active)} now, ${formatBytes(reserved)} at most. By how much?`,
    current: active,
    judge: (by) => {
      const whole = wholePages(by, pageSize, 'grow') ?? by;
      return whole > reserved - active
        ? { error: `Only ${formatBytes(reserved - active)} are left of the reservation.` }
        : { preview: sum(active, whole, 'grow') };
    },
  });
  if (bytes === undefined) return undefined;
  return resize(parts, 'grow', { segment, bytes, allowLate: target.allowLate ?? false }, asks);
}

export async function shrink(parts: Parts, { target, asks }: Invocation): Promise<Round | undefined> {
  const segment = await segmentOf(parts, target, asks, 'Shrink');
  if (segment === undefined) return undefined;
  const snapshot = await parts.segments.look(segment);
  const { active, pageSize } = headerOf(snapshot);
  const bytes = await sizeOf(target, asks, {
    title: `Shrink ${segment}`,
    prompt: `${formatBytes(active)} now. By how much?`,
    current: active,
    judge: (by) => {
      const whole = wholePages(by, pageSize, 'shrink');
      if (whole === undefined) return { error: `Less than a page of ${formatBytes(pageSize)}: nothing would change.` };
      return whole >= active ? { error: 'Nothing would be left.' } : { preview: sum(active, whole, 'shrink') };
    },
  });
  if (bytes === undefined) return undefined;
  const whole = wholePages(bytes, pageSize, 'shrink') ?? bytes;
  if (asks && !(await confirmed(shrinkWarning(snapshot, whole)))) return undefined;
  return resize(parts, 'shrink', { segment, bytes, allowLate: target.allowLate ?? false }, asks);
}

const resizing = {
  grow: { method: 'peermap/grow', what: 'the growth', done: 'grew', remedy: 'Grow Without Waiting' },
  shrink: { method: 'peermap/shrink', what: 'the shrinking', done: 'shrank', remedy: 'Shrink Without Waiting' },
} as const;

/** A person is offered to go on without the peer that is late. */
async function resize(
  parts: Parts,
  change: keyof typeof resizing,
  params: { segment: string; bytes: number; allowLate: boolean },
  asks: boolean,
): Promise<Round> {
  const { method, what, done, remedy } = resizing[change];
  try {
    const round = await parts.server.request(method, params, `${what} of ${params.segment}`);
    report(parts, `${params.segment} ${done}`, round, asks);
    return round;
  } catch (error) {
    if (!(error instanceof PeermapFailure && error.code === 'PEERMAP_ELATE')) throw error;
    const sentence = lateSentence(error.sentence, error.round);
    parts.log.warn([`${what} of ${params.segment} failed`, ...answerLines({ answers: error.round?.answers ?? [] })].join('\n  '));
    if (params.allowLate || !asks) throw new PeermapFailure(error.code, sentence, error.round);
    const apply = () => resize(parts, change, { ...params, allowLate: true }, asks);
    throw new PeermapFailure(error.code, sentence, error.round, { title: remedy, apply });
  }
}

/** In the log for each peer; in the status bar, for a person, as a whole. */
function report(parts: Parts, done: string, round: Round, asks: boolean): void {
  const text = roundReport(done, round);
  parts.log.info([text, ...answerLines(round)].join('\n  '));
  if (asks) tell(text);
}

export async function remap(parts: Parts, { target, asks }: Invocation): Promise<Round | undefined> {
  const segment = await segmentOf(parts, target, asks, 'Remap');
  if (segment === undefined) return undefined;
  const pid =
    target.pid ??
    (asks ? await pickPeer(await parts.segments.look(segment), `Remap a peer of ${segment}`) : required(target, 'pid'));
  if (pid === undefined) return undefined;
  const round = await parts.server.request('peermap/remap', { segment, pid }, `the remapping of ${pid}`);
  report(parts, `${pid} remapped ${segment}`, round, asks);
  return round;
}

export async function remapAll(parts: Parts, { target, asks }: Invocation): Promise<Round | undefined> {
  const segment = await segmentOf(parts, target, asks, 'Remap All');
  if (segment === undefined) return undefined;
  const round = await parts.server.request('peermap/remap', { segment }, `the remapping of ${segment}`);
  report(parts, `${segment} remapped`, round, asks);
  return round;
}

export async function reap(parts: Parts, { target, asks }: Invocation): Promise<{ freed: number } | undefined> {
  const segment = await segmentOf(parts, target, asks, 'Reap');
  if (segment === undefined) return undefined;
  const answer = await parts.server.request('peermap/reap', { segment }, `the reaping of ${segment}`);
  if (asks) tell(`${segment}: ${count(answer.freed, 'registry slot')} freed`);
  return answer;
}

function headerOf({ header, name, problems }: Snapshot): Header {
  if (header) return header;
  const why = problems.map((problem) => problem.text).join(' ');
  throw new PeermapFailure('PEERMAP_EFORMAT', `${name} cannot be read as a segment. ${why}`);
}
