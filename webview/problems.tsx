// SPDX-License-Identifier: MIT
//
// What is wrong, each with its place, and with the command that mends it where there is one.

import * as l10n from '@vscode/l10n';
import type { JSX } from 'preact';
import type { Snapshot } from '../extension/protocol/model';
import { useActions } from './context';
import { findingsOf, type Finding } from './findings';
import { isRunning, refusal } from './header';
import { Button, Icon, Section } from './parts';
import type { State } from './state';
import './problems.css';

export function Problems({ state, snapshot }: { state: State; snapshot: Snapshot }): JSX.Element {
  const findings = findingsOf(snapshot);
  return (
    <Section name="problems" title={l10n.t('Problems')} aside={countText(findings.length)} closed={state.view.closed}>
      {findings.length === 0 ? (
        <p class="empty">
          <Icon name="check" tone="ok" />
          {l10n.t('No problems')}
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

function countText(count: number): string | undefined {
  if (count === 0) return undefined;
  return count === 1 ? l10n.t('1 entry') : l10n.t('{0} entries', count);
}

function severityWord(severity: Finding['severity']): string {
  if (severity === 'error') return l10n.t('error');
  return severity === 'warning' ? l10n.t('warning') : l10n.t('info');
}

const tones = { error: 'bad', warning: 'warn', info: 'quiet' } as const;

function Problem({ finding, state }: { finding: Finding; state: State }): JSX.Element {
  const { view, run } = useActions();
  const { severity, code, where, text, peer, fix } = finding;
  return (
    <li class={`problem ${peer !== undefined && peer === state.view.peer ? 'selected' : ''}`}>
      <Icon name={severity} tone={tones[severity]} />
      <div class="problem-text">
        <span class="hidden-text">{severityWord(severity)}: </span>
        {peer === undefined ? (
          <span class="where">{where}</span>
        ) : (
          <button type="button" class="where link" title={l10n.t('Select this process')} onClick={() => view({ peer })}>
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
