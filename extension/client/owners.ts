// SPDX-License-Identifier: MIT
//
// Taking part in a segment of another user: whose owner can write and cut it at any time, and who may have given it a name that a program of one's own looks for.
//
//     request --> refused by the server, which says whose it is --> the person agrees --> request for that owner and that object, and no other
//
// The server judges the object that it opened, and does so again the second time: another one that has the name by then is asked about anew, also if it
// has the same owner.  Where something is taken away as well (consent.ts), this is asked first, by what was seen of the object, and the server judges all
// the same.  What counts as the person's word is their answer, or a setting of theirs that no workspace can have.  An argument of a command is nobody's word: it may come from a link, from a task of the workspace, from another extension.

import * as l10n from '@vscode/l10n';
import { isSameObject } from '../protocol/object-id';
import type { Foreign } from '../protocol/requests';
import { PeermapFailure } from './failure';
import { userName, userText } from './users';
import type { Warning } from './words';

/** That this object of this user was agreed to; every object of theirs, where the person trusts them; none, if it is the person's own segment. */
export type Word = Partial<Foreign>;

export interface Person {
  /** Users, by name or number, whom the person trusts. */
  trusted: readonly unknown[];
  /** Asks the person.  Without it nobody is there to be asked. */
  ask?: (warning: Warning) => Promise<boolean>;
}

/** Undefined if the person did not agree.  `button`: what is to be done, in a word; `word`: what they have agreed to already. */
export async function withOwner<T>(
  segment: string,
  button: string,
  person: Person,
  request: (word: Word) => Promise<T>,
  word: Word = {},
): Promise<T | undefined> {
  for (let given: Word | undefined = word; given;) {
    try {
      return await request(given);
    } catch (error) {
      const found = error instanceof PeermapFailure ? error.foreign : undefined;
      if (!found || covers(given, found)) throw error;
      given = await wordFor(segment, found, button, person);
    }
  }
  return undefined;
}

function covers({ owner, device, inode, ...rest }: Word, found: Foreign): boolean {
  const any = device === undefined || inode === undefined;
  return owner === found.owner && (any || isSameObject({ device, inode, ...rest }, found));
}

/** The person's word for that object; undefined if they did not give it. */
export async function wordFor(
  segment: string,
  foreign: Foreign,
  button: string,
  { trusted, ask }: Person,
): Promise<Word | undefined> {
  const { owner } = foreign;
  if (isTrusted(owner, trusted)) return { owner };
  if (!ask) throw new PeermapFailure('PEERMAP_EACCES', notAsked(segment, owner), undefined, undefined, foreign);
  return (await ask(ownerWarning(segment, owner, button))) ? foreign : undefined;
}

/** What is a number is a uid, whatever users are called. */
function isTrusted(owner: number, trusted: readonly unknown[]): boolean {
  return trusted.some((user) => (/^\d+$/.test(String(user)) ? Number(user) === owner : user === userName(owner)));
}

function notAsked(segment: string, owner: number): string {
  return l10n.t(
    '{0} belongs to {1}, and nobody was asked whether VS Code may take part in it. Run the command from the palette, or name that user in your setting peermap.trustedOwners.',
    segment,
    userText(owner),
  );
}

function ownerWarning(segment: string, owner: number, button: string): Warning {
  return {
    message: l10n.t('{0} belongs to {1}. Take part in it?', segment, userText(owner)),
    detail: [
      l10n.t(
        'For this VS Code becomes a peer of a segment that another user has made. Anybody can give a segment a name that is free.',
      ),
      l10n.t(
        'Its owner, and whoever else its mode lets, can write it and cut it short at any time. Go on only if you trust that user.',
      ),
    ].join('\n\n'),
    button,
  };
}
