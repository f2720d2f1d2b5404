// SPDX-License-Identifier: MIT
//
// Segments as files that can be read, for editors of bytes such as the Hex Editor.  Which bytes a file has is in its name (memory-uri.ts):
// an editor that reads whole files reads no more than was asked for.
//
//     Hex Editor --readFile--> MemoryFiles --peermap/read, in pieces--> server
//                <--changed--              <--Segments, while somebody watches
//
// What peers write into the memory is nobody's event: a file changes for its editor when the segment does, at most once a second.

import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { formatBytes } from '../protocol/address';
import { PeermapFailure, sentenceOf } from './failure';
import { memoryScheme, parseMemoryPath, type MemoryPath } from './memory-uri';
import type { Segments } from './segments';
import type { ServerConnection } from './server-connection';

/** More than this is not read at once: an editor would hold all of it. */
export const mostBytes = 64 * 1024 * 1024;
const piece = 1024 * 1024;
const restMs = 1000;

export class MemoryFiles implements vscode.FileSystemProvider, vscode.Disposable {
  private readonly emitter = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  /** When a segment was last said to have changed: the time of its files. */
  private readonly changedAt = new Map<string, number>();
  private readonly openedAt = Date.now();

  readonly onDidChangeFile = this.emitter.event;

  constructor(
    private readonly segments: Segments,
    private readonly server: ServerConnection,
  ) {}

  register(): vscode.Disposable {
    return vscode.workspace.registerFileSystemProvider(memoryScheme, this, { isReadonly: true, isCaseSensitive: true });
  }

  dispose(): void {
    this.emitter.dispose();
  }

  watch(uri: vscode.Uri): vscode.Disposable {
    const path = parseMemoryPath(uri.path);
    if (!path) return new vscode.Disposable(() => undefined);
    const { segment } = path;
    let timer: NodeJS.Timeout | undefined;
    const tell = (type: vscode.FileChangeType): void => {
      timer = undefined;
      this.changedAt.set(segment, Date.now());
      this.emitter.fire([{ type, uri }]);
    };
    const changes = this.segments.onDidChangeSegment((change) => {
      if (change.segment !== segment || change.kind === 'attachment') return;
      if (change.kind === 'gone') tell(vscode.FileChangeType.Deleted);
      else timer ??= setTimeout(() => tell(vscode.FileChangeType.Changed), restMs);
    });
    const held = this.segments.watch(segment);
    return new vscode.Disposable(() => {
      clearTimeout(timer);
      changes.dispose();
      held.dispose();
    });
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const { range, segment } = this.pathOf(uri);
    const { object, header } = await this.look(segment, uri);
    const end = object.length - (header?.headerLength ?? 0);
    const size = range ? Math.max(0, Math.min(range.length, end - range.offset)) : (header?.active ?? end);
    const ctime = header?.createdAtMs ?? this.openedAt;
    const mtime = this.changedAt.get(segment) ?? this.openedAt;
    return { type: vscode.FileType.File, ctime, mtime, size, permissions: vscode.FilePermission.Readonly };
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    const { segment, range } = this.pathOf(uri);
    const { offset, length } = range ?? { offset: 0, length: (await this.stat(uri)).size };
    if (length > mostBytes) {
      const text = l10n.t('{0} is too much to open at once: open a range of {1}.', formatBytes(length), segment);
      throw vscode.FileSystemError.Unavailable(text);
    }
    const parts: Uint8Array[] = [];
    for (let at = 0; at < length;) {
      const params = { segment, offset: offset + at, length: Math.min(piece, length - at) };
      const read = await this.ask(uri, () => this.server.request('peermap/read', params, `reading ${segment}`));
      const bytes = Buffer.from(read.bytes, 'base64');
      parts.push(bytes);
      at += bytes.length;
      if (bytes.length < params.length) break;
    }
    return new Uint8Array(Buffer.concat(parts));
  }

  readDirectory(uri: vscode.Uri): [string, vscode.FileType][] {
    if (uri.path !== '/') throw vscode.FileSystemError.FileNotFound(uri);
    return this.segments.list.map(({ name }) => [`${name}.bin`, vscode.FileType.File]);
  }

  createDirectory = refuse;
  writeFile = refuse;
  delete = refuse;
  rename = refuse;

  private pathOf(uri: vscode.Uri): MemoryPath {
    const path = parseMemoryPath(uri.path);
    if (!path) throw vscode.FileSystemError.FileNotFound(uri);
    return path;
  }

  private async look(segment: string, uri: vscode.Uri) {
    const known = this.segments.isLive(segment) ? this.segments.latest(segment) : undefined;
    return known ?? (await this.ask(uri, () => this.segments.look(segment)));
  }

  private async ask<T>(uri: vscode.Uri, question: () => Promise<T>): Promise<T> {
    try {
      return await question();
    } catch (error) {
      const code = error instanceof PeermapFailure ? error.code : undefined;
      if (code === 'PEERMAP_ENOENT') throw vscode.FileSystemError.FileNotFound(uri);
      if (code === 'PEERMAP_EACCES') throw vscode.FileSystemError.NoPermissions(sentenceOf(error));
      throw vscode.FileSystemError.Unavailable(sentenceOf(error));
    }
  }
}

function refuse(): never {
  throw vscode.FileSystemError.NoPermissions(l10n.t('The memory of a segment is shown and not changed.'));
}
