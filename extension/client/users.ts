// SPDX-License-Identifier: MIT
//
// The names of users, from /etc/passwd, read when first asked for.  Who is not in there is a number.

import * as l10n from '@vscode/l10n';
import * as fs from 'node:fs';

let names: Map<number, string> | undefined;

export function userName(uid: number): string {
  names ??= read();
  return names.get(uid) ?? String(uid);
}

/** By name and number, as far as there are both. */
export function userText(uid: number): string {
  const name = userName(uid);
  return name === String(uid) ? l10n.t('user {0}', uid) : l10n.t('{0} (user {1})', name, uid);
}

/** Undefined where it is the user who looks. */
export function otherUser(uid: number): string | undefined {
  return uid === process.geteuid?.() ? undefined : userText(uid);
}

function read(): Map<number, string> {
  try {
    const lines = fs.readFileSync('/etc/passwd', 'utf8').split('\n');
    return new Map(
      lines.flatMap((line): [number, string][] => {
        const [name, , uid] = line.split(':');
        return name && uid ? [[Number(uid), name]] : [];
      }),
    );
  } catch {
    return new Map();
  }
}
