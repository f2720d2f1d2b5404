// SPDX-License-Identifier: MIT
//
// How numbers of the benchmarks look.

export const kib = 1024;
export const mib = kib * kib;

export const us = (value) => (value < 100 ? value.toFixed(1) : value.toFixed(0));
/** "median (p99)" in µs. */
export const time = (samples) => (samples === undefined ? '–' : `${us(samples.median)} (${us(samples.p99)})`);
/** "median (p10–p90)" of ratios. */
export const spread = (ratio) =>
  ratio === undefined ? '–' : `${ratio.median.toFixed(2)} (${ratio.p10.toFixed(2)}–${ratio.p90.toFixed(2)})`;
export const size = (bytes) => (bytes < mib ? `${bytes / kib} KiB` : `${bytes / mib} MiB`);

/** @param {string[][]} rows the first is the head */
export function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  for (const row of rows)
    console.log('  ' + row.map((cell, i) => (i < 1 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  '));
}
