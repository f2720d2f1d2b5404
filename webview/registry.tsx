// SPDX-License-Identifier: MIT
//
// The registry: a row per peer, what it claims beside what the kernel says.  A grid of selectable rows: arrow keys select, Tab goes
// on to the selected row's own buttons.

import type { JSX } from 'preact';
import { formatBytes, formatNanoseconds } from '../extension/protocol/address';
import { methodWords } from '../extension/protocol/mapping';
import type { Header, Peer, Snapshot } from '../extension/protocol/model';
import { useActions } from './context';
import { isRunning, refusal } from './header';
import { pure, rowKey, tabRow, useScroll } from './hooks';
import { Button, Bytes, Changing, Icon, Section } from './parts';
import { conditionOf, kernelOf, peerKey, plural } from './peer';
import { toggled, type State } from './state';
import './registry.css';

const columns: readonly { title: string; numeric?: boolean; hint: string }[] = [
  { title: 'Slot', numeric: true, hint: 'position in the registry' },
  { title: 'Name', hint: 'descriptive name' },
  { title: 'State', hint: 'its life word, and what the kernel says of the process' },
  { title: 'PID', numeric: true, hint: 'process id' },
  { title: 'User', numeric: true, hint: 'user id' },
  { title: 'Base', hint: 'address of the data in the process' },
  {
    title: 'Mapped',
    numeric: true,
    hint: 'bytes of data that the registry claims are mapped, those ahead of the active ones included',
  },
  { title: 'Kernel', numeric: true, hint: 'bytes of data that the kernel says are mapped' },
  {
    title: 'Epoch',
    numeric: true,
    hint: 'last acknowledged, and requested where that differs; a growth that asks nobody changes neither',
  },
  { title: 'Method', hint: 'how it came to its last mapping' },
  { title: 'Latency', numeric: true, hint: 'from the request to the acknowledgement' },
  { title: 'Pins', numeric: true, hint: 'pins held, and the bytes that they keep' },
  { title: 'Actions', hint: '' },
];

