// SPDX-License-Identifier: MIT
//
// What gdb is given and what it can do: as the system tells it of the process (/proc/PID), and by files that would have it open others, take all memory,
// or ask the network.

import * as assert from 'node:assert/strict';
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { debuggers, structures } from '../../extension/server/budgets';
import { withDebugInformation, type OpenFile } from '../../extension/server/debug-files';
import { atExit } from '../at-exit';
import { cleanUp, Peer, root, testSegment, until } from '../peers/drive';
import { Client } from './client';
import { needsGdb } from './gdb';

const nobody = 65_534;
const source = `
#include <dirent.h>
#include <fcntl.h>
#include <peermap.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
struct apart { int first; long second; };
int main(int argc, char **argv)
{
    peermap_options options = { .struct_size = sizeof options, .peer_name = "program" };
    peermap_segment *segment;
    if (argc < 2 || peermap_create(argv[1], &options, &segment) != 0)
        return 1;
    struct apart *apart = peermap_base(segment);
    *apart = (struct apart){ 41, 42 };
    peermap_set_root(segment, "apart", apart, sizeof *apart, "struct apart");
    puts("ready");
    fflush(stdout);
    for (;;)
        pause();
}
`;

describe('the debugger that reads types', function () {
  this.timeout(180_000);
  let folder: string;
  let segment: string;
  const started: ChildProcess[] = [];
  /** In gdb's place: a server that is killed does not end them. */
  const waiting: number[] = [];

  before(function () {
    needsGdb(this);
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'peermap-debuggers-'));
    fs.chmodSync(folder, 0o755);
    fs.writeFileSync(path.join(folder, 'program.c'), source);
  });
  after(() => folder && fs.rmSync(folder, { recursive: true, force: true }));
  beforeEach(() => (segment = testSegment()));
  afterEach(async () => {
    for (const pid of waiting.splice(0)) process.kill(pid, 'SIGKILL');
    await Client.endAll();
    for (const each of started.splice(0)) each.kill('SIGKILL');
    await cleanUp();
  });

  function build(name: string, ...flags: string[]): string {
    const program = path.join(folder, name);
    const uses = [`-I${path.join(root, 'native/include')}`, path.join(folder, 'program.c')];
    execFileSync(
      'cc',
      ['-std=gnu11', ...flags, ...uses, path.join(root, 'build/native/libpeermap.a'), '-pthread', '-o', program],
      {
        cwd: folder,
      },
    );
    return program;
  }

  async function run(program: string, uid?: number): Promise<void> {
    const child = spawn(program, [segment], {
      stdio: ['ignore', 'pipe', 'inherit'],
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    started.push(child);
    atExit(() => child.kill('SIGKILL'));
    await once(child.stdout, 'data');
  }

  /** In its place, something that only waits: it has all that gdb would have. */
  async function asStarted(env: NodeJS.ProcessEnv): Promise<number> {
    const tools = fs.mkdtempSync(path.join(folder, 'tools-'));
    const note = path.join(tools, 'pid');
    fs.writeFileSync(path.join(tools, 'gdb'), `#!/bin/sh\necho $$ > ${note}\nexec /bin/sleep 1000\n`, { mode: 0o755 });
    const client = await Client.start({ env: { ...env, PATH: tools } });
    client.request('peermap/structure', { segment, root: 'apart' }).catch(() => undefined);
    await until(() => fs.existsSync(note) && fs.readFileSync(note, 'utf8').endsWith('\n'), 'gdb');
    const pid = Number(fs.readFileSync(note, 'utf8'));
    waiting.push(pid);
    await until(() => fs.readlinkSync(`/proc/${pid}/exe`).includes('sleep'), 'it to be alone');
    return pid;
  }

  async function answer(env: NodeJS.ProcessEnv = process.env) {
    const client = await Client.start({ env });
    return client.request('peermap/structure', { segment, root: 'apart' });
  }

  it('has limits from before it begins, no environment of the person, and one file of others', async () => {
    const program = build('plain', '-g');
    await run(program);
    const secret = {
      HOME: '/home/somebody',
      DEBUGINFOD_URLS: 'http://127.0.0.1:9',
      PYTHONPATH: folder,
      GDBHISTFILE: 'x',
      TOKEN: 'secret',
    };
    const pid = await asStarted({ ...process.env, ...secret });
    const limits = fs.readFileSync(`/proc/${pid}/limits`, 'utf8');
    const limitOf = (name: string) => Number(new RegExp(`^${name} +(\\d+)`, 'm').exec(limits)?.[1]);
    assert.equal(limitOf('Max address space'), Math.floor(debuggers.memoryBytes / 1024) * 1024);
    assert.equal(limitOf('Max cpu time'), debuggers.processorSeconds);
    assert.equal(limitOf('Max core file size'), 0);
    const environment = fs
      .readFileSync(`/proc/${pid}/environ`, 'utf8')
      .split('\0')
      .filter((each) => each !== '');
    const names = environment.map((each) => each.split('=')[0]);
    for (const name of Object.keys(secret)) if (name !== 'HOME') assert.ok(!names.includes(name), name);
    const home = environment.find((each) => each.startsWith('HOME='))?.slice('HOME='.length);
    assert.ok(home !== undefined && !fs.existsSync(home), home);
    const files = fs.readdirSync(`/proc/${pid}/fd`).map((number) => fs.readlinkSync(`/proc/${pid}/fd/${number}`));
    assert.deepEqual(
      files.filter((file) => file.startsWith('/') && file !== '/dev/null'),
      [program],
    );
  });

  it('asks nothing of the network, whatever the environment says', async () => {
    let asked = 0;
    const server = http.createServer((_, response) => {
      asked += 1;
      response.writeHead(404).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      await run(build('with-build-id', '-g', '-Wl,--build-id'));
      const { value } = await answer({ ...process.env, DEBUGINFOD_URLS: `http://127.0.0.1:${port}` });
      assert.equal(value?.fields[0]?.value, '41');
      assert.equal(asked, 0);
    } finally {
      server.close();
    }
  });

  it('opens other files that a program names for a program of ones own, and none for one of another user', async function () {
    if (process.getuid?.() !== 0) {
      console.log('      only root can start a program of another user');
      this.skip();
    }
    const program = build('split', '-g', '-gsplit-dwarf');
    await run(program);
    const own = await answer();
    assert.deepEqual(own.problems, []);
    assert.equal(own.value?.fields[1]?.value, '42');
    started.splice(0).forEach((child) => child.kill('SIGKILL'));
    segment = testSegment();
    await run(program, nobody);
    const foreign = await answer();
    assert.equal(foreign.value, null);
    assert.deepEqual(
      foreign.problems.map(({ code, where }) => [code, where]),
      [['left-out', program]],
    );
    // What is in the file itself is read.
    started.splice(0).forEach((child) => child.kill('SIGKILL'));
    segment = testSegment();
    await run(build('whole', '-g'), nobody);
    assert.equal((await answer()).value?.fields[1]?.value, '42');
  });

  it('is left without memory by a program whose debug information would take more than it may have', async () => {
    const program = build('bomb', '-g', '-gz=zlib');
    claimSize(program, debuggers.memoryBytes - (64 << 20));
    // It believes what is at most ten times as long as the file: that is a hole.
    fs.truncateSync(program, debuggers.memoryBytes / 4);
    await run(program);
    const { value, problems } = await answer();
    assert.equal(value, null);
    assert.match(
      problems.map(({ code, text }) => `${code}: ${text}`).join(),
      /^left-out: gdb could not read all of .*bomb: it is damaged, or takes more than the .* of memory/,
    );
  });

  /** A gdb that writes each of its starts into `note`. */
  function counted(): { env: NodeJS.ProcessEnv; starts: () => number } {
    const tools = fs.mkdtempSync(path.join(folder, 'tools-'));
    const note = path.join(tools, 'starts');
    const gdb = execFileSync('which', ['gdb'], { encoding: 'utf8' }).trim();
    fs.writeFileSync(path.join(tools, 'gdb'), `#!/bin/sh\necho start >> ${note}\nexec ${gdb} "$@"\n`, { mode: 0o755 });
    const env = { ...process.env, PATH: `${tools}:${process.env['PATH'] ?? ''}` };
    return { env, starts: () => fs.readFileSync(note, 'utf8').split('\n').length - 1 };
  }

  it('reads a file apart anew when that is another one', async () => {
    const program = build('linked', '-g');
    const debug = path.join(folder, 'linked.debug');
    execFileSync('objcopy', ['--only-keep-debug', program, debug]);
    execFileSync('objcopy', ['--strip-debug', `--add-gnu-debuglink=${debug}`, program]);
    await run(program);
    const { env, starts } = counted();
    const client = await Client.start({ env });
    const ask = async () => (await client.request('peermap/structure', { segment, root: 'apart' })).value?.fields[0]?.value;
    assert.equal(await ask(), '41');
    const first = starts();
    assert.equal(await ask(), '41');
    assert.equal(starts(), first);
    fs.copyFileSync(debug, `${debug}.new`);
    fs.renameSync(`${debug}.new`, debug);
    assert.equal(await ask(), '41');
    assert.ok(starts() > first);
  });

  it('keeps so many bytes of what it was told, and asks anew for what had to go', async () => {
    await run(build('kept', '-g'));
    const tools = fs.mkdtempSync(path.join(folder, 'tools-'));
    const note = path.join(tools, 'starts');
    const pad = 6 << 20;
    const told = `{"reader": "it", "root": 0, "types": [{"name": "t", "size": 8, "kind": "int"}], "pad": "`;
    fs.writeFileSync(path.join(tools, 'pad'), `${told}${'x'.repeat(pad)}"}`);
    fs.writeFileSync(
      path.join(tools, 'gdb'),
      `#!/bin/sh\necho "$PEERMAP_TYPE" >> ${note}\nexec /bin/cat ${path.join(tools, 'pad')} >&4\n`,
      { mode: 0o755 },
    );
    const writer = await Peer.start(segment, 'writer', 'relocatable');
    const count = Math.ceil(structures.kept.bytes / pad) + 1;
    for (let at = 0; at < count; at += 1) await writer.ask(`root r${at} 0 8 type${at}`);
    const client = await Client.start({ env: { ...process.env, PATH: `${tools}:${process.env['PATH'] ?? ''}` } });
    const ask = async (at: number) => {
      const { value } = await client.request('peermap/structure', { segment, root: `r${at}` });
      assert.equal(value?.source.reader, 'it');
    };
    for (let at = 0; at < count; at += 1) await ask(at);
    await ask(count - 1);
    await ask(0);
    const starts = fs.readFileSync(note, 'utf8').trim().split('\n');
    assert.deepEqual(starts, [...Array.from({ length: count }, (_, at) => `type${at}`), 'type0']);
  });

  it('is not believed where what it answers is no description, as when a file of others has got the better of it', async () => {
    const tools = fs.mkdtempSync(path.join(folder, 'tools-'));
    const told = path.join(tools, 'told');
    fs.writeFileSync(path.join(tools, 'gdb'), `#!/bin/sh\nexec /bin/cat ${told} >&4\n`, { mode: 0o755 });
    const client = await Client.start({ env: { ...process.env, PATH: `${tools}:${process.env['PATH'] ?? ''}` } });
    const int = { name: 'int', size: 4, kind: 'int' };
    const root = (...fields: object[]) => ({ name: 's', size: 16, kind: 'struct', fields });
    const first = { name: 'first', type: 1, bit: 0 };
    const types = [
      [root({ ...first, name: {} }), int],
      [root({ ...first, name: 'x'.repeat(7 << 20) }), int],
      [root({ ...first, bit: 0.5 }), int],
      [root({ ...first, bits: 1e308 }), int],
      [root(first), { ...int, kind: 'enum', names: [['A', '9'.repeat(7 << 20)]] }],
      [root(first), { ...int, kind: 'enum', names: [['A', 'none']] }],
      [{ ...root(), fields: { length: 1e9 } }],
      [{ ...root(), name: null }],
    ].map((each) => JSON.stringify({ reader: 'it', root: 0, types: each }));
    const good = JSON.stringify({ reader: 'it', root: 0, types: [root(first), int] });
    const all = [...types, '5', '[]', '{}', '['.repeat(4 << 20), '{"types": null, "root": 0, "reader": "it"}', good];
    const described = build('answers', '-g');
    for (const [at, text] of all.entries()) {
      segment = testSegment();
      const program = path.join(folder, `answers-${at}`);
      fs.copyFileSync(described, program);
      await run(program);
      fs.writeFileSync(told, text);
      const { value, problems } = await client.request('peermap/structure', { segment, root: 'apart' });
      if (text === good) assert.equal(value?.fields[0]?.value, '41');
      else assert.match(problems.map((each) => each.text).join(), /what it answers makes no sense/, text.slice(0, 200));
      started.splice(0).forEach((child) => child.kill('SIGKILL'));
    }
  });

  it('is given a file apart by the names that the process has for it, if it is the one that was meant', async () => {
    const program = build('apart', '-g', '-Wl,--build-id=none');
    const debug = path.join(folder, 'apart.debug');
    execFileSync('objcopy', ['--only-keep-debug', program, debug]);
    const other = build('other', '-g', '-DOTHER', '-Wl,--build-id=none');
    execFileSync('objcopy', ['--strip-debug', `--add-gnu-debuglink=${debug}`, program]);
    const file = opened(program);
    const given: OpenFile[] = [];
    const asked: string[] = [];
    const inside = (files: Record<string, string>) => (name: string) => {
      asked.push(name);
      const found = files[name];
      if (found === undefined) return undefined;
      given.push(opened(found));
      return given.at(-1);
    };
    const apart = (files: Record<string, string>) => withDebugInformation(file, '/bin/apart', inside(files), Infinity);
    // In a container it is called otherwise: the file beside it here is never opened.
    assert.equal(await apart({}), undefined);
    assert.deepEqual(asked, ['/bin/apart.debug', '/bin/.debug/apart.debug', '/usr/lib/debug/bin/apart.debug']);
    assert.equal(await apart({ '/bin/apart.debug': other }), undefined);
    const found = await apart({ '/bin/.debug/apart.debug': debug });
    assert.equal(found, given.at(-1));
    // Where there is no time to compare it, it is not taken for the one that was meant.
    assert.equal(
      await withDebugInformation(file, '/bin/apart', inside({ '/bin/apart.debug': debug }), performance.now()),
      undefined,
    );
    for (const each of [file, found]) each?.close();
  });

  it('opens no other file for a program of ones own that is in a file of another user', async function () {
    if (process.getuid?.() !== 0) {
      console.log('      only root can give a file to another user');
      this.skip();
    }
    const program = build('given', '-g', '-gsplit-dwarf');
    fs.chownSync(program, nobody, nobody);
    await run(program);
    const { value, problems } = await answer();
    assert.equal(value, null);
    assert.deepEqual(
      problems.map(({ code, where }) => [code, where]),
      [['left-out', program]],
    );
  });

  it('is not taken for one without Python because the debug information has its words', async function () {
    if (process.getuid?.() !== 0) {
      console.log('      only root can start a program of another user');
      this.skip();
    }
    const program = build('words', '-g', '-gsplit-dwarf', '-dumpbase', 'Python scripting is not supported MemoryError');
    await run(program, nobody);
    const { value, problems } = await answer();
    assert.equal(value, null);
    assert.deepEqual(
      problems.map(({ where }) => where),
      [program],
    );
  });

  it('answers, and goes on, whatever circles the types of debug information lead in', async () => {
    await ends({
      'array of itself': circle('.uleb128 6\n.long x0 - unit', ''),
      'constant of itself': circle('.uleb128 7\n.long x0 - unit', ''),
      'pointer to itself': circle('.uleb128 8\n.long x0 - unit', ''),
      'struct of itself': circle('', 'apart'),
      'parts that take each other in': circle('.uleb128 9\n.long parts', ''),
    });
  });

  it('answers, and goes on, whatever an index of debug information says', async () => {
    const good = build('indexed', '-g');
    const words = (...numbers: number[]) => Buffer.from(Uint32Array.from(numbers).buffer);
    const indexes: [string, Buffer][] = [
      ['.gdb_index', words(8, 0x7fffffff, 0x7ffffff0, 0xffffffff, 0xfffffff0, 0x80000000)],
      ['.debug_names', Buffer.concat([words(400, 5, 1, 0, 0, 1, 0x3fffffff, 0, 0), Buffer.alloc(400)])],
      ['.debug_names', words(36, 5, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0)],
    ];
    const client = await Client.start();
    for (const [at, [section, bytes]] of indexes.entries()) {
      const index = path.join(folder, `index-${at}`);
      fs.writeFileSync(index, bytes);
      execFileSync('objcopy', ['--add-section', `${section}=${index}`, good, `${good}-${at}`]);
      await endsFor(client, `${good}-${at}`);
    }
  });

  async function ends(units: Record<string, string>): Promise<void> {
    const client = await Client.start();
    for (const [at, [what, unit]] of Object.entries(units).entries()) {
      const source = path.join(folder, `circle-${at}.s`);
      fs.writeFileSync(source, unit);
      await endsFor(client, build(`circle-${at}`, '-g0', source), what);
    }
  }

  async function endsFor(client: Client, program: string, what = program): Promise<void> {
    segment = testSegment();
    await run(program);
    const { value, problems } = await client.request('peermap/structure', { segment, root: 'apart' });
    assert.ok(value !== null || problems.length > 0, what);
    assert.ok((await client.request('peermap/list', {})).value, what);
    const status = fs.readFileSync(`/proc/${client.pid}/status`, 'latin1');
    assert.ok(Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1]) * 1024 < 512 << 20, what);
    started.splice(0).forEach((child) => child.kill('SIGKILL'));
  }

  it('gives the beginning of a name that is longer than anybody reads', async () => {
    await run(build('long', '-g', `-Dfirst=${'x'.repeat(100_000)}`));
    const { value } = await answer();
    assert.equal(value?.fields[0]?.value, '41');
    assert.match(value.fields[0].name, /^x{1000}…$/);
  });

  it('is not waited for where it does not end', async () => {
    await run(build('endless', '-g', '-static'));
    const tools = fs.mkdtempSync(path.join(folder, 'tools-'));
    const note = path.join(tools, 'pids');
    // Its answer stays open when it has been killed.
    const endless = `#!/bin/sh\nsleep 1000 &\necho $! >> ${note}\nexec sleep 1000\n`;
    fs.writeFileSync(path.join(tools, 'gdb'), endless, { mode: 0o755 });
    const { problems } = await answer({ ...process.env, PATH: `${tools}:${process.env['PATH'] ?? ''}` });
    waiting.push(...fs.readFileSync(note, 'utf8').trim().split('\n').map(Number));
    assert.ok(
      problems.some(({ text }) => /^gdb has not read .*endless within \d+ seconds/.test(text)),
      problems.map(({ text }) => text).join(),
    );
  });

  it('is not looked for beyond a bound of time, however long the files are that libraries name', async () => {
    const maps = path.join(folder, 'maps');
    fs.writeFileSync(`${maps}.c`, source.replace('peermap_segment *segment;', mapping));
    execFileSync('cc', [
      ...['-std=gnu11', `-I${path.join(root, 'native/include')}`, `${maps}.c`],
      ...[path.join(root, 'build/native/libpeermap.a'), '-pthread', '-o', maps],
    ]);
    fs.writeFileSync(`${maps}.library.c`, 'int library;');
    execFileSync('cc', ['-g', '-shared', '-Wl,--build-id=none', `${maps}.library.c`, '-o', `${maps}.so`]);
    execFileSync('objcopy', ['--only-keep-debug', `${maps}.so`, `${maps}.debug`]);
    execFileSync('objcopy', ['--strip-debug', `--add-gnu-debuglink=${maps}.debug`, `${maps}.so`]);
    // Its checksum is another one now, which takes as long to know as it is long.
    fs.appendFileSync(`${maps}.debug`, 'x');
    fs.truncateSync(`${maps}.debug`, structures.checkedBytes - 1);
    const libraries = path.join(folder, 'libraries');
    fs.mkdirSync(libraries);
    fs.renameSync(`${maps}.debug`, path.join(libraries, 'maps.debug'));
    const library = fs.readFileSync(`${maps}.so`);
    for (let at = 0; at < 200; at += 1) fs.writeFileSync(path.join(libraries, String(at)), library);
    const child = spawn(maps, [segment, libraries], { stdio: ['ignore', 'pipe', 'inherit'] });
    started.push(child);
    atExit(() => child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    const { value, problems } = await answer();
    assert.equal(value, null);
    assert.match(problems[0]?.text ?? '', /^None of the files .* Finding .* takes more than \d+ seconds/);
  });
});

