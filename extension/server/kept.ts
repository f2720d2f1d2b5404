// SPDX-License-Identifier: MIT
//
// What was read and may be asked for again: so many things, and so many bytes of them.  What nobody has asked for longest goes first.

export interface Room {
  entries: number;
  bytes: number;
}

export class Kept<T> {
  private readonly all = new Map<string, { value: T; bytes: number }>();
  private bytes = 0;

  constructor(private readonly room: Room) {}

  has(key: string): boolean {
    return this.all.has(key);
  }

  get(key: string): T | undefined {
    const found = this.all.get(key);
    if (found) this.all.delete(key);
    if (found) this.all.set(key, found);
    return found?.value;
  }

  /** Of what is not known to be large yet, 0: weigh() comes later. */
  set(key: string, value: T, bytes = 0): void {
    this.delete(key);
    this.all.set(key, { value, bytes });
    this.bytes += bytes;
    for (const oldest of this.all.keys()) {
      if (this.all.size <= this.room.entries && this.bytes <= this.room.bytes) return;
      this.delete(oldest);
    }
  }

  /** If it is still that value. */
  weigh(key: string, value: T, bytes: number): void {
    if (this.all.get(key)?.value === value) this.set(key, value, bytes);
  }

  forget(key: string, value: T): void {
    if (this.all.get(key)?.value === value) this.delete(key);
  }

  private delete(key: string): void {
    this.bytes -= this.all.get(key)?.bytes ?? 0;
    this.all.delete(key);
  }
}
