// SPDX-License-Identifier: MIT
//
// mocha's spec reporter, which also writes its counts to the file named by PEERMAP_COUNTS, for scripts/test.mjs; and ends an interrupted run
// at once, so that what is to happen at exit does.

const { writeFileSync } = require('node:fs');
const { reporters } = require('mocha');

module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const file = process.env.PEERMAP_COUNTS;
    const { stats } = this;
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));
    if (file)
      runner.once('end', () =>
        writeFileSync(file, JSON.stringify({ passed: stats.passes, failed: stats.failures, skipped: stats.pending })),
      );
  }
};