/** All files of the folder that it is given, as libraries. */
const mapping = `
    peermap_segment *segment;
    DIR *folder = opendir(argv[2]);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        int fd = openat(dirfd(folder), entry->d_name, O_RDONLY);
        mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
        close(fd);
    }
`;

function opened(file: string): OpenFile {
  const descriptor = fs.openSync(file, 'r');
  const read = (offset: number, length: number) => {
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, fs.readSync(descriptor, bytes, 0, length, offset));
  };
  return { read, close: () => fs.closeSync(descriptor) };
}

/** Has a compressed .debug_info say that it is so long. */
function claimSize(program: string, length: number): void {
  const bytes = fs.readFileSync(program);
  const table = Number(bytes.readBigUInt64LE(40));
  const section = (index: number) => table + index * 64;
  const names = Number(bytes.readBigUInt64LE(section(bytes.readUInt16LE(62)) + 24));
  const all = Array.from({ length: bytes.readUInt16LE(60) }, (_, index) => section(index));
  const at = all.find((each) => bytes.toString('latin1', names + bytes.readUInt32LE(each)).startsWith('.debug_info\0'));
  assert.ok(at);
  // Its header: the kind of compression, nothing, then the length.
  bytes.writeBigUInt64LE(BigInt(length), Number(bytes.readBigUInt64LE(at + 24)) + 8);
  fs.writeFileSync(program, bytes);
}

