// SPDX-License-Identifier: MIT
//
// What /proc says of processes beside what a registry says.  A process may end between two files: then it is left out, or a fact is empty.

import * as l10n from '@vscode/l10n';
import { readlink } from 'node:fs/promises';
import { oneLine } from '../protocol/foreign';
import type { Problem, ProcessFacts } from '../protocol/model';
import type { Answer } from '../protocol/requests';
import { looks } from './budgets';
import { beginningOf, fieldsOf, isHeldUp, linesOf, memoryFile, most, type MemoryReader } from './foreign-files';
import { integer, integers } from './parameters';
import type { UnderWay } from './under-way';

const mostAtOnce = 4096;
/** Files that are open at one time. */
const side = 32;
/** USER_HZ, which is 100 on every processor that Linux tells it to programs on. */
const ticksPerSecond = 100;

export async function factsOf(addon: MemoryReader, pids: unknown, underWay: UnderWay): Promise<Answer<ProcessFacts[]>> {
  const asked = [...new Set(integers(pids, 'pids', mostAtOnce))];
  for (const pid of asked) integer(pid, 'pid', 1, 2 ** 31 - 1);
  const [users, bootMs, own] = await Promise.all([userNames(), bootTime(), text('/proc/self/cgroup')]);
  const commands = new Commands(addon);
  const facts: (ProcessFacts | undefined)[] = [];
  for (let at = 0; at < asked.length; at += side) {
    const some = asked.slice(at, at + side);
    const read = async () => {
      const lines = await commands.of(some);
      return Promise.all(some.map((pid) => factsOfOne(pid, lines.get(pid) ?? '', { users, bootMs, own })));
    };
    facts.push(...(await underWay.during({ method: 'peermap/facts', pids: some }, read)));
  }
  return { value: facts.filter((each) => each !== undefined), problems: commands.problems };
}

/** Command lines, one after the other and in a time for all: each may have to be waited for. */
class Commands {
  private readonly until = performance.now() + looks.ms;
  private readonly heldUp: number[] = [];

  constructor(private readonly addon: MemoryReader) {}

  async of(pids: readonly number[]): Promise<Map<number, string>> {
    const lines = new Map<number, string>();
    for (const pid of pids) lines.set(pid, await this.ofOne(pid));
    return lines;
  }

  private async ofOne(pid: number): Promise<string> {
    const left = Math.ceil(this.until - performance.now());
    try {
      if (left > 0) return (await memoryFile(this.addon, pid, 'cmdline', { limit: most.line, withinMs: left })).toString('utf8');
      this.heldUp.push(pid);
    } catch (error) {
      if (isHeldUp(error)) this.heldUp.push(pid);
    }
    return '';
  }

  get problems(): Problem[] {
    const [first] = this.heldUp;
    if (first === undefined) return [];
    const text = l10n.t(
      'The command lines of {0} processes are left out, {1} for one: their memory is held up, as that of a process is which is stuck in the kernel, on a file system that does not answer; or asking all took too long.',
      this.heldUp.length,
      first,
    );
    return [{ code: 'left-out', where: `/proc/${first}/cmdline`, text }];
  }
}

interface Machine {
  users: ReadonlyMap<number, string>;
  bootMs: number;
  /** Our own control groups. */
  own: string;
}

async function factsOfOne(pid: number, commandLine: string, { users, bootMs, own }: Machine): Promise<ProcessFacts | undefined> {
  const at = (file: string) => `/proc/${pid}/${file}`;
  const [status, stat, cgroup, executable] = await Promise.all([
    fieldsOf(at('status'), ['Uid', 'NSpid', 'TracerPid', 'Threads'], most.status),
    text(at('stat')),
    text(at('cgroup')),
    readlink(at('exe')).catch(() => ''),
  ]);
  const { Uid, NSpid = '', TracerPid, Threads } = status;
  if (Uid === undefined) return undefined;
  const uid = Number(Uid.split('\t')[0]);
  const inner = NSpid.split('\t').map(Number);
  const tracer = Number(TracerPid);
  // The name in parentheses may hold anything, so the fields are counted from the last one.
  const started = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? 0);
  const container = cgroup === own ? undefined : containerOf(cgroup);
  const containerPid = inner.length > 1 ? inner.at(-1) : undefined;
  return {
    pid,
    ...(containerPid === undefined ? {} : { containerPid }),
    user: users.get(uid) ?? String(uid),
    uid,
    executable: oneLine(executable, most.line),
    commandLine: oneLine(commandLine.replace(/\0/g, ' ').trim(), most.line),
    startedAtMs: Math.round(bootMs + (started * 1000) / ticksPerSecond),
    threads: Number(Threads),
    ...(tracer > 0 ? { tracer: { pid: tracer, command: oneLine((await text(`/proc/${tracer}/comm`)).trim()) } } : {}),
    ...(container === undefined ? {} : { container }),
  };
}

/** The engines put the container's number, 64 digits of it, into the name of the control group. */
export function containerOf(cgroup: string): string | undefined {
  const numbered = /(docker|libpod|crio|cri-containerd|containerd)[-/:](?:conmon-)?([0-9a-f]{12})[0-9a-f]{52}/.exec(cgroup);
  if (numbered) return `${numbered[1] === 'libpod' ? 'podman' : numbered[1]} ${numbered[2]}`;
  const pod = /kubepods.*[/-]([0-9a-f]{12})[0-9a-f]{52}/.exec(cgroup);
  if (pod) return `kubernetes ${pod[1]}`;
  const named = /\/(?:lxc(?:\.payload)?|machine\.slice)[./]([\w.-]+)/.exec(cgroup);
  return named?.[1];
}

async function userNames(): Promise<Map<number, string>> {
  const lines = (await beginningOf('/etc/passwd', most.list)).split('\n').map((line) => line.split(':'));
  return new Map(lines.flatMap(([name, , uid]) => (name && uid ? [[Number(uid), name] as const] : [])).reverse());
}

async function bootTime(): Promise<number> {
  // After a line for each processor, and one that has a number for each interrupt.
  try {
    for await (const line of linesOf('/proc/stat', most.list)) {
      const found = /^btime (\d+)$/.exec(line);
      if (found) return Number(found[1]) * 1000;
    }
  } catch {
    // As if it did not say.
  }
  return 0;
}

function text(file: string): Promise<string> {
  return beginningOf(file, most.facts);
}
