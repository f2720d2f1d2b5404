// SPDX-License-Identifier: MIT
//
// The strip at the top: what the segment is, its sizes, who holds its lock, and the commands on the whole of it.

import * as l10n from '@vscode/l10n';
import type { JSX } from 'preact';
import { formatBytes, formatMode, isWorldWritable } from '../extension/protocol/address';
import type { Header, SegmentFlag, Snapshot } from '../extension/protocol/model';
import type { ViewCommand } from '../extension/protocol/view';
import { useActions } from './context';
import { findingsOf } from './findings';
import { Button, Bytes, Changing, Icon, type IconName } from './parts';
import { SizeBar } from './size-bar';
import type { State } from './state';
import './header.css';

/** Why nothing can be changed from here now; undefined if it can. */
export function refusal(state: State): string | undefined {
  if (state.gone) return l10n.t('the segment was removed');
  if (state.server.state === 'restarting') return l10n.t('the server is restarting');
  if (state.server.state === 'failed') return l10n.t('the server does not run');
  if (state.readOnly !== undefined) return l10n.t('read-only: {0}', state.readOnly);
  if (!state.snapshot?.header) return l10n.t('this is not a segment that can be read');
  return undefined;
}

export function isRunning(state: State, command: ViewCommand, pid?: number): boolean {
  return state.running.some((one) => one.command === command && one.pid === pid);
}

export function SegmentHeader({ state, snapshot }: { state: State; snapshot: Snapshot }): JSX.Element {
  const { header } = snapshot;
  return (
    <header class="top">
      <div class="title-row">
        <div class="title">
          <div class="name-row">
            <h1>{snapshot.name}</h1>
            {header?.flags.map((flag) => (
              <span key={flag} class="badge" title={badge(flag).hint}>
                {badge(flag).word}
              </span>
            ))}
            {state.host === undefined ? null : (
              <span class="badge host" title={l10n.t('the machine that the segment is on')}>
                {state.host}
              </span>
            )}
          </div>
          <Summary snapshot={snapshot} />
          <Sampling state={state} />
        </div>
        <Commands state={state} snapshot={snapshot} />
      </div>
      {header ? <Facts header={header} snapshot={snapshot} /> : null}
      {header ? <SizeBar header={header} /> : null}
    </header>
  );
}

function badge(flag: SegmentFlag): { word: string; hint: string } {
  switch (flag) {
    case 'strict':
      return { word: l10n.t('strict'), hint: l10n.t('nobody maps past the active size: every growth asks each peer') };
    case 'noPtrace':
      return { word: l10n.t('no-ptrace'), hint: l10n.t('nobody reaches into a process that is stopped: it is late') };
    case 'huge':
      return { word: l10n.t('huge pages'), hint: l10n.t('made for pages of 2 MiB') };
    case 'heap':
      return { word: l10n.t('heap'), hint: l10n.t('objects are allocated in it, and it grows by itself') };
  }
}

/** What looking costs, so that nobody has to wonder. */
function Sampling({ state: { sampling } }: { state: State }): JSX.Element | null {
  if (!sampling) return null;
  const { looksPerSecond, lookMs, leftOut } = sampling;
  const percent = (looksPerSecond * lookMs) / 10;
  const text =
    looksPerSecond === 0
      ? l10n.t('not looked at in the last seconds: nothing happened')
      : l10n.t(
          'looked {0} times a second, {1} ms each: {2} % of a core',
          short(looksPerSecond),
          short(lookMs),
          percent < 0.01 ? '< 0.01' : short(percent),
        );
  return (
    <>
      <p class="sampling quiet">{text}</p>
      {leftOut ? (
        <p class="sampling">
          <Icon name="warning" tone="warn" />
          {l10n.t(
            'it changes faster than is sent here: {0} events and {1} states in between were left out',
            leftOut.events.toLocaleString('en-US'),
            leftOut.changes.toLocaleString('en-US'),
          )}
        </p>
      ) : null}
    </>
  );
}

