// SPDX-License-Identifier: MIT
//
// What a look at all processes says of those that tests beside this one have made.

interface Problem {
  code: string;
  where: string;
  text: string;
}

/** Without those that a test holds up (native/hanging.h, whom nobody can look into meanwhile). */
export function besidesHeldUp<P extends Problem>(problems: readonly P[]): P[] {
  return problems.filter(
    ({ code, where, text }) => !(code === 'left-out' && /^\/proc\/\d+$/.test(where) && text.includes(' is held up: ')),
  );
}
