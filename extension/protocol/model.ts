// SPDX-License-Identifier: MIT
//
// What the server tells about segments: the addon's objects as they travel.  Derived, so that they cannot drift: addresses, bigint
// there, are hexadecimal strings here; everything else is the same.  What each field means is in native/addon/model.d.ts.

import type * as addon from '../../native/addon/model';

export type Address = `0x${string}`;

/** T with every bigint an Address. */
export type Wire<T> = T extends bigint
  ? Address
  : T extends readonly (infer E)[]
    ? Wire<E>[]
    : T extends object
      ? { [K in keyof T]: Wire<T[K]> }
      : T;

export type ErrorCode = addon.ErrorCode;
export type Problem = Wire<addon.Problem>;
export type Mapping = Wire<addon.Mapping>;
export type Peer = Wire<addon.Peer>;
export type Root = Wire<addon.Root>;
export type Header = Wire<addon.Header>;
export type Snapshot = Wire<addon.Snapshot>;
export type PeermapEvent = Wire<addon.PeermapEvent>;
export type EventBatch = Wire<addon.EventBatch>;
export type SegmentSummary = Wire<addon.SegmentSummary>;
export type ProcessUse = Wire<addon.ProcessUse>;
export type PeerAnswer = Wire<addon.PeerAnswer>;
export type Round = Wire<addon.Round>;
export type { EventKind, Method, Op, PeerState, ProblemCode, SegmentFlag } from '../../native/addon/model';