/** Two digits that mean something. */
function short(value: number): string {
  return String(Number(value.toPrecision(2)));
}

function Summary({ snapshot }: { snapshot: Snapshot }): JSX.Element {
  const { header, peers, object } = snapshot;
  const problems = findingsOf(snapshot).filter(({ severity }) => severity !== 'info').length;
  const show = (event: Event): void => {
    event.preventDefault();
    document.getElementById('problems')?.scrollIntoView({ block: 'start' });
    document.querySelector<HTMLElement>('#problems .disclosure')?.focus();
  };
  return (
    <p class="summary">
      {problems > 0 ? (
        <a class="problem-count" href="#problems" onClick={show}>
          <Icon name="warning" tone="warn" />
          {problems === 1 ? l10n.t('1 problem') : l10n.t('{0} problems', problems)}
        </a>
      ) : (
        <span class="problem-count">
          <Icon name="check" tone="ok" />
          {l10n.t('no problems')}
        </span>
      )}
      <span>{peers.length === 1 ? l10n.t('1 peer') : l10n.t('{0} peers', peers.length.toLocaleString('en-US'))}</span>
      {header ? (
        <time dateTime={iso(header.createdAtMs)} title={new Date(header.createdAtMs).toLocaleString('en-GB')}>
          {l10n.t(
            'created by {0} (pid {1}, user {2}, as it says) {3}',
            header.creator.name || l10n.t('an unnamed peer'),
            header.creator.pid,
            header.creator.uid,
            new Date(header.createdAtMs).toLocaleTimeString('en-GB'),
          )}
        </time>
      ) : (
        <span>
          {l10n.t(
            'an object of {0}, owned by user {1}, mode {2}',
            formatBytes(object.length),
            object.uid,
            formatMode(object.mode),
          )}
        </span>
      )}
    </p>
  );
}

/** A damaged header may hold any number; not every one is a date. */
function iso(ms: number): string | undefined {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}

function Facts({ header, snapshot }: { header: Header; snapshot: Snapshot }): JSX.Element {
  const { lock } = header;
  const holder = lock ? lock.name || (lock.pid > 0 ? l10n.t('pid {0}', lock.pid) : l10n.t('somebody')) : l10n.t('free');
  return (
    <dl class="facts">
      <Size term={l10n.t('Active')} of={header.active} what={l10n.t('bytes that applications may touch')} strong />
      <Size term={l10n.t('Target')} of={header.target} what={l10n.t('bytes that every peer shall have mapped')} />
      <Size term={l10n.t('Horizon')} of={header.horizon} what={l10n.t('bytes that every live peer is known to have mapped')} />
      <Ahead header={header} />
      <Size term={l10n.t('Reserved')} of={header.reserved} what={l10n.t('bytes that addresses are reserved for')} />
      <Size
        term={l10n.t('Allocated')}
        of={snapshot.object.allocated}
        what={l10n.t('bytes of memory behind the object, with its header')}
      />
      <div class="fact" title={l10n.t('the number of the last round')}>
        <dt>{l10n.t('Epoch')}</dt>
        <dd>
          <Changing of={header.epoch}>{header.epoch.toLocaleString('en-US')}</Changing>
        </dd>
      </div>
      <div class="fact" title={l10n.t('random: tells two segments of one name apart')}>
        <dt>{l10n.t('Generation')}</dt>
        <dd>{header.generation}</dd>
      </div>
      <Owner of={snapshot.object} />
      <div class="fact lock" title={lockHint(header)}>
        <dt>{l10n.t('Lock')}</dt>
        <dd>
          {lock ? <Icon name={lock.died ? 'dead' : 'lock'} tone={lock.died ? 'bad' : 'quiet'} /> : null}
          <span class="holder">{lock?.died ? l10n.t('{0}, died', holder) : holder}</span>
        </dd>
      </div>
    </dl>
  );
}

