// SPDX-License-Identifier: MIT
//
// The report that the suite writes inside the extension host, and what it is worth.  An exit code alone is not: VS Code reports 0 for an
// extension host that was killed.

import * as fs from 'node:fs';

/**
 * @typedef {object} Test
 * @property {string} title
 * @property {'passed' | 'failed' | 'skipped'} state
 * @property {string} [error]
 */

/**
 * @typedef {object} Report
 * @property {number} passed
 * @property {number} failed
 * @property {number} [skipped]
 * @property {Test[]} tests
 */

/** @param {string} file @returns {Report | undefined} */
export function readReport(file) {
  try {
    const report = JSON.parse(fs.readFileSync(file, 'utf8'));
    const valid = Number.isInteger(report.passed) && Number.isInteger(report.failed) && Array.isArray(report.tests);
    return valid ? report : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Why a run does not count as green.
 * @param {string} file
 * @returns {string | undefined} undefined if it does
 */
export function doubt(file) {
  const report = readReport(file);
  if (!report) return 'the suite wrote no report: it did not come to its end';
  if (report.failed > 0) return `${report.failed} failed`;
  if (report.passed < 1) return 'no test passed';
  return undefined;
}

/** @param {Report} report @param {(line: string) => void} print */
export function printReport(report, print) {
  const marks = { passed: '✔', failed: '✖', skipped: '-' };
  for (const test of report.tests) {
    print(`${marks[test.state] ?? '?'} ${test.title}`);
    if (test.error) print(test.error.replace(/^/gm, '    '));
  }
}

/** @param {{ passed: number, failed: number, skipped?: number }} counts @returns {string} */
export function countsLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`;
}