/** Debug information of `struct apart` with one member, of the type `x` or of the one that is named; `x` is as it is written here. */
function circle(x: string, member: string): string {
  const abbreviations = [
    [1, 0x11, 1, 0x03, 0x08, 0x13, 0x0b],
    [2, 0x13, 1, 0x03, 0x08, 0x0b, 0x0b],
    [3, 0x0d, 0, 0x03, 0x08, 0x49, 0x13, 0x38, 0x0b],
    [6, 0x01, 0, 0x49, 0x13],
    [7, 0x26, 0, 0x49, 0x13],
    [8, 0x0f, 0, 0x49, 0x13],
    [9, 0x3d, 0, 0x18, 0x10],
    [10, 0x3c, 1, 0x03, 0x08],
  ].map((each) => `.byte ${each.join(',')},0,0`);
  const unit = (name: string, ...lines: string[]) => [
    `${name}: .long ${name}_end - . - 4`,
    '.short 4\n.long abbreviations\n.byte 8',
    ...lines,
    `${name}_end:`,
  ];
  return [
    '.section .note.GNU-stack,"",@progbits\n.section .debug_info,"",@progbits\ninfo:',
    ...unit(
      'unit',
      '.byte 1\n.asciz "x.c"\n.byte 12',
      `x0: ${x}`,
      'apart: .byte 2\n.asciz "apart"\n.byte 16',
      `.byte 3\n.asciz "first"\n.long ${member === '' ? 'x0' : member} - unit\n.byte 0\n.byte 0, 0`,
    ),
    ...unit('part', 'parts: .byte 10\n.asciz "p"', '.byte 9\n.long parts', '.byte 0'),
    '.section .debug_abbrev,"",@progbits\nabbreviations:',
    ...abbreviations,
    '.byte 0\n',
  ].join('\n');
}
