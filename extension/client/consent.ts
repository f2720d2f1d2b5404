// SPDX-License-Identifier: MIT
//
// What takes something away is done with a person's consent, whoever asked for it: the palette, a row, a key, a task, a link, another extension.
//
//     command of commands.ts --Ask--> Consent --> ServerConnection.request(), writeFile()
//
// Nothing else makes a Consent, and neither of the two takes anything away without one of its kind: to forget the question is a type error.  The
// settings peermap.confirm.… are the person's own way not to be asked.

import * as l10n from '@vscode/l10n';
import { oneLine } from '../protocol/foreign';
import type { Peer, Snapshot } from '../protocol/model';
import type { TakenBy, Taking } from '../protocol/requests';
import type { Invocation } from './command-arguments';
import * as messages from './messages';
import { setting } from './settings';
import type { Warning } from './words';

/** Of segments, objects, slots; and of the bytes of a file, which something else is written over. */
export type Taken = TakenBy<Taking> | 'overwrite';

/** Undefined: the person said no. */
export type Ask<K extends Taken> = (warning: Warning) => Promise<Consent<K> | undefined>;

export class Consent<K extends Taken> {
  private constructor(readonly to: K) {}

  static async ask<K extends Taken>(to: K, warning: Warning, invocation: Invocation): Promise<Consent<K> | undefined> {
    const { message, detail, button } = warning;
    const whole = [detail, ...whence(invocation)].join('\n\n');
    return !setting(`confirm.${to}`) || (await messages.confirmed(message, whole, button)) ? new Consent(to) : undefined;
  }

  /** Where a person has chosen a file in a dialog, which asks by itself. */
  static ofSaveDialog(): Consent<'overwrite'> {
    return new Consent('overwrite');
  }

  /** For a segment that goes with a process of ours: one that this process made.  Undefined if another did, or if it is not in the registry any more. */
  static ofItsMaker({ header, peers }: Snapshot, pid: number): Consent<'destroy'> | undefined {
    const made = (peer: Peer) => peer.pid === header?.creator.pid && peer.startTime === header.creator.startTime;
    return peers.some((peer) => peer.pid === pid && made(peer)) ? new Consent('destroy') : undefined;
  }
}

/** A question that comes out of nowhere says where from. */
function whence({ asks, task }: Invocation): string[] {
  if (task !== undefined) return [l10n.t('The task "{0}" asks for this.', oneLine(task, 100))];
  return asks ? [] : [l10n.t('A command with arguments asks for this: a key, a link or another extension.')];
}
