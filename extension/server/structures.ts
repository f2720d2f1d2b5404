// SPDX-License-Identifier: MIT
//
// A root as the struct that it is.
//
//     root's type --> files of the peers (program-files.ts) --> what it looks like (type-reader.ts) --> its bytes as fields (decode.ts)
//
// Only a live peer has a program to ask.  What a type looks like is read once for each file; after that, looking costs a few preads.
// The bytes may change while they are read: see decode.ts.

import * as l10n from '@vscode/l10n';
import * as path from 'node:path';
import type { Observer, Peer, Root, Snapshot } from '../../native/addon/index';
import { decode } from '../protocol/decode';
import type { Description } from '../protocol/layout';
import type { Problem, Structure } from '../protocol/model';
import { pidHere } from '../protocol/process';
import type { Answer, Requests } from '../protocol/requests';
import type { Addon } from './addon';
import { structures as budget } from './budgets';
import { toWire } from './convert';
import { programFiles, type Found } from './program-files';
import type { System } from './system';
import type { Cancellation } from './turns';
import { TypeReader, type Reading } from './type-reader';
import type { UnderWay } from './under-way';
import type { Watches } from './watches';

type Params = Requests['peermap/structure']['params'];

interface Described {
  file: string;
  description: Description;
}

export class Structures {
  private readonly types: TypeReader;

  constructor(
    private readonly addon: Addon,
    private readonly watches: Watches,
    private readonly system: System,
    private readonly underWay: UnderWay,
  ) {
    this.types = new TypeReader(underWay);
  }

  async structure(params: Params, token?: Cancellation): Promise<Answer<Structure | null>> {
    const { segment, root: name } = params;
    if (typeof segment !== 'string' || typeof name !== 'string') throw new TypeError('segment and root are text');
    const nothing = (...problems: Problem[]): Answer<null> => ({ value: null, problems: toWire(problems) });
    const before = await this.watches.snapshot(segment, token);
    if (!before.header) return nothing(...before.problems);
    const root = rootOf(before, name);
    if (!root) return nothing(rootIsGone(name));
    if (root.type === '') return nothing(untyped(name));
    const found = await this.describe(segment, await this.pidsOf(before), root, token);
    if ('problems' in found) return nothing(...found.problems);
    // A while has gone by: the root may be elsewhere, or be something else.
    const now = await this.watches.snapshot(segment, token);
    const { header } = now;
    const still = rootOf(now, name);
    if (!header || still?.type !== root.type) return nothing(rootIsGone(name));
    return this.noting(params, () => toWire(this.watches.look(segment, (observer) => shown(observer, header, still, found))));
  }

  private noting<T>({ segment, root }: Params, work: () => T): T {
    return this.underWay.during({ method: 'peermap/structure', segment, root }, work);
  }

  /** Live peers; where none can be seen, whoever maps the segment. */
  private async pidsOf(snapshot: Snapshot): Promise<number[]> {
    const alive = snapshot.peers.filter(mapsIt).flatMap((peer) => pidHere(peer) ?? []);
    const others = alive.filter((pid) => pid !== process.pid);
    if (others.length > 0) return others;
    const { value } = await this.system.processes();
    const maps = value.filter((use) => use.segments.some(({ segment }) => segment === snapshot.name));
    return maps.map((use) => use.pid).filter((pid) => pid !== process.pid);
  }

  private async describe(
    segment: string,
    pids: number[],
    root: Root,
    token?: Cancellation,
  ): Promise<Described | { problems: Problem[] }> {
    if (pids.length === 0) return { problems: [nobody(root)] };
    const search = new Search(root);
    const files = programFiles(pids, this.addon);
    // Files of others are read here; what gdb does is no danger to this process.
    const next = () => this.underWay.during({ method: 'peermap/structure', segment, root: root.name }, () => files.next());
    try {
      for (let step = await next(); step.done !== true; step = await next()) {
        const found = step.value;
        if (token?.isCancellationRequested) break;
        if (found.kind !== 'file') {
          search.passed(found);
        } else if (search.mayRead(this.types.knows(found, root.type))) {
          const reading = await this.types.read({ segment, root: root.name }, found, root.type);
          if (reading.kind === 'described') return { file: found.path, description: reading.description };
          if (reading.kind === 'failed' && reading.forAll) return { problems: [reading.problem] };
          search.read(found.path, reading);
        }
      }
    } finally {
      await files.return();
    }
    return { problems: search.problems() };
  }
}

/** What came of the files that did not describe the type. */
class Search {
  private readonly met: Problem[] = [];
  private bare: string | undefined;
  private looked: string | undefined;
  private failed = false;
  private files = 0;
  private starts = 0;
  private unread = 0;
  private more = false;
  private late = false;
  private readonly began = performance.now();

  constructor(private readonly root: Root) {}

  mayRead(known: boolean): boolean {
    const may = known || (this.starts < budget.files && performance.now() - this.began < budget.ms);
    if (!known) this.starts += 1;
    if (may) this.files += 1;
    else this.unread += 1;
    return may;
  }

