// SPDX-License-Identifier: MIT
//
// Everything that writes into a segment.  To run a round one must be a peer: the server uses its attachment if it has one, and
// otherwise is a peer for as long as the round takes.
//
// A segment of another user is joined only by a person's word for that user, which comes with the request.  An attachment that it was given for is used without
// asking again.
//
// One operation at a time for each segment: the server has one descriptive name, and two live peers may not share one.

import * as l10n from '@vscode/l10n';
import type { RegisteredPeer, Segment, SegmentOptions } from '../../native/addon/index';
import { formatBytes } from '../protocol/address';
import { oneLine } from '../protocol/foreign';
import type { Attachment as PeerAttachment, OfOwner, OfSegment, Requests } from '../protocol/requests';
import type { Addon } from './addon';
import { isPeermapError } from './convert';
import { integer, refusal } from './parameters';
import { removeSegment } from './removal';
import { identity, ownerOf } from './shared-memory';

type Params<M extends keyof Requests> = Requests[M]['params'];

interface Attachment {
  segment: Segment;
  /** Of the object that it is attached to, which may not be the one that has the name now. */
  object: number | undefined;
  /** That was agreed to for it. */
  owner: number | undefined;
}

interface How extends OfSegment, OfOwner {
  allowLate?: boolean;
  /** Of the object that it is to be done to, whatever has the name. */
  inode?: number;
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
  private readonly queues = new Map<string, Promise<unknown>>();

  constructor(private readonly addon: Addon) {}

  attach({ segment, owner }: Params<'peermap/attach'>): Promise<{ peerName: string }> {
    return this.inTurn(segment, () => {
      if (!this.attachment(segment)) {
        const peer = this.join(segment, owner, { peerName: this.peerName });
        this.attached.set(segment, { segment: peer, object: identity(segment), owner });
      }
      return { peerName: this.peerName };
    });
  }

  detach({ segment }: Params<'peermap/detach'>): Promise<null> {
    return this.inTurn(segment, () => {
      this.leave(segment);
      return null;
    });
  }

  grow({ bytes, ...how }: Params<'peermap/grow'>) {
    return this.asPeer(how, (peer) => peer.grow(bytes));
  }

  shrink({ bytes, agreed, ...how }: Params<'peermap/shrink'>) {
    return this.asPeer({ ...how, ...agreed }, (peer) => {
      if (agreed && peer.size !== agreed.size)
        throw refusal('PEERMAP_EBUSY', changedMeanwhile(how.segment, agreed.size, peer.size));
      return peer.shrink(bytes);
    });
  }

  remap({ pid, ...how }: Params<'peermap/remap'>) {
    return this.asPeer(how, (peer) => (pid === undefined ? peer.remap() : peer.remap(pid)));
  }

  reap({ agreed, ...how }: Params<'peermap/reap'>): Promise<{ freed: number }> {
    const meant = agreed && new Set(agreed.dead.map(attachmentId));
    return this.asPeer({ ...how, ...agreed }, (peer) => {
      const others = meant ? peer.peers().filter(({ state, id }) => state === 'dead' && !meant.has(id)) : [];
      if (others.length > 0) throw refusal('PEERMAP_EBUSY', diedMeanwhile(how.segment, others));
      return { freed: peer.reap() };
    });
  }

  create({
    segment,
    bytes,
    reserve,
    strict = false,
    noPtrace = false,
    heap = false,
  }: Params<'peermap/create'>): Promise<{ size: number }> {
    return this.inTurn(segment, () => {
      const sizes = { initialSize: bytes, ...(reserve === undefined ? {} : { reserveSize: reserve }) };
      const peer = this.addon.Segment.create(segment, { peerName: this.peerName, strict, noPtrace, heap, ...sizes });
      try {
        return { size: peer.size };
      } finally {
        peer.detach();
      }
    });
  }

  destroy({ segment, inode }: Params<'peermap/destroy'>): Promise<null> {
    return this.inTurn(segment, () => {
      if (inode === undefined) this.addon.destroy(segment);
      else removeSegment(this.addon, segment, integer(inode, 'inode', 0));
      this.leave(segment);
      return null;
    });
  }

  private asPeer<T>({ segment, owner, allowLate = false, inode }: How, work: (peer: Segment) => T | Promise<T>): Promise<T> {
    return this.inTurn(segment, async () => {
      if (inode !== undefined && identity(segment) !== integer(inode, 'inode', 0))
        throw refusal('PEERMAP_EBUSY', replacedMeanwhile(segment));
      const attachment = this.attachment(segment);
      // Whether late peers are allowed is a property of the attachment, so such a round needs one of its own.
      if (attachment && !allowLate) return work(attachment.segment);
      const peerName = attachment ? `${this.peerName}-late` : this.peerName;
      const peer = this.join(segment, owner ?? attachment?.owner, { peerName, allowLate });
      try {
        return await work(peer);
      } finally {
        peer.detach();
      }
    });
  }

  /** The library refuses an object of anybody but the owner that was agreed to; without one, of anybody but the server's own user. */
  private join(segment: string, owner: number | undefined, options: SegmentOptions): Segment {
    const whose = owner === undefined ? {} : { owner: integer(owner, 'owner', 0, noUser - 1) };
    try {
      return this.addon.Segment.attach(segment, { ...options, relocatable: true, ...whose });
    } catch (error) {
      const found = isForeign(error) ? ownerOf(segment) : undefined;
      if (found === undefined) throw error;
      const text = l10n.t('{0} belongs to another user, uid {1}, and nobody has agreed to taking part in it.', segment, found);
      throw refusal('PEERMAP_EACCES', text, { owner: found });
    }
  }

  private attachment(segment: string): Attachment | undefined {
    const attachment = this.attached.get(segment);
    if (attachment && attachment.object !== identity(segment)) {
      this.leave(segment);
      return undefined;
    }
    return attachment;
  }

  private leave(segment: string): void {
    this.attached.get(segment)?.segment.detach();
    this.attached.delete(segment);
  }

  private inTurn<T>(segment: string, work: () => T | Promise<T>): Promise<T> {
    const turn = (this.queues.get(segment) ?? Promise.resolve()).then(work);
    const settled = turn
      .catch(() => undefined)
      .finally(() => {
        if (this.queues.get(segment) === settled) this.queues.delete(segment);
      });
    this.queues.set(segment, settled);
    return turn;
  }
}

function changedMeanwhile(segment: string, from: number, now: number): string {
  return l10n.t(
    '{0} has {1} by now, not {2} as when you were asked: nothing was taken away. Run the command again.',
    segment,
    formatBytes(now),
    formatBytes(from),
  );
}

function diedMeanwhile(segment: string, others: readonly RegisteredPeer[]): string {
  return l10n.t(
    '{0} has dead peers by now that it had not when you were asked, {1} for one: nothing was taken away. Run the command again.',
    segment,
    oneLine(others[0]?.name ?? ''),
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
