// SPDX-License-Identifier: MIT
//
// Packs dist/ into build/peermap.vsix for this platform, and says how large it is.

import { createVSIX } from '@vscode/vsce';
import { mkdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
mkdirSync('build', { recursive: true });
const packagePath = 'build/peermap.vsix';
await createVSIX({
  packagePath,
  target: `linux-${process.arch}`,
  dependencies: false, // everything is bundled
  allowMissingRepository: true,
  rewriteRelativeLinks: false,
  skipLicense: false,
});
console.log(`${packagePath}: ${Math.round(statSync(packagePath).size / 1024)} KiB`);
