// SPDX-License-Identifier: MIT
//
// What the declarations of the module need of Node and of TypeScript's later libraries, so that whoever uses it needs neither @types/node nor a `lib` beyond ES2022.

import { EventEmitter } from 'node:events';

declare global {
  // As TypeScript 5.2 and @types/node have them.
  interface SymbolConstructor {
    readonly dispose: unique symbol;
    readonly asyncDispose: unique symbol;
  }
  interface Disposable {
    [Symbol.dispose](): void;
  }
  interface AsyncDisposable {
    [Symbol.asyncDispose](): PromiseLike<void>;
  }
}

/** What is used of an AbortSignal. */
export interface Signal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** Node's EventEmitter, of these events with these arguments. */
export interface Emitter<Map extends { [Name in keyof Map]: unknown[] }> {
  on<Name extends keyof Map>(event: Name, listener: (...given: Map[Name]) => void): this;
  once<Name extends keyof Map>(event: Name, listener: (...given: Map[Name]) => void): this;
  off<Name extends keyof Map>(event: Name, listener: (...given: Map[Name]) => void): this;
  addListener<Name extends keyof Map>(event: Name, listener: (...given: Map[Name]) => void): this;
  removeListener<Name extends keyof Map>(event: Name, listener: (...given: Map[Name]) => void): this;
  prependListener<Name extends keyof Map>(event: Name, listener: (...given: Map[Name]) => void): this;
  prependOnceListener<Name extends keyof Map>(event: Name, listener: (...given: Map[Name]) => void): this;
  removeAllListeners(event?: keyof Map): this;
  setMaxListeners(most: number): this;
  getMaxListeners(): number;
  listenerCount(event: keyof Map): number;
  listeners(event: keyof Map): ((...given: never[]) => unknown)[];
  rawListeners(event: keyof Map): ((...given: never[]) => unknown)[];
  eventNames(): (string | symbol)[];
  emit<Name extends keyof Map>(event: Name, ...given: Map[Name]): boolean;
}

export type EmitterOf<Map extends { [Name in keyof Map]: unknown[] }> = new () => Emitter<Map>;

export const emitter: unknown = EventEmitter;
