// SPDX-License-Identifier: MIT
//
// The columns of the registry.

import * as l10n from '@vscode/l10n';
import type { JSX } from 'preact';
import { formatBytes, formatNanoseconds } from '../extension/protocol/address';
import { methodWords, stateWords } from '../extension/protocol/mapping';
import { pidText, userText } from '../extension/protocol/process';
import type { Column } from './grid-model';
import { Bytes, Changing, Icon } from './parts';
import { baseName, heldBy, isoTime, kernelBytes, stateText, type RegistryRow } from './registry-model';

type Of = Column<RegistryRow>;

/** `contained`: some of the processes have another pid inside their container. */
export function registryColumns(contained: boolean): Of[] {
  return [...identity(contained), ...(contained ? [containerPid()] : []), ...mapping(), ...answers(), ...process()];
}

function identity(contained: boolean): Of[] {
  return [
    {
      key: 'slot',
      title: l10n.t('Slot'),
      hint: l10n.t('position in the registry'),
      align: 'end',
      width: 3,
      value: ({ peer }) => peer.slot,
      cellClass: () => 'quiet',
    },
    {
      key: 'name',
      title: l10n.t('Name'),
      hint: l10n.t('descriptive name'),
      width: 14,
      grow: true,
      names: true,
      value: ({ peer }) => peer.name,
      cellClass: () => 'name',
      cellHint: ({ peer }) => peer.name,
    },
    {
      key: 'state',
      title: l10n.t('State'),
      hint: l10n.t('its life word, and what the kernel says of the process'),
      width: 25,
      value: stateText,
      render: (row) => <State row={row} />,
      cellClass: ({ condition }) => `state tone-${condition.tone}`,
      cellHint: stateText,
    },
    {
      key: 'pid',
      title: l10n.t('PID'),
      hint: l10n.t('by which it registered, and which it has here if that is another'),
      align: 'end',
      width: contained ? 18 : 6,
      value: ({ peer }) => peer.pid,
      render: ({ peer }) => pidText(peer),
      cellHint: ({ peer }) => pidText(peer),
    },
  ];
}

function containerPid(): Of {
  return {
    key: 'containerPid',
    title: l10n.t('Container PID'),
    hint: l10n.t('the process id inside its container'),
    align: 'end',
    width: 6,
    value: ({ facts }) => facts?.containerPid,
    cellHint: ({ facts }) => facts?.container,
  };
}

function process(): Of[] {
  return [
    {
      key: 'base',
      title: l10n.t('Base'),
      hint: l10n.t('address of the data in the process'),
      width: 16,
      value: ({ peer }) => peer.base,
      render: ({ peer }) => (
        <>
          {peer.relocated ? <Icon name="info" tone="warn" /> : null}
          {peer.base}
        </>
      ),
      cellClass: () => 'number',
      cellHint: ({ peer }) => (peer.relocated ? l10n.t('relocated: the data lies elsewhere than in the other peers') : undefined),
    },
    {
      key: 'user',
      title: l10n.t('User'),
      width: 6,
      value: ({ peer, facts }) => userText(peer, facts),
      cellHint: ({ peer }) =>
        peer.uid === undefined ? l10n.t('what it says of itself: its process is not seen') : l10n.t('user id {0}', peer.uid),
    },
    {
      key: 'executable',
      title: l10n.t('Executable'),
      width: 11,
      value: ({ facts }) => facts?.executable || undefined,
      render: ({ facts }) => baseName(facts?.executable ?? ''),
      cellHint: ({ facts }) => facts && `${facts.executable}\n${facts.commandLine}`,
    },
    {
      key: 'started',
      title: l10n.t('Started'),
      hint: l10n.t('when the process began; it attached later'),
      width: 8,
      value: ({ facts }) => isoTime(facts?.startedAtMs),
      render: ({ facts }) => (facts ? new Date(facts.startedAtMs).toLocaleTimeString('en-GB') : ''),
      cellClass: () => 'number',
      cellHint: ({ peer, facts }) =>
        facts &&
        l10n.t(
          'process began {0}, attached {1}',
          new Date(facts.startedAtMs).toLocaleString('en-GB'),
          new Date(peer.attachedAtMs).toLocaleString('en-GB'),
        ),
    },
  ];
}

function mapping(): Of[] {
  return [
    {
      key: 'mapped',
      title: l10n.t('Mapped'),
      hint: l10n.t('bytes of data that the registry claims are mapped, those ahead of the active ones included'),
      align: 'end',
      width: 9,
      value: ({ peer }) => peer.mapped,
      render: ({ peer, active }) => (
        <>
          {peer.mapped < active ? <Icon name="error" tone="bad" /> : null}
          <Changing of={peer.mapped}>
            <Bytes of={peer.mapped} />
          </Changing>
        </>
      ),
      cellClass: ({ peer, active }) => (peer.mapped < active ? 'short' : ''),
      cellHint: mappedHint,
    },
    {
      key: 'kernel',
      title: l10n.t('Kernel'),
      hint: l10n.t('bytes of data that the kernel says are mapped'),
      align: 'end',
      width: 9,
      value: kernelBytes,
      render: (row) => <KernelCell row={row} />,
      cellHint: kernelHint,
    },
  ];
}

