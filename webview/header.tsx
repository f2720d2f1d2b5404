// SPDX-License-Identifier: MIT
//
// The strip at the top: what the segment is, its sizes, who holds its lock, and the commands on the whole of it.

import type { JSX } from 'preact';
import { formatBytes } from '../extension/protocol/address';
import type { Header, SegmentFlag, Snapshot } from '../extension/protocol/model';
import type { ViewCommand } from '../extension/protocol/view';
import { useActions } from './context';
import { findingsOf } from './findings';
import { Button, Bytes, Changing, Icon, type IconName } from './parts';
import { plural } from './peer';
import { SizeBar } from './size-bar';
import type { State } from './state';
import './header.css';

/** Why nothing can be changed from here now; undefined if it can. */
export function refusal(state: State): string | undefined {
  if (state.gone) return 'the segment was removed';
  if (state.server.state === 'restarting') return 'the server is restarting';
  if (state.server.state === 'failed') return 'the server does not run';
  if (state.readOnly !== undefined) return `read-only: ${state.readOnly}`;
  if (!state.snapshot?.header) return 'this is not a segment that can be read';
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
              <span key={flag} class="badge" title={badges[flag].hint}>
                {badges[flag].word}
              </span>
            ))}
          </div>
          <Summary snapshot={snapshot} />
        </div>
        <Commands state={state} snapshot={snapshot} />
      </div>
      {header ? <Facts header={header} snapshot={snapshot} /> : null}
      {header ? <SizeBar header={header} /> : null}
    </header>
  );
}

const badges: Record<SegmentFlag, { word: string; hint: string }> = {
  strict: { word: 'strict', hint: 'nobody maps past the active size: every growth asks each peer' },
  noInject: { word: 'no-inject', hint: 'nobody reaches into a process that is stopped: it is late' },
  huge: { word: 'huge pages', hint: 'made for pages of 2 MiB' },
  heap: { word: 'heap', hint: 'objects are allocated in it, and it grows by itself' },
};

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
          {plural(problems, 'problem')}
        </a>
      ) : (
        <span class="problem-count">
          <Icon name="check" tone="ok" />
          no problems
        </span>
      )}
      <span>{plural(peers.length, 'peer')}</span>
      {header ? (
        <span>
          created by {header.creator.name || 'an unnamed peer'} (pid {header.creator.pid}, user {header.creator.uid}){' '}
          <time dateTime={iso(header.createdAtMs)} title={new Date(header.createdAtMs).toLocaleString('en-GB')}>
            {new Date(header.createdAtMs).toLocaleTimeString('en-GB')}
          </time>
        </span>
      ) : (
        <span>
          an object of <Bytes of={object.length} />, owned by user {object.uid}, mode 0{(object.mode & 0o777).toString(8)}
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
  const holder = lock ? lock.name || (lock.pid > 0 ? `pid ${lock.pid}` : 'somebody') : 'free';
  return (
    <dl class="facts">
      <Size term="Active" of={header.active} what="bytes that applications may touch" strong />
      <Size term="Target" of={header.target} what="bytes that every peer shall have mapped" />
      <Size term="Horizon" of={header.horizon} what="bytes that every live peer is known to have mapped" />
      <Ahead header={header} />
      <Size term="Reserved" of={header.reserved} what="bytes that addresses are reserved for" />
      <Size term="Allocated" of={snapshot.object.allocated} what="bytes of memory behind the object, with its header" />
      <div class="fact" title="the number of the last round">
        <dt>Epoch</dt>
        <dd>
          <Changing of={header.epoch}>{header.epoch.toLocaleString('en-US')}</Changing>
        </dd>
      </div>
      <div class="fact" title="random: tells two segments of one name apart">
        <dt>Generation</dt>
        <dd>{header.generation}</dd>
      </div>
      <div class="fact lock" title={lock ? `pid ${lock.pid}${lock.died ? ', died' : ''}` : 'no round is under way'}>
        <dt>Lock</dt>
        <dd>
          {lock ? <Icon name={lock.died ? 'dead' : 'lock'} tone={lock.died ? 'bad' : 'quiet'} /> : null}
          <span class="holder">{lock?.died ? `${holder}, died` : holder}</span>
        </dd>
      </div>
    </dl>
  );
}

/** What a growth gets without asking anybody. */
function Ahead({ header }: { header: Header }): JSX.Element {
  const { active, horizon, ahead, flags } = header;
  const wish =
    ahead > 0
      ? `${formatBytes(ahead)} past the active size`
      : 'as many as are active, at least 64 MiB, or more while it grows fast';
  const strict = flags.includes('strict');
  const what = strict
    ? 'this segment is strict: nobody maps past the active size'
    : `bytes that a growth gets without asking anybody; wished for: ${wish}`;
  const bytes = Math.max(0, horizon - active);
  return strict ? (
    <div class="fact" title={what}>
      <dt>Ahead</dt>
      <dd>none</dd>
    </div>
  ) : (
    <Size term="Ahead" of={bytes} what={what} />
  );
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
    <div class="commands" role="toolbar" aria-label="Commands on this segment">
      {command('peermap.grow', 'Grow…', 'plus', 'Grow the segment in every peer')}
      {command('peermap.shrink', 'Shrink…', 'minus', 'Shrink the segment in every peer')}
      {command('peermap.remapAll', 'Remap all', 'remap', 'Have every peer map the segment anew')}
      {command(
        'peermap.reap',
        dead > 0 ? `Reap (${dead} dead)` : 'Reap',
        undefined,
        'Free the slots of dead peers',
        reason ?? (dead === 0 ? 'no dead peers' : undefined),
      )}
      {state.attached
        ? command('peermap.detach', 'Detach', undefined, 'Leave the segment: VS Code stops being one of its peers')
        : command('peermap.attach', 'Attach', undefined, 'Join the segment: VS Code becomes one of its peers')}
    </div>
  );
}
