// SPDX-License-Identifier: MIT
//
// Everything that writes into a segment.  To run a round one must be a peer: the server uses its attachment if it has one, and
// otherwise is a peer for as long as the round takes.
//
// One operation at a time for each segment: the server has one descriptive name, and two live peers may not share one.

import type { Segment } from '../../native/addon/index';
import type { Requests } from '../protocol/requests';
import type { Addon } from './addon';
import { integer } from './parameters';
import { removeSegment } from './removal';
import { identity } from './shared-memory';

type Params<M extends keyof Requests> = Requests[M]['params'];

interface Attachment {
  segment: Segment;
  /** Of the object that it is attached to, which may not be the one that has the name now. */
  object: number | undefined;
}

export class Rounds {
  readonly peerName = `vscode-${process.pid}`;
  private readonly attached = new Map<string, Attachment>();
  private readonly queues = new Map<string, Promise<unknown>>();

  constructor(private readonly addon: Addon) {}

  attach({ segment }: Params<'peermap/attach'>): Promise<{ peerName: string }> {
    return this.inTurn(segment, () => {
      if (!this.attachment(segment)) {
        const options = { peerName: this.peerName, relocatable: true };
        const attachment = {
          segment: this.addon.Segment.attach(segment, options),
          object: identity(segment),
        };
        this.attached.set(segment, attachment);
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

  grow({ segment, bytes, allowLate }: Params<'peermap/grow'>) {
    return this.asPeer(segment, allowLate, (peer) => peer.grow(bytes));
  }

  shrink({ segment, bytes, allowLate }: Params<'peermap/shrink'>) {
    return this.asPeer(segment, allowLate, (peer) => peer.shrink(bytes));
  }

  remap({ segment, pid }: Params<'peermap/remap'>) {
    return this.asPeer(segment, false, (peer) => (pid === undefined ? peer.remap() : peer.remap(pid)));
  }

  reap({ segment }: Params<'peermap/reap'>): Promise<{ freed: number }> {
    return this.asPeer(segment, false, (peer) => ({ freed: peer.reap() }));
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

  private asPeer<T>(segment: string, allowLate = false, work: (peer: Segment) => T | Promise<T>): Promise<T> {
    return this.inTurn(segment, async () => {
      const attachment = this.attachment(segment);
      // Whether late peers are allowed is a property of the attachment, so such a round needs one of its own.
      if (attachment && !allowLate) return work(attachment.segment);
      const peerName = attachment ? `${this.peerName}-late` : this.peerName;
      const peer = this.addon.Segment.attach(segment, { peerName, relocatable: true, allowLate });
      try {
        return await work(peer);
      } finally {
        peer.detach();
      }
    });
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
