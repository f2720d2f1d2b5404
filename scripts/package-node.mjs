// SPDX-License-Identifier: MIT
//
// Packs native/node with the addon as built here into build/peermap-VERSION.tgz, for this platform.

import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const folder = 'build/node';
rmSync(folder, { recursive: true, force: true });
mkdirSync(`${folder}/types/addon`, { recursive: true });

await build({
  entryPoints: ['native/node/index.ts'],
  outfile: `${folder}/index.js`,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  external: ['./peermap.node'],
  logLevel: 'warning',
});
execFileSync(process.execPath, [
  'node_modules/typescript/bin/tsc',
  ...['-p', 'native/node', '--noEmit', 'false', '--declaration', '--emitDeclarationOnly'],
]);
for (const file of ['index.d.ts', 'model.d.ts']) copyFileSync(`native/addon/${file}`, `${folder}/types/addon/${file}`);

// One module, whichever way it is asked for: two copies would be two peers' worth of classes.
const names = [...readFileSync(`${folder}/index.js`, 'utf8').matchAll(/^ {2}(\w+): \(\) => \w+,?$/gm)].map(([, name]) => name);
writeFileSync(`${folder}/index.mjs`, `import peermap from './index.js';\nexport const { ${names.join(', ')} } = peermap;\n`);
writeFileSync(`${folder}/index.d.mts`, "export * from './types/node/index.js';\n");

const manifest = JSON.parse(readFileSync('native/node/package.json', 'utf8'));
const { glibcVersionRuntime } = process.report.getReport().header;
Object.assign(manifest, { cpu: [process.arch], libc: [glibcVersionRuntime ? 'glibc' : 'musl'] });
writeFileSync(`${folder}/package.json`, `${JSON.stringify(manifest, undefined, 2)}\n`);
copyFileSync('native/node/README.md', `${folder}/README.md`);
copyFileSync('LICENSE', `${folder}/LICENSE`);
execFileSync('strip', ['--strip-debug', '-o', `${folder}/peermap.node`, 'build/native/peermap.node']);

const file = `build/peermap-${manifest.version}.tgz`;
execFileSync('npm', ['pack', '--silent', '--pack-destination', '..'], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
console.log(`${file}: ${Math.round(statSync(file).size / 1024)} KiB`);
