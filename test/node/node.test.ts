// SPDX-License-Identifier: MIT
//
// The npm module, as scripts/package-node.mjs has packed it, installed into a folder of its own, under each Node that this machine has.  Every program of programs/ is
// one behaviour, which its file name says.  0: it holds.  77: it cannot be tried there, its output says why.

import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { cpSync, globSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { atExit } from '../at-exit';
import { run } from '../program';

const mark = String(process.pid);
const folder = mkdtempSync(join(tmpdir(), 'peermap-node-'));
atExit(() => {
  rmSync(folder, { recursive: true, force: true });
  for (const left of globSync(`/dev/shm/peermap.test-node-${mark}-*`)) rmSync(left, { force: true });
});

interface Manifest {
  name: string;
  version: string;
  license: string;
  engines: { node: string };
}

const manifestOf = (file: string) => JSON.parse(readFileSync(file, 'utf8')) as Manifest;

/** Each version once, the one that runs this first. */
function nodes(): { version: string; path: string }[] {
  const paths = [process.execPath, ...(process.env['PATH'] ?? '').split(delimiter).map((at) => join(at, 'node'))];
  const found = new Map<string, string>();
  for (const path of paths) {
    try {
      const version = execFileSync(realpathSync(path), ['--version'], { encoding: 'utf8' }).trim();
      if (Number(version.slice(1).split('.')[0]) >= 20 && !found.has(version)) found.set(version, path);
    } catch {
      // none there
    }
  }
  return [...found].map(([version, path]) => ({ version, path }));
}

/** With nothing of this user's: no configuration, no cache. */
const clean = {
  PATH: process.env['PATH'],
  HOME: folder,
  npm_config_cache: join(folder, '.npm'),
  npm_config_update_notifier: 'false',
};

describe('npm module', () => {
  before(() => {
    const packed = resolve(`build/peermap-${manifestOf('native/node/package.json').version}.tgz`);
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    const install = ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', '--silent', packed];
    execFileSync('npm', install, { cwd: folder, env: clean, stdio: ['ignore', 'ignore', 'inherit'] });
    cpSync('test/node/programs', folder, { recursive: true });
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  it("has the extension's version, and no more in it than it says", () => {
    const root = manifestOf('package.json');
    const module = manifestOf('native/node/package.json');
    assert.deepEqual([module.name, module.version, module.license], [root.name, root.version, root.license]);
    assert.equal(module.engines.node, root.engines.node);
    const files = readdirSync(join(folder, 'node_modules/peermap')).sort();
    const expected = ['LICENSE', 'README.md', 'index.d.mts', 'index.js', 'index.mjs', 'package.json', 'peermap.node', 'types'];
    assert.deepEqual(files, expected.sort());
    assert.deepEqual(
      readdirSync(join(folder, 'node_modules')).filter((name) => !name.startsWith('.')),
      ['peermap'],
    );
  });

  for (const { dialect, file } of [
    { dialect: 'an ES module', file: 'program.mts' },
    { dialect: 'a CommonJS module', file: 'program.cts' },
  ]) {
    it(`has types for ${dialect}`, async () => {
      const program = `
        import { Segment, Observer, canView, type EventMap, type PeermapEvent, type Round } from 'peermap';
        async function main(): Promise<void> {
          await using segment = Segment.open('typed', { peerName: 'one', heap: true, heapStep: 1 << 20 });
          const round: Round = await segment.grow(4096);
          using object = { at: segment.alloc(64), [Symbol.dispose]() { this.at.free(); } };
          const numbers: Float64Array = object.at.typed(Float64Array);
          const words: Int32Array = segment.typed(Int32Array, 0, 4);
          const bytes: Buffer = canView ? object.at.bytes : object.at.read();
          segment.setRoot('object', object.at, 'double[8]');
          const type: string | undefined = segment.root('object')?.type;
          const size: number | undefined = segment.root('object')?.typed(BigInt64Array).length;
          const events = segment.events({ after: 0 }).on('death', (event: PeermapEvent) => console.log(event.pid));
          events.on('missed', (count) => count.toFixed());
          for await (const event of new Observer('typed').stream())
            console.log(event.kind === 'missed' ? event.missed : event.seq, round.acked, numbers.length, words.length, bytes.length, size, type);
          // @ts-expect-error: there is no such event
          events.on('nothing', () => undefined);
          // @ts-expect-error: a peer is made by create, attach or open
          new Segment('typed');
        }
        export type Names = keyof EventMap;
        void main();`;
      writeFileSync(join(folder, file), program);
      const lib = ['es2023', 'esnext.disposable'];
      const found = { types: ['node'], typeRoots: [resolve('node_modules/@types')] };
      const compilerOptions = { strict: true, noEmit: true, target: 'es2022', module: 'node16', lib, ...found };
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [file] }));
      const { code, stdout } = await run(process.execPath, [resolve('node_modules/typescript/bin/tsc'), '-p', folder], 170_000);
      assert.equal(code, 0, stdout);
    });
  }

  it("has types that need neither Node's nor a later library than ES2022", async () => {
    const program = `
      import { Segment, Observer, type Root, type SegmentHandle } from 'peermap';
      export async function main(signal: { readonly aborted: boolean } & AbortSignal): Promise<void> {
        const segment = Segment.open('typed', { heap: true, maxRoots: 5 });
        const object = segment.allocTo(segment.alloc(8), 64);
        const bytes: Uint8Array = object.read();
        const made: boolean = segment.compareExchangeRoot('object', segment.root('object'), object, 'double[8]');
        const roots: Root[] = segment.roots();
        const handle: SegmentHandle = segment.handle();
        const again: Segment = Segment.from(handle, { deadlineMs: 5 });
        const array: Float64Array = segment.growing(Float64Array, 8).array;
        const pin = segment.pin();
        pin[Symbol.dispose]();
        const changed: boolean = await segment.wait(object, 0, { deadlineMs: 4, signal });
        for (const row of segment.objects()) row.size.toFixed();
        const events = segment.events({ after: 0, persistent: true }).on('death', ({ pid }) => void pid.toFixed());
        for await (const event of new Observer('typed').stream()) void [event.kind, bytes, made, roots, again, array, changed, events];
        // @ts-expect-error: there is no such event
        events.on('nothing', () => undefined);
        // @ts-expect-error: there is no such option
        Segment.open('typed', { haep: true });
      }
      interface AbortSignal { readonly reason: unknown; addEventListener(type: 'abort', f: () => void): void; removeEventListener(type: 'abort', f: () => void): void }`;
    writeFileSync(join(folder, 'bare.mts'), program);
    const compilerOptions = { strict: true, noEmit: true, target: 'es2022', module: 'node16', lib: ['es2022'], types: [] };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['bare.mts'] }));
    const { code, stdout } = await run(process.execPath, [resolve('node_modules/typescript/bin/tsc'), '-p', folder], 170_000);
    assert.equal(code, 0, stdout);
  });

  for (const { version, path } of nodes()) {
    describe(version, () => {
      it('loads as a CommonJS and as an ES module, and both are one', async () => {
        const program = `const one = require('peermap'); import('peermap').then((two) => process.exit(two.Segment === one.Segment ? 0 : 1));`;
        writeFileSync(join(folder, 'both.cjs'), program);
        assert.equal((await run(path, [join(folder, 'both.cjs')], 170_000)).code, 0);
      });

      it('runs the examples of its README to their end, in their order', async () => {
        const examples = [...readFileSync('native/node/README.md', 'utf8').matchAll(/^```js\n([^]*?)^```$/gm)].map(
          ([, code = '']) => code,
        );
        assert.ok(examples.length >= 3);
        for (const [i, code] of examples.entries()) {
          const file = join(folder, `example-${i}.cjs`);
          writeFileSync(file, code.replaceAll("'market'", `'test-node-${mark}-market'`));
          const ended = await run(path, [file], 170_000);
          assert.equal(ended.code, 0, `${code}${ended.stderr}`);
          assert.equal(ended.stderr, '');
        }
        rmSync(`/dev/shm/peermap.test-node-${mark}-market`);
      });

      for (const file of readdirSync('test/node/programs').filter((name) => name !== 'common.mjs')) {
        it(file.replace('.mjs', '').replaceAll('_', ' '), async function () {
          process.env['PEERMAP_TEST'] = mark;
          const { code, stdout, stderr } = await run(path, ['--expose-gc', join(folder, file)], 170_000);
          if (code === 77) {
            console.log(`      skipped: ${stdout.trim()}`);
            this.skip();
          }
          if (code !== 0) throw new Error(`${file} ended with ${String(code)}\n${stdout}${stderr}`);
        });
      }
    });
  }
});
