// SPDX-License-Identifier: MIT
//
// Everything that writes into a segment.  To run a round one must be a peer: the server uses its attachment if it has one, and
// otherwise is a peer for as long as the round takes.
//
// A segment of another user is joined only by a person's word for that user and that object, which comes with the request.  An attachment that it was given for is
// used without asking again.
//
// One operation at a time for each segment: the server has one descriptive name, and two live peers may not share one.  Each may wait for others until its
// deadline, so none is made on the main thread, and none waits for one of another segment (turns.ts).

import * as l10n from '@vscode/l10n';
import type { Segment, SegmentOptions } from '../../native/addon/index';
import { formatBytes } from '../protocol/address';
import { isSameObject, type ObjectId } from '../protocol/object-id';
import type { Attachment as PeerAttachment, Method, OfObject, OfOwner, OfSegment, Requests } from '../protocol/requests';
import type { Addon } from './addon';
import { changes } from './budgets';
import { isPeermapError } from './convert';
import { integer, objectId, refusal } from './parameters';
import { removeSegment } from './removal';
import { identity, ownerOf } from './shared-memory';
import { Turns } from './turns';
import type { UnderWay } from './under-way';

type Params<M extends keyof Requests> = Requests[M]['params'];

interface Attachment {
  segment: Segment;
  /** Of the object that it is attached to, which may not be the one that has the name now. */
  object: ObjectId | undefined;
  /** That was agreed to for it. */
  owner: number | undefined;
}

interface How extends OfSegment, OfOwner {
  allowLate?: boolean;
  agreed?: OfObject;
}

/** OfOwner, as it is handed on. */
interface Word {
  owner: number | undefined;
  object: ObjectId | undefined;
}

/** The uid that stands for none. */
const noUser = 2 ** 32 - 1;

function isForeign(error: unknown): boolean {
  return isPeermapError(error) && error.code === 'PEERMAP_EACCES' && error.errno === foreign;
}
/** EREMOTE, which node:os does not name. */
const foreign = 66;

export class Rounds {
  readonly peerName = `vscode-${process.pid}`;
  private readonly attached = new Map<string, Attachment>();
  /** Other lines than those of the looks: what is being changed is looked at meanwhile. */
  private readonly turns = new Turns(changes);

  constructor(
    private readonly addon: Addon,
    private readonly underWay: UnderWay,
  ) {}

  attach({ segment, owner, ...of }: Params<'peermap/attach'>): Promise<{ peerName: string }> {
    return this.inTurn('peermap/attach', segment, async () => {
      const object = objectId(of);
      refuseOthers(segment, object);
      if (!(await this.attachment(segment))) {
        const peer = await this.join(segment, { owner, object }, { peerName: this.peerName });
        this.attached.set(segment, { segment: peer, object: identity(segment), owner });
      }
      return { peerName: this.peerName };
    });
  }

  detach({ segment }: Params<'peermap/detach'>): Promise<null> {
    return this.inTurn('peermap/detach', segment, async () => {
      await this.leave(segment);
      return null;
    });
  }

  grow({ bytes, ...how }: Params<'peermap/grow'>) {
    return this.asPeer('peermap/grow', how, (peer) => peer.grow(bytes));
  }

  shrink({ bytes, ...how }: Params<'peermap/shrink'>) {
    const { agreed } = how;
    return this.asPeer('peermap/shrink', how, async (peer) => {
      if (agreed && peer.size !== agreed.size)
        throw refusal('PEERMAP_EBUSY', changedMeanwhile(how.segment, agreed.size, peer.size));
      return await peer.shrink(bytes);
    });
  }

  remap({ pid, ...how }: Params<'peermap/remap'>) {
    return this.asPeer('peermap/remap', how, (peer) => (pid === undefined ? peer.remap() : peer.remap(pid)));
  }

  reap(how: Params<'peermap/reap'>): Promise<{ freed: number }> {
    const meant = how.agreed?.dead.map((attachment) => ({ id: attachmentId(attachment) }));
    return this.asPeer('peermap/reap', how, async (peer) => ({ freed: await peer.reapAsync(meant) }));
  }

  create({
    segment,
    bytes,
    reserve,
    strict = false,
    noPtrace = false,
    heap = false,
  }: Params<'peermap/create'>): Promise<{ size: number }> {
    return this.inTurn('peermap/create', segment, async () => {
      const sizes = { initialSize: bytes, ...(reserve === undefined ? {} : { reserveSize: reserve }) };
      const options = { peerName: this.peerName, strict, noPtrace, heap, ...sizes };
      const peer = await this.addon.Segment.createAsync(segment, options);
      try {
        return { size: peer.size };
      } finally {
        await peer.detachAsync();
      }
    });
  }

