// SPDX-License-Identifier: MIT
//
// Roots as structs, by the real gdb, from real programs: shapes.c, and table.cc in a library of its.  How bytes are decoded is tested
// in extension-unit/decode.test.ts; here, that what is decoded is what the program has.

import * as assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import * as readline from 'node:readline';
import type { Structure, StructureField } from '../../extension/protocol/model';
import { atExit } from '../at-exit';
import { cleanUp, objectOf, root, testSegment, until } from '../peers/drive';
import { Client } from './client';
import { needsGdb } from './gdb';

function build(folder: string, flags: string[]): string {
  const source = (name: string) => path.join(root, 'test/server', name);
  const library = path.join(folder, 'libtable.so');
  const program = path.join(folder, 'shapes');
  execFileSync('c++', ['-std=c++17', '-g', '-shared', '-fPIC', source('table.cc'), '-o', library]);
  const uses = [path.join(root, 'build/native/libpeermap.a'), library, '-ldl', `-Wl,-rpath,${folder}`];
  const include = `-I${path.join(root, 'native/include')}`;
  execFileSync('cc', ['-std=gnu11', '-pthread', ...flags, include, source('shapes.c'), ...uses, '-o', program]);
  return program;
}

/** The field at "points.[1].x". */
function at(structure: Structure, where: string): StructureField {
  let fields: StructureField[] | undefined = structure.fields;
  let field: StructureField | undefined;
  for (const name of where.split('.')) {
    field = fields?.find((one) => one.name === name);
    fields = field?.fields;
  }
  if (!field) throw new Error(`there is no ${where}`);
  return field;
}

function count(fields: StructureField[]): number {
  return fields.reduce((sum, field) => sum + 1 + count(field.fields ?? []), 0);
}