/** Whose it is, and who else may write it. */
function Owner({ of: { uid, mode } }: { of: Snapshot['object'] }): JSX.Element {
  const open = isWorldWritable(mode);
  const hint = open
    ? l10n.t('every user of this machine may write the object and take part; the problems below say how to change that')
    : l10n.t('whose the object is, and what its mode lets others do');
  return (
    <div class="fact owner" title={hint}>
      <dt>{l10n.t('Owner')}</dt>
      <dd>
        {open ? <Icon name="warning" tone="warn" /> : null}
        <span>{l10n.t('user {0}, mode {1}', uid, formatMode(mode))}</span>
        {open ? <span class="hidden-text"> {l10n.t('every user may write it')}</span> : null}
      </dd>
    </div>
  );
}

function lockHint({ lock }: Header): string {
  if (!lock) return l10n.t('no round is under way');
  return lock.died ? l10n.t('pid {0}, died', lock.pid) : l10n.t('pid {0}', lock.pid);
}

/** What a growth gets without asking anybody. */
function Ahead({ header }: { header: Header }): JSX.Element {
  const { active, horizon, ahead, flags } = header;
  if (flags.includes('strict')) {
    return (
      <div class="fact" title={l10n.t('this segment is strict: nobody maps past the active size')}>
        <dt>{l10n.t('Ahead')}</dt>
        <dd>{l10n.t('none')}</dd>
      </div>
    );
  }
  const what =
    ahead > 0
      ? l10n.t('bytes that a growth gets without asking anybody; wished for: {0} past the active size', formatBytes(ahead))
      : l10n.t(
          'bytes that a growth gets without asking anybody; wished for: as many as are active, at least 64 MiB, or more while it grows fast',
        );
  return <Size term={l10n.t('Ahead')} of={Math.max(0, horizon - active)} what={what} />;
}

function Size({ term, of, what, strong }: { term: string; of: number; what: string; strong?: boolean }): JSX.Element {
  return (
    <div class={strong ? 'fact strong' : 'fact'} title={what}>
      <dt>{term}</dt>
      <dd>
        <Changing of={of}>
          <Bytes of={of} />
        </Changing>
      </dd>
    </div>
  );
}

function Commands({ state, snapshot }: { state: State; snapshot: Snapshot }): JSX.Element {
  const { run } = useActions();
  const reason = refusal(state);
  const dead = snapshot.peers.filter((peer) => peer.state === 'dead').length;
  const command = (name: ViewCommand, label: string, icon: IconName | undefined, title: string, why = reason): JSX.Element => (
    <Button
      label={label}
      {...(icon ? { icon } : {})}
      title={title}
      primary={name === 'peermap.grow'}
      reason={why}
      busy={isRunning(state, name)}
      onPress={() => run(name)}
    />
  );
  return (
    <div class="commands" role="toolbar" aria-label={l10n.t('Commands on this segment')}>
      {command('peermap.grow', l10n.t('Grow…'), 'plus', l10n.t('Grow the segment in every peer'))}
      {command('peermap.shrink', l10n.t('Shrink…'), 'minus', l10n.t('Shrink the segment in every peer'))}
      {command('peermap.remapAll', l10n.t('Remap all'), 'remap', l10n.t('Have every peer map the segment anew'))}
      {command(
        'peermap.reap',
        dead > 0 ? l10n.t('Reap ({0} dead)', dead) : l10n.t('Reap'),
        undefined,
        l10n.t('Free the slots of dead peers'),
        reason ?? (dead === 0 ? l10n.t('no dead peers') : undefined),
      )}
      {state.attached
        ? command(
            'peermap.detach',
            l10n.t('Detach'),
            undefined,
            l10n.t('Leave the segment: VS Code stops being one of its peers'),
          )
        : command('peermap.attach', l10n.t('Attach'), undefined, l10n.t('Join the segment: VS Code becomes one of its peers'))}
    </div>
  );
}
