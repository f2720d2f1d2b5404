// SPDX-License-Identifier: MIT

import * as assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as vscode from 'vscode';
import { until } from '../peers/drive';
import { extension, running } from './host';

interface Manifest {
  contributes: { commands: { command: string }[] };
}

describe('activation', () => {
  it('comes by itself once the window has started', async () => {
    await until(() => extension().isActive, 'the activation');
  });

  it('starts the server as a process of its own', async () => {
    const { server } = await running();
    assert.notEqual(server.pid, process.pid);
    assert.match(fs.readFileSync(`/proc/${server.pid}/cmdline`, 'utf8'), /dist\/server\.js/);
  });

  it('registers exactly the commands of the manifest', async () => {
    await running();
    const { contributes } = extension().packageJSON as Manifest;
    const registered = (await vscode.commands.getCommands(true)).filter((id) => /^peermap\.\w+$/.test(id));
    assert.deepEqual(registered.sort(), contributes.commands.map(({ command }) => command).sort());
  });
});
