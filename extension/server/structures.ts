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
import { setImmediate as immediately } from 'node:timers/promises';
import type { Observer, Peer, Root, Snapshot } from '../../native/addon/index';
import { decode } from '../protocol/decode';
import type { Description } from '../protocol/layout';
import type { Problem, Structure } from '../protocol/model';
import type { Answer, Requests } from '../protocol/requests';
import type { Addon } from './addon';
import { toWire } from './convert';
import { programFiles, type Found } from './program-files';
import { TypeReader } from './type-reader';
import type { Watches } from './watches';

type Params = Requests['peermap/structure']['params'];

interface Described {
  file: string;
  description: Description;
}

export class Structures {
  private readonly types = new TypeReader();

  constructor(
    private readonly addon: Addon,
    private readonly watches: Watches,
  ) {}

  async structure({ segment, root: name }: Params): Promise<Answer<Structure | null>> {
    if (typeof segment !== 'string' || typeof name !== 'string') throw new TypeError('segment and root are text');
    const nothing = (...problems: Problem[]): Answer<null> => ({ value: null, problems });
    const before = this.watches.look(segment, (observer) => observer.snapshot());
    if (!before.header) return nothing(...toWire(before.problems));
    const root = rootOf(before, name);
    if (!root) return nothing(rootIsGone(name));
    if (root.type === '') return nothing(untyped(name));
    const found = await this.describe(this.pidsOf(before), root);
    if ('problems' in found) return nothing(...found.problems);
    // A while has gone by: the root may be elsewhere, or be something else.
    return this.watches.look(segment, (observer) => {
      const now = observer.snapshot();
      const still = rootOf(now, name);
      if (!now.header || still?.type !== root.type) return nothing(rootIsGone(name));
      return shown(observer, now.header, still, found);
    });
  }

  /** Live peers; where the registry's pids are not ours, as those of containers, whoever maps the segment. */
  private pidsOf(snapshot: Snapshot): number[] {
    const alive = snapshot.peers.filter(mapsIt).map((peer) => peer.pid);
    const others = alive.filter((pid) => pid !== process.pid);
    if (others.length > 0) return others;
    const maps = this.addon.processes().filter((use) => use.segments.some(({ segment }) => segment === snapshot.name));
    return maps.map((use) => use.pid).filter((pid) => pid !== process.pid);
  }

  private async describe(pids: number[], root: Root): Promise<Described | { problems: Problem[] }> {
    if (pids.length === 0) return { problems: [nobody(root)] };
    const problems: Problem[] = [];
    let bare: string | undefined;
    let looked: string | undefined;
    let failed = false;
    let count = 0;
    for (const found of programFiles(pids, this.addon)) {
      count += 1;
      if (count % 16 === 0) await immediately(); // other requests have their turn
      if (found.kind === 'without') continue;
      if (found.kind === 'bare') bare ??= found.path;
      else if (found.kind === 'file') {
        looked ??= found.path;
        const reading = await this.types.read(found, root.type);
        if (reading.kind === 'described') return { file: found.path, description: reading.description };
        if (reading.kind === 'absent') continue;
        if (reading.forAll) return { problems: [reading.problem] };
        problems.push(reading.problem);
        failed = true;
      } else if (found.kind === 'replaced' || !problems.some(({ code }) => code === 'no-access'))
        problems.push(unreadable(found));
    }
    const without = bare ?? looked;
    if (without !== undefined && !failed) problems.unshift(undescribed(root, without, bare !== undefined));
    return { problems };
  }
}

/** The registry says who, and the kernel that it is so.  Of whom it does not say, it lets us open nothing either: that is told. */
function mapsIt({ state, samePid, mappings }: Peer): boolean {
  return state !== 'dead' && samePid && mappings?.length !== 0;
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

function unreadable({ kind, pid, path: file }: Extract<Found, { kind: 'denied' | 'replaced' }>): Problem {
  if (kind === 'denied') {
    const text = l10n.t(
      'What process {0} runs may not be read: another user runs it. Run the server as that user, or as root.',
      pid,
    );
    return { code: 'no-access', where: file, text };
  }
  const text = l10n.t('{0} was replaced since process {1} began: restart it, and its types can be read again.', file, pid);
  return { code: 'os', where: file, text };
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
