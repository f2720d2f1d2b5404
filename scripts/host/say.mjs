// SPDX-License-Identifier: MIT
//
// How these scripts talk: one line per step on stderr, and one clear line for a failure that was to be expected.

/** A failure whose message is all a person needs; it is printed without a stack. */
export class Expected extends Error {}

/** @param {string} line */
export function say(line) {
  process.stderr.write(`host: ${line}\n`);
}

/** @param {unknown} error @returns {string} */
export function textOf(error) {
  if (error instanceof Expected) return error.message;
  if (!(error instanceof Error)) return String(error);
  const wrongArguments = 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  return wrongArguments ? error.message : (error.stack ?? error.message);
}

/**
 * Runs a script's main function and ends the process with the code that it returns.  A module that is also imported does not await it:
 * a CommonJS bundle could not load it then.
 * @param {() => Promise<number>} main
 */
export async function runMain(main) {
  let code = 1;
  try {
    code = await main();
  } catch (error) {
    say(textOf(error));
  }
  // Not process.exit() alone: what was written to a pipe would be cut off.
  process.stdout.write('', () => process.exit(code));
}

/**
 * Waits for a condition; polls, and has no limit of its own unless given one.
 * @template T
 * @param {() => T | undefined | false | Promise<T | undefined | false>} probe
 * @param {{ what: string, within?: number }} options within: milliseconds; past it an Expected error names what was waited for
 * @returns {Promise<T>}
 */
export async function until(probe, { what, within }) {
  const started = Date.now();
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    if (within !== undefined && Date.now() - started > within) {
      throw new Expected(`waited ${Math.round(within / 1000)} s in vain for ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
