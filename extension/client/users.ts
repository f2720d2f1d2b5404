// SPDX-License-Identifier: MIT
//
// The names of users, from /etc/passwd, read when first asked for.  Who is not in there is a number.

import * as fs from 'node:fs';

let names: Map<number, string> | undefined;

export function userName(uid: number): string {
  names ??= read();
  return names.get(uid) ?? String(uid);
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