function answers(): Of[] {
  return [
    {
      key: 'epoch',
      title: l10n.t('Epoch'),
      hint: l10n.t('last acknowledged, and requested where that differs; a growth that asks nobody changes neither'),
      align: 'end',
      width: 6,
      value: ({ peer }) => peer.acked,
      render: ({ peer }) => (
        <>
          <Changing of={peer.acked}>{peer.acked}</Changing>{' '}
          {peer.acked < peer.requested ? <span class="detail">{l10n.t('of {0}', peer.requested)}</span> : null}
        </>
      ),
      cellHint: ({ peer }) => l10n.t('acknowledged {0}, requested {1}', peer.acked, peer.requested),
    },
    {
      key: 'method',
      title: l10n.t('Method'),
      hint: l10n.t('how it came to its last mapping'),
      width: 13,
      value: ({ peer }) => (peer.method === 'none' ? undefined : peer.method),
      render: ({ peer }) => (
        <>
          {peer.method === 'none' ? <span class="quiet">–</span> : peer.method}{' '}
          {peer.readOnly ? <span class="detail">{l10n.t('reads')}</span> : null}{' '}
          {peer.noPtrace ? <span class="detail">no-ptrace</span> : null}{' '}
          {peer.error === 0 ? null : <span class="detail">errno {peer.error}</span>}
        </>
      ),
      cellHint: ({ peer }) =>
        peer.readOnly
          ? l10n.t('it {0}; it only reads, and no growth waits for it', methodWords[peer.method])
          : peer.noPtrace
            ? l10n.t('it {0}; nobody may reach into it while it is stopped', methodWords[peer.method])
            : l10n.t('it {0}', methodWords[peer.method]),
    },
    {
      key: 'latencyNs',
      title: l10n.t('Latency'),
      hint: l10n.t('from the request to the acknowledgement'),
      align: 'end',
      width: 8,
      value: ({ peer }) => peer.latencyNs,
      render: ({ peer }) => <Changing of={peer.latencyNs}>{formatNanoseconds(peer.latencyNs)}</Changing>,
    },
    {
      key: 'pins',
      title: l10n.t('Pins'),
      hint: l10n.t('pins held, and the bytes that they keep'),
      align: 'end',
      width: 3,
      value: ({ peer }) => peer.pins,
      cellClass: ({ peer }) => (peer.pins === 0 ? 'quiet' : ''),
      cellHint: ({ peer }) => (peer.pins > 0 ? l10n.t('keeps {0} from being cut', formatBytes(peer.pinnedBytes)) : undefined),
    },
  ];
}

function State({ row }: { row: RegistryRow }): JSX.Element {
  const { condition } = row;
  const held = heldBy(row);
  return (
    <>
      <Icon name={condition.state} tone={condition.tone} />
      <span>{stateWords[condition.state]}</span>{' '}
      {held?.kind === 'traced' ? (
        <span class="badge" title={held.by === '' ? undefined : l10n.t('by {0}', held.by)}>
          {l10n.t('paused in debugger')}
        </span>
      ) : condition.detail === '' ? null : (
        <span class="detail">{condition.detail}</span>
      )}
    </>
  );
}

function mappedHint({ peer, active }: RegistryRow): string | undefined {
  const ahead = peer.state === 'dead' ? 0 : peer.mapped - active;
  if (peer.mapped < active) return l10n.t('{0} less than is active', formatBytes(active - peer.mapped));
  return ahead > 0 ? l10n.t('{0} of it ahead', formatBytes(ahead)) : undefined;
}

function kernelHint({ peer, kernel }: RegistryRow): string {
  if (peer.state === 'dead') return l10n.t('the process ended');
  if (kernel.kind === 'unknown') return l10n.t('what the kernel maps could not be read');
  return kernel.kind === 'agrees' ? l10n.t('agrees with the registry') : l10n.t('drift: {0}', kernel.text);
}

function KernelCell({ row: { peer, kernel } }: { row: RegistryRow }): JSX.Element {
  if (peer.state === 'dead') return <span class="quiet">–</span>;
  if (kernel.kind === 'unknown') return <span class="quiet">{l10n.t('unknown')}</span>;
  return (
    <>
      {kernel.kind === 'drift' ? <Icon name="warning" tone="warn" /> : null}
      <Changing of={kernel.bytes}>
        <Bytes of={kernel.bytes} />
      </Changing>
    </>
  );
}
