// SPDX-License-Identifier: MIT
//
// `npm run test:long` runs what `npm test` leaves out because it is long by nature, and nothing else; scripts/long.mjs has the list.

/** In `npm run test:long`. */
export const long = process.env['PEERMAP_LONG'] === '1';