export function Registry({ state, snapshot, header }: { state: State; snapshot: Snapshot; header: Header }): JSX.Element {
  const { view } = useActions();
  const scroller = useScroll<HTMLDivElement>('registry');
  const { peers } = snapshot;
  const selected = state.view.peer;
  const reachable = tabRow(peers.map(peerKey), selected);
  const reason = refusal(state);
  const onKeyDown = (event: KeyboardEvent): void => {
    const key = scroller.current && rowKey(event, scroller.current);
    if (key !== undefined && key !== null) view({ peer: key });
    if (event.key === 'Escape') view({ peer: undefined });
  };
  return (
    <Section name="registry" title="Registry" aside={countText(peers, header)} closed={state.view.closed}>
      {peers.length === 0 ? (
        <p class="empty">No peers: no process is attached to this segment.</p>
      ) : (
        <div ref={scroller} class="scroller table-scroller" onKeyDown={onKeyDown}>
          <table class="table" role="grid" aria-label="Registry: one row per peer" aria-rowcount={peers.length + 1}>
            <thead>
              <tr>
                {columns.map(({ title, numeric, hint }) => (
                  <th key={title} scope="col" class={numeric ? 'numeric' : undefined} title={hint}>
                    {title === 'Actions' ? <span class="hidden-text">{title}</span> : title}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {peers.map((peer) => (
                <Row
                  key={peerKey(peer)}
                  peer={peer}
                  active={header.active}
                  headerLength={header.headerLength}
                  pageSize={header.pageSize}
                  selected={peerKey(peer) === selected}
                  reachable={peerKey(peer) === reachable}
                  reason={reason}
                  remapping={isRunning(state, 'peermap.remap', peer.pid)}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Section>
  );
}

function countText(peers: readonly Peer[], header: Header): string {
  const count = (state: Peer['state']): number => peers.filter((peer) => peer.state === state).length;
  const parts = [`${peers.length} of ${plural(header.slots, 'slot')}`];
  for (const state of ['late', 'dead', 'attaching'] as const) if (count(state) > 0) parts.push(`${count(state)} ${state}`);
  return parts.join(' · ');
}

interface RowProps {
  peer: Peer;
  active: number;
  headerLength: number;
  pageSize: number;
  selected: boolean;
  reachable: boolean;
  reason: string | undefined;
  remapping: boolean;
}

const Row = pure<RowProps>(({ peer, active, headerLength, pageSize, selected, reachable, reason, remapping }) => {
  const { view, run, copy } = useActions();
  const key = peerKey(peer);
  const condition = conditionOf(peer);
  const short = peer.mapped < active;
  const ahead = peer.state === 'dead' ? 0 : peer.mapped - active;
  const late = peer.acked < peer.requested;
  const tabIndex = reachable ? 0 : -1;
  const remapReason = reason ?? (peer.state === 'dead' ? 'the process died' : undefined);
  return (
    <tr
      data-row={key}
      class={`row ${peer.state}`}
      aria-selected={selected}
      tabIndex={tabIndex}
      onClick={() => view(toggled(key))}
    >
      <td class="numeric quiet">{peer.slot}</td>
      <th scope="row" class="name" title={peer.name}>
        {peer.name}
      </th>
      <td class={`state tone-${condition.tone}`}>
        <Icon name={condition.state} tone={condition.tone} />
        <span>{condition.state}</span>
        {condition.detail === '' ? null : <span class="detail">{condition.detail}</span>}
      </td>
      <td class="numeric">{peer.pid}</td>
      <td class="numeric">{peer.uid}</td>
      <td class="number">
        {peer.base}
        {peer.relocated ? <span class="detail">relocated</span> : null}
      </td>
      <td
        class={`numeric ${short ? 'short' : ''}`}
        title={short ? `${formatBytes(-ahead)} less than is active` : ahead > 0 ? `${formatBytes(ahead)} of it ahead` : undefined}
      >
        {short ? <Icon name="error" tone="bad" /> : null}
        <Changing of={peer.mapped}>
          <Bytes of={peer.mapped} />
        </Changing>
        {short ? <span class="detail">of {formatBytes(active)}</span> : null}
      </td>
      <KernelCell peer={peer} headerLength={headerLength} pageSize={pageSize} />
      <td class="numeric" title={`acknowledged ${peer.acked}, requested ${peer.requested}`}>
        <Changing of={peer.acked}>{peer.acked}</Changing>
        {late ? <span class="detail">of {peer.requested}</span> : null}
      </td>
      <td title={`it ${methodWords[peer.method]}${peer.noInject ? '; nobody may reach into it while it is stopped' : ''}`}>
        {peer.method === 'none' ? <span class="quiet">–</span> : peer.method}
        {peer.noInject ? <span class="detail">no-inject</span> : null}
        {peer.error === 0 ? null : <span class="detail">errno {peer.error}</span>}
      </td>
      <td class="numeric">
        <Changing of={peer.latencyNs}>{formatNanoseconds(peer.latencyNs)}</Changing>
      </td>
      <td class="numeric" title={peer.pins > 0 ? `keeps ${formatBytes(peer.pinnedBytes)} from being cut` : undefined}>
        {peer.pins === 0 ? <span class="quiet">0</span> : peer.pins}
      </td>
      <td class="actions">
        <Button
          label={`Remap ${peer.name}`}
          title="Have this peer map the segment anew"
          icon="remap"
          bare
          tabIndex={tabIndex}
          reason={remapReason}
          busy={remapping}
          onPress={() => run('peermap.remap', peer.pid)}
        />
        <Button label={`Copy pid ${peer.pid}`} icon="copy" bare tabIndex={tabIndex} onPress={() => copy(String(peer.pid))} />
      </td>
    </tr>
  );
});

function KernelCell({ peer, headerLength, pageSize }: { peer: Peer; headerLength: number; pageSize: number }): JSX.Element {
  const kernel = kernelOf(peer, { headerLength, pageSize });
  if (peer.state === 'dead' || kernel.kind === 'unknown') {
    return (
      <td class="numeric quiet" title={peer.state === 'dead' ? 'the process ended' : 'what the kernel maps could not be read'}>
        {peer.state === 'dead' ? '–' : 'unknown'}
      </td>
    );
  }
  return (
    <td class="numeric" title={kernel.kind === 'agrees' ? 'agrees with the registry' : `drift: ${kernel.text}`}>
      {kernel.kind === 'drift' ? <Icon name="warning" tone="warn" /> : null}
      <Changing of={kernel.bytes}>
        <Bytes of={kernel.bytes} />
      </Changing>
      {kernel.kind === 'drift' ? <span class="detail">{kernel.text}</span> : null}
    </td>
  );
}
