// SPDX-License-Identifier: MIT
//
// The settings, and whose word counts in each.  A workspace is what somebody else may have written: what it says must not choose a program nor switch
// any protection off.  The manifest's scopes say the same to VS Code (a test compares the two); this holds where they are wrong.

/**
 * protection   It being so protects the person.  Their own word counts and nobody else's.           application
 * trust        Whom the person trusts, who is another on another machine.  The person's word counts, and that of the machine it is on.   machine
 * program      It chooses what is run.  The person's word counts, and that of the machine it is on. machine
 * tightening   Whoever says true is heard, a workspace and each folder of it included; nobody can take that back.   resource
 * work         It makes Peermap do something unasked.  Anybody's word counts, a workspace's once it is trusted.
 * look         How things are shown and told.  Anybody's word counts.
 */
export type SettingKind = 'protection' | 'trust' | 'program' | 'tightening' | 'work' | 'look';

interface Values {
  readOnly: boolean;
  'confirm.destroy': boolean;
  'confirm.shrink': boolean;
  'confirm.reap': boolean;
  'confirm.remove': boolean;
  'confirm.overwrite': boolean;
  trustedOwners: readonly unknown[];
  inspectOnStartup: string;
  notifications: string;
  'system.sort': string;
  'system.orphansOnly': boolean;
  'system.refreshSeconds': number;
}

export type Setting = keyof Values;
export type SettingValue<S extends Setting> = Values[S];

/** `otherwise`: where nobody says anything, or something of another type. */
export const settings: { readonly [S in Setting]: { readonly kind: SettingKind; readonly otherwise: Values[S] } } = {
  readOnly: { kind: 'tightening', otherwise: false },
  'confirm.destroy': { kind: 'protection', otherwise: true },
  'confirm.shrink': { kind: 'protection', otherwise: true },
  'confirm.reap': { kind: 'protection', otherwise: true },
  'confirm.remove': { kind: 'protection', otherwise: true },
  'confirm.overwrite': { kind: 'protection', otherwise: true },
  trustedOwners: { kind: 'trust', otherwise: [] },
  inspectOnStartup: { kind: 'work', otherwise: '' },
  notifications: { kind: 'look', otherwise: 'statusBar' },
  'system.sort': { kind: 'look', otherwise: 'size' },
  'system.orphansOnly': { kind: 'look', otherwise: false },
  'system.refreshSeconds': { kind: 'work', otherwise: 0 },
};

/** What is said at each level, as WorkspaceConfiguration.inspect() tells it. */
export interface Said {
  /** Of the manifest, unless another extension or a policy has replaced it. */
  defaultValue?: unknown;
  globalValue?: unknown;
  workspaceValue?: unknown;
  workspaceFolderValue?: unknown;
}

/** `said` for the window, then for each folder that is open in it. */
export function decide<S extends Setting>(setting: S, said: readonly Said[]): Values[S] {
  const { kind, otherwise } = settings[setting];
  const first = said[0] ?? {};
  const ofType = (value: unknown) => (isLike(value, otherwise) ? (value as Values[S]) : otherwise);
  switch (kind) {
    case 'protection':
    case 'trust':
    case 'program':
      return ofType(first.globalValue);
    case 'tightening':
      return ofType(said.some((each) => levelsOf(each).includes(true)));
    case 'work':
    case 'look':
      return ofType(levelsOf(first).find((value) => value !== undefined));
  }
}

function isLike(value: unknown, otherwise: unknown): boolean {
  return Array.isArray(otherwise) ? Array.isArray(value) : typeof value === typeof otherwise;
}

/** The most special first. */
function levelsOf({ workspaceFolderValue, workspaceValue, globalValue, defaultValue }: Said): unknown[] {
  return [workspaceFolderValue, workspaceValue, globalValue, defaultValue];
}
