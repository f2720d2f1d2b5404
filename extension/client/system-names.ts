// SPDX-License-Identifier: MIT
//
// Whose an object probably is, by its name alone: a description for people, and nothing that anything is decided by.

import * as l10n from '@vscode/l10n';
import type { SharedObject } from '../protocol/model';

const patterns: readonly [RegExp, () => string][] = [
  [/^peermap\./, () => 'Peermap'],
  [/^PostgreSQL\.\d+$/, () => 'PostgreSQL'],
  [/^(\.org\.chromium\.Chromium|\.com\.google\.Chrome|org\.chromium\.)/, () => 'Chromium'],
  [/^org\.mozilla\.ipc\./, () => 'Firefox'],
  [/^psm_[0-9a-f]{8}$/, () => l10n.t('Python (multiprocessing)')],
  [/^(wnsm_|mp-)/, () => l10n.t('Python (multiprocessing)')],
  [/^torch_\d+_/, () => 'PyTorch'],
  [/^sem\./, () => l10n.t('POSIX semaphore')],
  [/^(iox|iceoryx)/, () => 'iceoryx'],
  [/^(fastrtps_|fast_datasharing)/, () => 'Fast DDS'],
  [/^(boost_interprocess|MySharedMemory$)/, () => 'Boost.Interprocess'],
  [/^pulse-shm-/, () => 'PulseAudio'],
  [/^(lttng-ust-|shm-ust)/, () => 'LTTng'],
  [/^aeron-/, () => 'Aeron'],
  [/^(vader_segment|ompi|sm_segment)/, () => 'Open MPI'],
  [/^nccl-/, () => 'NCCL'],
  [/^u\d+-Shm_/, () => 'Valve'],
  [/^qipc_/, () => 'Qt'],
  [/^pipewire-memfd/, () => 'PipeWire'],
  [/^(wayland-|xshmfence|gdk-wayland)/, () => l10n.t('Graphics')],
  [/^doublemapper$/, () => '.NET'],
  [/^(mutter-shared|gnome-)/, () => 'GNOME'],
];

export function ownerByName({ kind, name, sysv }: Pick<SharedObject, 'kind' | 'name' | 'sysv'>): string | undefined {
  // The first key that PostgreSQL takes is made of its port: 5432001 is 0x52e2c1.
  if (kind === 'sysv') return sysv && Math.floor(sysv.key / 1000) === 5432 ? 'PostgreSQL' : undefined;
  return patterns.find(([pattern]) => pattern.test(name))?.[1]();
}
