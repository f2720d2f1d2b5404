// SPDX-License-Identifier: MIT
//
// The bytes of a segment in an editor: in the Hex Editor where it is installed, otherwise in the inspector.

import * as l10n from '@vscode/l10n';
import * as vscode from 'vscode';
import { formatBytes } from '../protocol/address';
import type { Header } from '../protocol/model';
import type { ByteRange } from '../protocol/view';
import { bytesOf, type Invocation, type Target } from './command-arguments';
import { PeermapFailure } from './failure';
import { askText } from './messages';
import { mostBytes } from './memory-files';
import { memoryPath, memoryScheme } from './memory-uri';
import { segmentOf, type Parts } from './operation';

const hexEditor = { extension: 'ms-vscode.hexeditor', viewType: 'hexEditor.hexedit' };
/** The Hex Editor loads the whole of a file that is not on disk: what is larger is asked for by range. */
const mostUnasked = 4 * 1024 * 1024;

export interface OpenedMemory {
  segment: string;
  /** What the bytes are a file as. */
  uri: string;
  opened: 'hex-editor' | 'inspector';
}

export async function openMemory(parts: Parts, { target, asks }: Invocation): Promise<OpenedMemory | undefined> {
  const segment = await segmentOf(parts, target, asks, l10n.t('Open memory'));
  if (segment === undefined) return undefined;
  const { header, object } = await parts.segments.look(segment);
  const size = header?.active ?? object.length;
  const given = rangeOf(target, size);
  const installed = vscode.extensions.getExtension(hexEditor.extension) !== undefined;
  const range = given ?? (installed && size > mostUnasked ? await askedRange(segment, size, header, asks) : undefined);
  if (installed && !given && !range && size > mostUnasked) return undefined;
  if (range && range.length > mostBytes) {
    const text = l10n.t('{0} is too much to open at once: at most {1}.', formatBytes(range.length), formatBytes(mostBytes));
    throw new PeermapFailure('PEERMAP_EINVAL', text);
  }
  const uri = vscode.Uri.from({ scheme: memoryScheme, path: memoryPath(segment, range) });
  if (installed) await vscode.commands.executeCommand('vscode.openWith', uri, hexEditor.viewType);
  else await parts.inspectors.reveal(segment, { section: 'memory', ...(range ? { range } : {}) });
  return { segment, uri: uri.toString(), opened: installed ? 'hex-editor' : 'inspector' };
}

/** Undefined if no place is named: all of it. */
function rangeOf({ offset, bytes }: Target, size: number): ByteRange | undefined {
  if (offset === undefined && bytes === undefined) return undefined;
  const from = offsetOf(offset ?? 0);
  return { offset: from, length: bytes === undefined ? Math.max(1, Math.min(mostUnasked, size - from)) : bytesOf(bytes, size) };
}

function offsetOf(offset: number | string): number {
  if (typeof offset === 'number') return offset;
  const match = /^(-?)(0x[0-9a-f]+|\d+)$/i.exec(offset.trim());
  const value = Number(match?.[2]);
  if (!match || !Number.isSafeInteger(value)) {
    const text = l10n.t('"{0}" is not an offset: type a number of bytes such as 4096 or 0x1000.', offset);
    throw new PeermapFailure('PEERMAP_EINVAL', text);
  }
  return match[1] === '-' ? -value : value;
}

async function askedRange(
  segment: string,
  size: number,
  header: Header | undefined,
  asks: boolean,
): Promise<ByteRange | undefined> {
  if (!asks) return { offset: 0, length: mostUnasked };
  const lowest = -(header?.headerLength ?? 0);
  const problemOf = (text: string): string | undefined => {
    try {
      const from = offsetOf(text);
      return from >= lowest && from < size ? undefined : l10n.t('The data ends at 0x{0}.', size.toString(16));
    } catch (error) {
      return error instanceof PeermapFailure ? error.sentence : String(error);
    }
  };
  const text = await askText({
    title: l10n.t('Open memory of {0}', segment),
    prompt: l10n.t(
      '{0} is too much for one editor: from which offset shall {1} be opened?',
      formatBytes(size),
      formatBytes(mostUnasked),
    ),
    value: '0x0',
    ignoreFocusOut: true,
    validateInput: problemOf,
  });
  if (text === undefined || problemOf(text) !== undefined) return undefined;
  const offset = offsetOf(text);
  return { offset, length: Math.min(mostUnasked, size - offset) };
}