  destroy({ segment, ...of }: Params<'peermap/destroy'>): Promise<null> {
    return this.inTurn('peermap/destroy', segment, async () => {
      const object = objectId(of);
      if (object === undefined) await this.addon.unlinkAsync(segment);
      else await removeSegment(this.addon, segment, object);
      await this.leave(segment);
      return null;
    });
  }

  private asPeer<T>(method: Method, how: How, work: (peer: Segment) => Promise<T>): Promise<T> {
    const { segment, owner, allowLate = false, agreed } = how;
    return this.inTurn(method, segment, async () => {
      const object = objectId(how);
      if (agreed && isAnother(segment, objectId(agreed))) throw refusal('PEERMAP_EBUSY', replacedMeanwhile(segment));
      refuseOthers(segment, object);
      const attachment = await this.attachment(segment);
      // Whether late peers are allowed is a property of the attachment, so such a round needs one of its own.
      if (attachment && !allowLate) return work(attachment.segment);
      const peerName = attachment ? `${this.peerName}-late` : this.peerName;
      const word = { owner: owner ?? attachment?.owner, object: object ?? attachment?.object };
      const peer = await this.join(segment, word, { peerName, allowLate });
      try {
        return await work(peer);
      } finally {
        await peer.detachAsync();
      }
    });
  }

  /** The library refuses an object of anybody but the owner that was agreed to; without one, of anybody but the server's own user. */
  private async join(segment: string, { owner, object }: Word, options: SegmentOptions): Promise<Segment> {
    const whose = owner === undefined ? {} : { owner: integer(owner, 'owner', 0, noUser - 1) };
    let peer: Segment | undefined;
    try {
      peer = await this.addon.Segment.attachAsync(segment, { ...options, relocatable: true, ...whose });
      refuseOthers(segment, object); // it may have been replaced since the first look
      return peer;
    } catch (error) {
      await peer?.detachAsync();
      throw (isForeign(error) && notAgreed(segment)) || error;
    }
  }

  private async attachment(segment: string): Promise<Attachment | undefined> {
    const attachment = this.attached.get(segment);
    if (attachment && !isOf(segment, attachment.object)) {
      await this.leave(segment);
      return undefined;
    }
    return attachment;
  }

  private async leave(segment: string): Promise<void> {
    const attachment = this.attached.get(segment);
    this.attached.delete(segment);
    await attachment?.segment.detachAsync();
  }

  private inTurn<T>(method: Method, segment: string, work: () => Promise<T>): Promise<T> {
    if (typeof segment !== 'string') throw new TypeError('segment must be a string');
    return this.turns.take(segment, () => this.underWay.during({ method, segment }, work));
  }
}

/** Than an object that was agreed to; not if the name is free, which whoever attaches finds out. */
function isAnother(segment: string, object: ObjectId | undefined): boolean {
  const now = identity(segment);
  return now !== undefined && (object === undefined || !isSameObject(now, object));
}

/** Also if neither is there any more. */
function isOf(segment: string, object: ObjectId | undefined): boolean {
  const now = identity(segment);
  return now === undefined || object === undefined ? now === object : isSameObject(now, object);
}

function refuseOthers(segment: string, object: ObjectId | undefined): void {
  const refused = object !== undefined && isAnother(segment, object) && notAgreed(segment);
  if (refused) throw refused;
}

/** With what is to be agreed to. */
function notAgreed(segment: string): Error | undefined {
  const foreign = ownerOf(segment);
  if (!foreign) return undefined;
  const text = l10n.t(
    '{0} belongs to another user, uid {1}, and nobody has agreed to taking part in it.',
    segment,
    foreign.owner,
  );
  return refusal('PEERMAP_EACCES', text, { foreign });
}

function changedMeanwhile(segment: string, from: number, now: number): string {
  return l10n.t(
    '{0} has {1} by now, not {2} as when you were asked: nothing was taken away. Run the command again.',
    segment,
    formatBytes(now),
    formatBytes(from),
  );
}

function replacedMeanwhile(segment: string): string {
  return l10n.t(
    '{0} is another segment by now than when you were asked: nothing was taken away. Run the command again.',
    segment,
  );
}

/** As the library says it: RegisteredPeer.id. */
function attachmentId({ slot, generation }: PeerAttachment): bigint {
  const [index, claims] = [integer(slot, 'slot', 0, 0xfffe), integer(generation, 'generation', 0)];
  return BigInt.asUintN(64, (BigInt(claims) << 16n) | BigInt(index + 1));
}
