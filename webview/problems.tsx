// SPDX-License-Identifier: MIT
//
// What is wrong, each with its place, and with the command that mends it where there is one.

import type { JSX } from 'preact';
import type { Snapshot } from '../extension/protocol/model';
import { useActions } from './context';
import { findingsOf, type Finding } from './findings';
import { isRunning, refusal } from './header';
import { Button, Icon, Section } from './parts';
import { plural } from './peer';
import type { State } from './state';
import './problems.css';

export function Problems({ state, snapshot }: { state: State; snapshot: Snapshot }): JSX.Element {
  const findings = findingsOf(snapshot);
  return (
    <Section
      name="problems"
      title="Problems"
      aside={findings.length > 0 ? plural(findings.length, 'entry', 'entries') : undefined}
      closed={state.view.closed}
    >
      {findings.length === 0 ? (
        <p class="empty">
          <Icon name="check" tone="ok" />
          No problems
        </p>
      ) : (
        <ul class="problems">
          {findings.map((finding) => (
            <Problem key={finding.id} finding={finding} state={state} />
          ))}
        </ul>
      )}
    </Section>
  );
}

const tones = { error: 'bad', warning: 'warn', info: 'quiet' } as const;

function Problem({ finding, state }: { finding: Finding; state: State }): JSX.Element {
  const { view, run } = useActions();
  const { severity, code, where, text, peer, fix } = finding;
  return (
    <li class={`problem ${peer !== undefined && peer === state.view.peer ? 'selected' : ''}`}>
      <Icon name={severity} tone={tones[severity]} />
      <div class="problem-text">
        <span class="hidden-text">{severity}: </span>
        {peer === undefined ? (
          <span class="where">{where}</span>
        ) : (
          <button type="button" class="where link" title="Select this process" onClick={() => view({ peer })}>
            {where}
          </button>
        )}{' '}
        <span>{text}</span> <code>{code}</code>
      </div>
      {fix ? (
        <Button
          label={fix.label}
          reason={refusal(state)}
          busy={isRunning(state, fix.command, fix.pid)}
          onPress={() => run(fix.command, fix.pid)}
        />
      ) : null}
    </li>
  );
}
