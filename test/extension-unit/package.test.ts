// SPDX-License-Identifier: MIT
//
// What is in the .vsix, file by file.

import * as assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { root } from '../peers/drive';

/** By its list at the end: signature, 20 bytes, the lengths; the names; and of each where its own header is. */
function filesOf(archive: Buffer): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  const end = archive.lastIndexOf(Buffer.from('PK\x05\x06'));
  let at = archive.readUInt32LE(end + 16);
  for (let left = archive.readUInt16LE(end + 10); left > 0; left -= 1) {
    const [name, extra, comment] = [28, 30, 32].map((field) => archive.readUInt16LE(at + field)) as [number, number, number];
    const own = archive.readUInt32LE(at + 42);
    const begin = own + 30 + archive.readUInt16LE(own + 26) + archive.readUInt16LE(own + 28);
    const bytes = archive.subarray(begin, begin + archive.readUInt32LE(at + 20));
    const isPacked = archive.readUInt16LE(at + 10) !== 0;
    files.set(archive.toString('utf8', at + 46, at + 46 + name), isPacked ? inflateRawSync(bytes) : bytes);
    at += 46 + name + extra + comment;
  }
  return files;
}

describe('the packaged extension', () => {
  const files = filesOf(fs.readFileSync(path.join(root, 'build/peermap.vsix')));

  it('has its server, its page, the addon and the demo', () => {
    for (const file of ['server.js', 'extension.js', 'webview.js', 'peermap.node', 'describe.py', 'demo/types.debug'])
      assert.ok((files.get(`extension/dist/${file}`)?.length ?? 0) > 0, file);
  });

  it('does not say where it was built', () => {
    for (const [name, bytes] of files) assert.equal(bytes.indexOf(root), -1, `${name} has ${root} in it`);
  });

  it('has no sources of ours, no tests, and nothing that is run when it is installed', () => {
    for (const name of files.keys()) assert.doesNotMatch(name, /\.(ts|tsx|map|c|cc|h)$|\/test\/|node_modules|\.env|\.npmrc/);
    const manifest = JSON.parse(String(files.get('extension/package.json'))) as { scripts?: Record<string, string> };
    for (const script of Object.keys(manifest.scripts ?? {})) assert.doesNotMatch(script, /install|uninstall|prepublish/);
  });
});