describe('roots as structs', function () {
  this.timeout(180_000);
  let folder: string;
  let bareFolder: string;
  let segment: string;
  let program: ChildProcess | undefined;
  let lines: readline.Interface;

  before(function () {
    needsGdb(this);
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'peermap-shapes-'));
    bareFolder = fs.mkdtempSync(path.join(os.tmpdir(), 'peermap-bare-'));
    build(folder, ['-g']);
    build(bareFolder, ['-g0']);
    execFileSync('strip', ['--strip-debug', path.join(bareFolder, 'shapes'), path.join(bareFolder, 'libtable.so')]);
  });
  after(() => {
    for (const made of [folder, bareFolder]) if (made) fs.rmSync(made, { recursive: true, force: true });
  });

  beforeEach(() => (segment = testSegment()));
  afterEach(async () => {
    await Client.endAll();
    program?.kill('SIGKILL');
    await cleanUp();
  });

  async function run(from: string, name = 'shapes'): Promise<void> {
    const child = spawn(path.join(from, name), [segment], { stdio: ['pipe', 'pipe', 'inherit'] });
    atExit(() => child.kill('SIGKILL'));
    program = child;
    lines = readline.createInterface({ input: child.stdout });
    await said('ready');
  }

  function said(word: string): Promise<void> {
    return new Promise((resolve, reject) => {
      lines.once('line', (line) => (line === word ? resolve() : reject(new Error(line))));
      program?.once('exit', () => reject(new Error('the program ended')));
    });
  }

  async function structure(client: Client, name: string): Promise<Structure> {
    const { value, problems } = await client.request('peermap/structure', { segment, root: name });
    assert.deepEqual(problems, []);
    assert.ok(value);
    return value;
  }

  async function problemOf(client: Client, name: string): Promise<{ code: string; where: string; text: string }> {
    const { value, problems } = await client.request('peermap/structure', { segment, root: name });
    assert.equal(value, null);
    assert.equal(problems.length, 1, JSON.stringify(problems));
    return problems[0] ?? assert.fail();
  }

  describe('of a program with debug information', () => {
    it('shows every kind of field with the value that the program gave it', async () => {
      await run(folder);
      const shapes = await structure(await Client.start(), 'shapes');
      assert.equal(shapes.type, 'struct shapes');
      assert.equal(shapes.offset, 64);
      assert.equal(shapes.source.file, path.join(folder, 'shapes'));
      assert.match(shapes.source.reader, /^gdb \d+/);
      const values = Object.fromEntries(
        ['count', 'negative', 'yes', 'letter', 'low', 'middle', 'below', 'color', 'strange', 'access', 'third', 'half', 'wide']
          .concat([
            'points.[1].x',
            'points.[2].y',
            'matrix.[1].[0]',
            'squares.[15]',
            'number.real',
            'number.bits',
            'name',
            'full',
          ])
          .concat(['(anonymous).inner', 'text', 'none'])
          .map((where) => [where, at(shapes, where).value]),
      );
      assert.deepEqual(values, {
        count: '41',
        negative: '-7',
        yes: 'true',
        letter: "113 'q'",
        low: '5',
        middle: '300',
        below: '-3',
        color: 'BLUE',
        strange: '77',
        access: 'READ | RUN',
        third: '0.1',
        half: '-0.5',
        wide: '-1',
        'points.[1].x': '2',
        'points.[2].y': '-3',
        'matrix.[1].[0]': '3',
        'squares.[15]': '225',
        'number.real': '1',
        'number.bits': String(0x3f800000),
        name: '"quotes"',
        full: '"full"',
        '(anonymous).inner': '9',
        text: '"grüß \\"you\\"\\n\\x1b[31m"',
        none: '0x0',
      });
      assert.equal(at(shapes, 'middle').type, 'unsigned int : 9');
      assert.equal(at(shapes, 'points.[1]').offset, at(shapes, 'points').offset + 4);
    });

    it('shows the first elements of a long array, and how many it left out', async () => {
      await run(folder);
      const shapes = await structure(await Client.start(), 'shapes');
      assert.equal(at(shapes, 'squares').fields?.length, 16);
      assert.equal(at(shapes, 'squares').omitted, 4);
    });

    it('follows pointers into the segment once around a ring, and shows others as addresses', async () => {
      await run(folder);
      const shapes = await structure(await Client.start(), 'shapes');
      assert.equal(at(shapes, 'ring').target, 4096);
      assert.equal(at(shapes, 'ring.next.next.value').value, '102');
      const back = at(shapes, 'ring.next.next.next');
      assert.deepEqual([back.target, back.fields, back.omitted], [4096, undefined, undefined]);
      assert.deepEqual([at(shapes, 'self').target, at(shapes, 'self').fields], [64, undefined]);
      assert.equal(at(shapes, 'anything').target, 8192);
      for (const elsewhere of ['outside', 'call']) {
        assert.match(at(shapes, elsewhere).value, /^0x[0-9a-f]{6,}$/);
        assert.equal(at(shapes, elsewhere).target, undefined);
      }
      assert.match(at(shapes, 'unending').value, /^"x{64}"…$/);
    });

    it('goes three pointers deep, and no more than 400 fields wide', async () => {
      await run(folder);
      const client = await Client.start();
      const deep = await structure(client, 'deep');
      assert.equal(at(deep, 'down.down.down.level').value, '3');
      assert.deepEqual([at(deep, 'down.down.down.down').fields, at(deep, 'down.down.down.down').omitted], [undefined, 2]);
      const broad = await structure(client, 'broad');
      assert.equal(count(broad.fields), 400);
    });

    it('shows the value of now each time, from what it read of the type the first time', async () => {
      await run(folder);
      const client = await Client.start();
      assert.equal(at(await structure(client, 'shapes'), 'count').value, '41');
      program?.stdin?.write('\n');
      await said('ok');
      assert.equal(at(await structure(client, 'shapes'), 'count').value, '42');
    });

    it('finds a type without its keyword, and pointers to and arrays of types', async () => {
      await run(folder);
      const client = await Client.start();
      assert.equal(at(await structure(client, 'bare'), 'count').value, '41');
      assert.equal(at(await structure(client, 'squares'), '[3]').value, '9');
      assert.equal(at(await structure(client, 'pointer'), '*.value').value, '100');
    });

    it('finds a type of C++ in the library that has it: base classes, atomics, scoped enums, templates, references', async () => {
      await run(folder);
      const table = await structure(await Client.start(), 'table');
      assert.equal(table.source.file, path.join(folder, 'libtable.so'));
      assert.deepEqual(
        table.fields.map(({ name, value, target }) => [name, value === '' || target === undefined ? value : 'address', target]),
        [
          ['ns::counted', '', undefined],
          ['rows', '12', undefined],
          ['next', 'address', 49152],
          ['closed', 'true', undefined],
          ['is', 'filled', undefined],
          ['boxed', '', undefined],
          ['first', 'address', 49152],
        ],
      );
      assert.equal(at(table, 'ns::counted.uses').value, '3');
      assert.equal(at(table, 'boxed.held').value, '-5');
      assert.equal(at(table, 'first.*').value, '3');
    });

    it('says when a root has another size than its type, and when it goes past the end', async () => {
      await run(folder);
      const client = await Client.start();
      const larger = await client.request('peermap/structure', { segment, root: 'larger' });
      assert.equal(larger.value?.size, 16);
      assert.deepEqual(
        larger.problems.map(({ code, where }) => [code, where]),
        [['bad-root', 'larger']],
      );
      assert.match(larger.problems[0]?.text ?? '', /24 bytes.*struct deep.*16/);
      const cut = await client.request('peermap/structure', { segment, root: 'cut' });
      assert.equal(cut.value?.fields[0]?.value, '(past the end)');
    });

    it('reads what the program really runs after its file was replaced, and says that of a library', async () => {
      const copied = fs.mkdtempSync(path.join(folder, 'copy-'));
      fs.copyFileSync(path.join(folder, 'shapes'), path.join(copied, 'shapes'));
      const library = path.join(folder, 'libtable.so');
      await run(copied);
      fs.rmSync(path.join(copied, 'shapes'));
      fs.writeFileSync(path.join(copied, 'shapes'), 'another one');
      const kept = path.join(folder, 'kept.so');
      fs.copyFileSync(library, kept);
      fs.rmSync(library);
      fs.writeFileSync(library, 'another one');
      try {
        const client = await Client.start();
        assert.equal(at(await structure(client, 'shapes'), 'count').value, '41');
        const { value, problems } = await client.request('peermap/structure', { segment, root: 'table' });
        assert.equal(value, null);
        assert.ok(problems.some(({ where, text }) => where === library && text.includes('was replaced')));
      } finally {
        fs.renameSync(kept, library);
      }
    });
  });

  it('knows what the demo that comes with the extension keeps in its index', async () => {
    const child = spawn(path.join(root, 'dist/demo/indexer'), ['--segment', segment, '--pace', '50', path.join(root, 'docs')]);
    atExit(() => child.kill('SIGKILL'));
    program = child;
    const client = await Client.start();
    const shown = await until(async () => {
      if (!fs.existsSync(objectOf(segment))) return undefined;
      return (await client.request('peermap/structure', { segment, root: 'index' })).value;
    }, 'the index');
    assert.equal(at(shown, 'magic').value, String(Buffer.from('PMPINDX1').readBigUInt64LE()));
    assert.equal(shown.source.file, path.join(root, 'dist/demo/indexer'));
  });

  describe('that cannot be had', () => {
    it('names the remedy for a program without debug information', async () => {
      await run(bareFolder);
      const { text } = await problemOf(await Client.start(), 'shapes');
      assert.equal(text, 'Compile shapes with -g: its type `struct shapes` is in no debug information.');
    });

    it('names the remedy when there is no gdb, or one without Python', async () => {
      await run(folder);
      const tools = fs.mkdtempSync(path.join(folder, 'tools-'));
      const none = await Client.start({ env: { ...process.env, PATH: tools } });
      assert.match((await problemOf(none, 'shapes')).text, /^Install gdb/);
      const line = '#!/bin/sh\necho "Python scripting is not supported in this copy of GDB." >&2\nexit 1\n';
      fs.writeFileSync(path.join(tools, 'gdb'), line, { mode: 0o755 });
      const dumb = await Client.start({ env: { ...process.env, PATH: tools } });
      assert.match((await problemOf(dumb, 'shapes')).text, /Python/);
    });

    it('says that a type is unknown, that a root has none, that nobody maps the segment, that there is no such root', async () => {
      await run(folder);
      const client = await Client.start();
      assert.match((await problemOf(client, 'unknown')).text, /describes `struct nobody`/);
      assert.equal((await problemOf(client, 'untyped')).code, 'bad-root');
      assert.equal((await problemOf(client, 'nothing')).code, 'gone');
      program?.kill('SIGKILL');
      // It lives on for as long as the signal takes.
      const problem = async () => (await client.request('peermap/structure', { segment, root: 'shapes' })).problems[0]?.code;
      await until(async () => (await problem()) === 'no-process', 'the problem that nobody maps it');
    });

    it('takes the name of a type for nothing but a name', async () => {
      await run(folder);
      const client = await Client.start();
      for (const name of ['spliced', 'command'])
        assert.match((await problemOf(client, name)).text, /No debug information of shapes/);
      for (const where of ['/', root, process.cwd()]) assert.equal(fs.existsSync(path.join(where, 'spliced')), false);
    });

    it('refuses what makes no sense', async () => {
      await run(folder);
      const client = await Client.start();
      const refused = await client.refusal('peermap/structure', { segment, root: 7 } as never);
      assert.equal(refused.code, -32602);
      fs.writeFileSync(objectOf(`${segment}-garbage`), 'no segment'.repeat(1000));
      try {
        const { value, problems } = await client.request('peermap/structure', { segment: `${segment}-garbage`, root: 'x' });
        assert.equal(value, null);
        assert.equal(problems[0]?.code, 'not-a-segment');
      } finally {
        fs.rmSync(objectOf(`${segment}-garbage`));
      }
    });

    it('ends gdb with the server', async () => {
      await run(folder);
      const tools = fs.mkdtempSync(path.join(folder, 'slow-'));
      const note = path.join(tools, 'pid');
      fs.writeFileSync(path.join(tools, 'gdb'), `#!/bin/sh\necho $$ > ${note}\nexec /bin/sleep 1000\n`, { mode: 0o755 });
      const client = await Client.start({ env: { ...process.env, PATH: tools } });
      client.request('peermap/structure', { segment, root: 'shapes' }).catch(() => undefined);
      await until(() => fs.existsSync(note) && fs.readFileSync(note, 'utf8').endsWith('\n'), 'gdb');
      const pid = Number(fs.readFileSync(note, 'utf8'));
      await client.end(() => client.process.disconnect());
      await until(() => !fs.existsSync(`/proc/${pid}`), 'the end of gdb');
    });
  });
});
