// SPDX-License-Identifier: MIT
//
// How much watched segments may tell: so many bytes a second each, and all together.  After a message there is a rest, the longer the larger it was; what
// happens meanwhile is told as one change afterwards, or counted.

export interface Rates {
  bytesPerSecond: number;
  bytesPerSecondInAll: number;
}

/** Then it is looked again whether there is room. */
const whileStuckMs = 100;

export class Flow {
  /** When each may go on, of those that have told something large lately. */
  private readonly rests = new Map<string, number>();

  /** `isStuck`: whether whoever reads it takes nothing. */
  constructor(
    private readonly rates: Rates,
    private readonly isStuck: () => boolean = () => false,
  ) {}

  /** How many milliseconds `segment` has to wait before it tells anything. */
  rest(segment: string, now: number): number {
    return Math.max(this.isStuck() ? whileStuckMs : 0, (this.rests.get(segment) ?? 0) - now, 0);
  }

  /** It told so many bytes.  Those that rest at the same time share what there is for all. */
  told(segment: string, bytes: number, now: number): void {
    for (const [each, until] of this.rests) if (until <= now) this.rests.delete(each);
    const others = this.rests.size - (this.rests.has(segment) ? 1 : 0);
    const rate = Math.min(this.rates.bytesPerSecond, this.rates.bytesPerSecondInAll / (others + 1));
    this.rests.set(segment, Math.max(now, this.rests.get(segment) ?? 0) + (bytes / rate) * 1000);
  }

  forget(segment: string): void {
    this.rests.delete(segment);
  }
}

/** About as many as it is on its way. */
export function bytesOf(value: unknown): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return 8;
  if (ArrayBuffer.isView(value)) return value.byteLength;
  let bytes = 8;
  if (Array.isArray(value)) for (const each of value) bytes += bytesOf(each);
  else for (const key of Object.keys(value)) bytes += key.length + 2 + bytesOf((value as Record<string, unknown>)[key]);
  return bytes;
}
