// SPDX-License-Identifier: MIT
//
// The small things that the page is made of: icons, buttons, sections, values that glow when they change, the tooltip.

import * as l10n from '@vscode/l10n';
import type { ComponentChildren, JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Tip } from './context';
import { useActions } from './context';
import { formatBytes } from '../extension/protocol/address';
import type { SectionName } from './view-state';
import './parts.css';
import './table.css';

/** Drawn in a square of 16. */
const icons = {
  alive: 'M8 3.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9z',
  late: 'M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8M8 4.4V8l2.6 1.6',
  dead: 'M3.2 3.2l9.6 9.6M12.8 3.2l-9.6 9.6',
  attaching: 'M8 2.2a5.8 5.8 0 0 1 5.8 5.8M8 13.8A5.8 5.8 0 0 1 2.2 8',
  stranger: 'M5.4 5.6a2.6 2.6 0 1 1 3.9 2.3c-.8.5-1.3 1-1.3 2M8 12.4v.9',
  error: 'M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8M8 4.6v4M8 10.4v1.1',
  warning: 'M8 2.2L14.4 13.6H1.6zM8 6.4v3.4M8 11.2v1',
  info: 'M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8M8 7.2v4.2M8 4.6v1',
  check: 'M3 8.6l3.2 3.2L13 4.6',
  chevron: 'M6 3.8L10.2 8 6 12.2',
  copy: 'M5.5 5.5h7.7v7.7H5.5zM10.5 5.5V2.8H2.8v7.7h2.7',
  remap: 'M13.2 6.4A5.5 5.5 0 0 0 3.4 5M2.8 9.6a5.5 5.5 0 0 0 9.8 1.4M13.4 2.8v3.6H9.8M2.6 13.2V9.6h3.6',
  lock: 'M3.8 7.2h8.4v6H3.8zM5.4 7.2V5a2.6 2.6 0 0 1 5.2 0v2.2',
  close: 'M4 4l8 8M12 4l-8 8',
  plus: 'M8 3v10M3 8h10',
  minus: 'M3 8h10',
  fit: 'M2.8 5.6V2.8h2.8M10.4 2.8h2.8v2.8M13.2 10.4v2.8h-2.8M5.6 13.2H2.8v-2.8',
  play: 'M5 3.2l7.2 4.8L5 12.8z',
  terminal: 'M2.2 3h11.6v10H2.2zM4.8 6l2 2-2 2M8.6 10.4h2.8',
  text: 'M3.6 2.2h6l2.8 2.8v8.8H3.6zM6 6.8h4M6 9h4M6 11.2h2.6',
  up: 'M8 12.5v-9M4.2 7.2L8 3.4l3.8 3.8',
  down: 'M8 3.5v9M4.2 8.8L8 12.6l3.8-3.8',
  more: 'M3 8h.01M8 8h.01M13 8h.01',
  pause: 'M5.4 3.4v9.2M10.6 3.4v9.2',
} as const;
export type IconName = keyof typeof icons;
const filled: ReadonlySet<IconName> = new Set(['alive', 'play']);

export function Icon({ name, tone }: { name: IconName; tone?: string }): JSX.Element {
  return (
    <svg class={`icon ${filled.has(name) ? 'filled' : ''} ${tone ? `tone-${tone}` : ''}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={icons[name]} />
    </svg>
  );
}

interface ButtonProps {
  label: string;
  icon?: IconName;
  /** Shown as an icon alone; the label stays its name. */
  bare?: boolean;
  primary?: boolean;
  busy?: boolean;
  /** Why it cannot be used now.  The button stays reachable, so that the reason does too. */
  reason?: string | undefined;
  title?: string;
  pressed?: boolean;
  tabIndex?: number;
  onPress: () => void;
}

export function Button({
  label,
  icon,
  bare,
  primary,
  busy,
  reason,
  title,
  pressed,
  tabIndex,
  onPress,
}: ButtonProps): JSX.Element {
  const off = reason !== undefined || busy === true;
  const press = (event: Event): void => {
    event.stopPropagation();
    if (!off) onPress();
  };
  return (
    <button
      type="button"
      class={`button ${bare ? 'bare' : ''} ${primary ? 'primary' : ''} ${busy ? 'busy' : ''}`}
      aria-label={reason === undefined ? label : l10n.t('{0} ({1})', label, reason)}
      aria-disabled={off ? 'true' : undefined}
      aria-busy={busy ? 'true' : undefined}
      aria-pressed={pressed}
      tabIndex={tabIndex}
      title={reason ?? title ?? (bare ? label : undefined)}
      onClick={press}
    >
      {icon ? <Icon name={icon} /> : null}
      {bare ? null : <span>{label}</span>}
    </button>
  );
}

interface SectionProps {
  name: SectionName;
  title: string;
  /** Beside the title: a count, say. */
  aside?: ComponentChildren;
  tools?: ComponentChildren;
  closed: readonly SectionName[];
  children: ComponentChildren;
}

export function Section({ name, title, aside, tools, closed, children }: SectionProps): JSX.Element {
  const { view } = useActions();
  const open = !closed.includes(name);
  const toggle = (): void =>
    view((state) => ({
      closed: open ? [...state.view.closed, name] : state.view.closed.filter((one) => one !== name),
    }));
  return (
    <section id={name} class="section" aria-labelledby={`${name}-title`}>
      <div class="section-head">
        <h2 id={`${name}-title`}>
          <button type="button" class="disclosure" aria-expanded={open} aria-controls={`${name}-body`} onClick={toggle}>
            <Icon name="chevron" />
            {title}
          </button>
        </h2>
        {aside === undefined ? null : <span class="aside">{aside}</span>}
        {open && tools ? <div class="tools">{tools}</div> : null}
      </div>
      <div id={`${name}-body`} class="section-body" hidden={!open}>
        {open ? children : null}
      </div>
    </section>
  );
}

/** A value that glows for a moment when it has changed.  `of` is what is compared. */
export function Changing({ of, children }: { of: string | number; children: ComponentChildren }): JSX.Element {
  const seen = useRef({ of, turns: 0 });
  if (seen.current.of !== of) seen.current = { of, turns: seen.current.turns + 1 };
  // Two animations that are the same but for their name: changing from one to the other starts it again.
  const { turns } = seen.current;
  return <span class={turns === 0 ? 'changing' : `changing glow-${turns % 2}`}>{children}</span>;
}

/** A size to read, and the exact one to point at. */
export function Bytes({ of }: { of: number }): JSX.Element {
  const [amount = '', unit = ''] = formatBytes(of).split(' ');
  return (
    <span class="bytes" title={l10n.t('{0} bytes', of.toLocaleString('en-US'))}>
      {amount} <span class="unit">{unit}</span>
    </span>
  );
}

export function TipBox({ tip }: { tip: Tip | undefined }): JSX.Element {
  const ref = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const box = ref.current;
    if (!box || !tip) return;
    const { width, height } = box.getBoundingClientRect();
    const left = Math.max(4, Math.min(tip.x + 12, document.documentElement.clientWidth - width - 4));
    const below = tip.y + 16;
    const top = below + height > window.innerHeight ? Math.max(4, tip.y - height - 10) : below;
    box.style.setProperty('left', `${left}px`);
    box.style.setProperty('top', `${top}px`);
  });
  return (
    <>
      <div ref={ref} class="tip" role="tooltip" hidden={!tip}>
        {tip?.lines.map((line, at) => (
          <div key={at}>{line}</div>
        ))}
      </div>
      <div class="hidden-text" aria-live="polite">
        {tip?.spoken ? tip.lines.join('. ') : ''}
      </div>
    </>
  );
}
