// SPDX-License-Identifier: MIT
//
// The folder of the segments' objects, as the kernel reports its changes (inotify): no polling.  Names only; what is in an object is the
// addon's business.

import * as l10n from '@vscode/l10n';
import { statSync, watch, type FSWatcher } from 'node:fs';
import * as path from 'node:path';
import type { Problem } from '../protocol/model';
import { toAddress } from '../protocol/address';
import { idOf, type ObjectId } from '../protocol/object-id';
import type { Foreign } from '../protocol/requests';

const folder = '/dev/shm';
const prefix = 'peermap.';
/** A create and a destroy close together are one notification. */
const settleMs = 30;

export class SharedMemory {
  private watcher: FSWatcher | undefined;
  private pending: NodeJS.Timeout | undefined;
  /** Why changes cannot be seen. */
  problem: Problem | undefined;

  constructor(private readonly listChanged: () => void) {
    try {
      this.watcher = watch(folder, { persistent: false }, (kind, name) => this.changed(kind, name));
      this.watcher.on('error', (error) => this.failed(error));
    } catch (error) {
      this.failed(error);
    }
  }

  private changed(kind: string, name: string | null): void {
    if (kind !== 'rename' || !name?.startsWith(prefix) || this.pending) return;
    this.pending = setTimeout(() => {
      this.pending = undefined;
      this.listChanged();
    }, settleMs);
  }

  private failed(error: unknown): void {
    this.watcher?.close();
    const why = error instanceof Error ? error.message : String(error);
    const text = l10n.t('New segments are not noticed by themselves: {0}', why);
    this.problem = { code: 'os', where: folder, text };
  }
}

/** Undefined if there is none. */
export function identity(segment: string): ObjectId | undefined {
  const found = look(segment);
  return found && idOf(found);
}

/** What has the name now, and whose it is.  For a question; what is attached to is judged by the addon. */
export function ownerOf(segment: string): Foreign | undefined {
  return look(segment);
}

function look(segment: string): Foreign | undefined {
  const object = statSync(path.join(folder, prefix + segment), { bigint: true, throwIfNoEntry: false });
  if (!object) return undefined;
  const { uid, dev, ino, birthtimeNs } = object;
  const born = birthtimeNs > 0n ? { bornNs: toAddress(birthtimeNs) } : {};
  return { owner: Number(uid), device: Number(dev), inode: Number(ino), ...born };
}
