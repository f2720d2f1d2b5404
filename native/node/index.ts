// SPDX-License-Identifier: MIT
//
// The npm module `peermap`: what the addon exports, with events, objects and `using` on top.

import { addon } from './addon';

export type * from '../addon/model';
export type { AllocationOptions, Bytes, ObjectRow, PeermapError, RegisteredPeer, RootCopy, SegmentOptions } from '../addon/index';
export type { WaitOptions } from './arguments';
export type { Emitter, Signal } from './emitter';
export { Events, type EventMap, type EventsOptions, type Missed } from './events';
export { Growing, HeapObject, Pin, Range, Root, type ArrayType } from './range';
export { Observer, Segment, type SegmentHandle } from './segment';

/** Every code, in the order of PEERMAP_ERRORS in peermap.h. */
export const errorCodes = addon.errorCodes;
/** Whether this runtime allows views of the memory itself; where it does not, read() and write() copy. */
export const canView = addon.canView;
/** Removes the segment's name; who is attached keeps the memory. */
export const unlink = addon.unlink;
/** Every object named peermap.* on this machine, by name. */
export const list = addon.list;
/** The local processes that map a segment, whether they are registered or not. */
export const processes = addon.processes;