  read(file: string, reading: Exclude<Reading, { kind: 'described' }>): void {
    this.looked ??= file;
    if (reading.kind === 'absent') return;
    this.met.push(reading.problem);
    this.failed = true;
  }

  passed(found: Exclude<Found, { kind: 'file' }>): void {
    if (found.kind === 'bare') this.bare ??= found.path;
    else if (found.kind === 'more') this.more = true;
    else if (found.kind === 'late') this.late = true;
    else if (
      found.kind === 'replaced' ||
      found.kind === 'unanswered' ||
      (found.kind === 'denied' && !this.met.some(({ code }) => code === 'no-access'))
    )
      this.met.push(unreadable(found));
  }

  problems(): Problem[] {
    const { root, bare, met } = this;
    const without = bare ?? this.looked;
    if (this.late) met.unshift(notAllFound(root));
    else if (this.unread > 0) met.unshift(notAllRead(root, this.files, this.unread));
    else if (this.more) met.unshift(notAllSeen(root));
    else if (without !== undefined && !this.failed) met.unshift(undescribed(root, without, bare !== undefined));
    return met;
  }
}

/** The registry says who, and the kernel that it is so.  Of whom it does not say, it lets us open nothing either: that is told. */
function mapsIt({ state, mappings }: Peer): boolean {
  return state !== 'dead' && mappings?.length !== 0;
}

function rootOf(snapshot: Snapshot, name: string): Root | undefined {
  return snapshot.roots.find((root) => root.name === name);
}

function shown(
  observer: Observer,
  header: NonNullable<Snapshot['header']>,
  root: Root,
  { file, description }: Described,
): Answer<Structure> {
  const takenAtMs = Date.now();
  const read = (offset: number, length: number) => observer.read(offset, length);
  const fields = decode(description, root.offset, { read, base: header.base, active: header.active });
  const size = description.types[description.root]?.size ?? 0;
  const source = { file, reader: description.reader };
  const value = { root: root.name, type: root.type, source, offset: root.offset, size, fields, takenAtMs };
  return { value, problems: size === root.size ? [] : [otherSize(root, size, file)] };
}

function rootIsGone(root: string): Problem {
  return { code: 'gone', where: root, text: l10n.t('There is no root of this name any more.') };
}

function untyped(root: string): Problem {
  const text = l10n.t('The program has not said what this root is: give peermap_set_root() the name of its type.');
  return { code: 'bad-root', where: root, text };
}

function nobody(root: Root): Problem {
  const text = l10n.t(
    'No program maps the segment now. What `{0}` looks like is in the debug information of one that does.',
    root.type,
  );
  return { code: 'no-process', where: root.name, text };
}

function unreadable({ kind, pid, path: file }: Extract<Found, { kind: 'denied' | 'replaced' | 'unanswered' }>): Problem {
  if (kind === 'denied') {
    const text = l10n.t(
      'What process {0} runs may not be read: another user runs it. Run the server as that user, or as root.',
      pid,
    );
    return { code: 'no-access', where: file, text };
  }
  if (kind === 'unanswered') {
    const text = l10n.t('{0}, which process {1} runs, is not read: the file system that it is on does not answer.', file, pid);
    return { code: 'left-out', where: file, text };
  }
  const text = l10n.t('{0} was replaced since process {1} began: restart it, and its types can be read again.', file, pid);
  return { code: 'os', where: file, text };
}

function notAllRead(root: Root, read: number, unread: number): Problem {
  const text = l10n.t(
    'None of the {1} files that gdb has read describes `{0}`; {2} more are left out, for reading them all takes too long. Ask again, and it goes on with those.',
    root.type,
    read,
    unread,
  );
  return { code: 'left-out', where: root.name, text };
}

function notAllFound(root: Root): Problem {
  const text = l10n.t(
    'None of the files that were looked at describes `{0}`. Finding the debug information of the others takes more than {1} seconds: they are left out.',
    root.type,
    budget.findingMs / 1000,
  );
  return { code: 'left-out', where: root.name, text };
}

function notAllSeen(root: Root): Problem {
  const text = l10n.t(
    'None of the files that were looked at describes `{0}`. There are more processes, or libraries of them, than {1} and {2}: those are left out.',
    root.type,
    budget.processes,
    budget.libraries,
  );
  return { code: 'left-out', where: root.name, text };
}

function undescribed(root: Root, file: string, bare: boolean): Problem {
  const program = path.basename(file);
  const text = bare
    ? l10n.t('Compile {0} with -g: its type `{1}` is in no debug information.', program, root.type)
    : l10n.t(
        'No debug information of {0} or of its libraries describes `{1}`: is this how the type is called, and was all of it compiled with -g?',
        program,
        root.type,
      );
  return { code: 'os', where: root.name, text };
}

function otherSize(root: Root, size: number, file: string): Problem {
  const text = l10n.t(
    'The root has {0} bytes, and `{1}` of {2} has {3}: the program that made it was built from another version of the type.',
    root.size,
    root.type,
    file,
    size,
  );
  return { code: 'bad-root', where: root.name, text };
}
