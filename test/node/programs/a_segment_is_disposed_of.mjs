// SPDX-License-Identifier: MIT
import { strict as assert } from 'node:assert';
import { Observer, Segment } from 'peermap';
import { freshName, MiB } from './common.mjs';

const name = freshName();
const segment = Segment.create(name, { initialSize: MiB });
assert.ok(segment instanceof Segment);
segment[Symbol.dispose]();
assert.throws(() => segment.size, { code: 'PEERMAP_EDETACHED' });

const patient = Segment.open(name);
const rounds = Array.from({ length: 10 }, () => patient.grow(4096));
await patient[Symbol.asyncDispose]();
assert.equal((await Promise.all(rounds)).at(-1).size, MiB + 10 * 4096);
assert.throws(() => patient.size, { code: 'PEERMAP_EDETACHED' });

const observer = new Observer(name);
observer[Symbol.dispose]();
assert.throws(() => observer.snapshot(), { code: 'PEERMAP_EDETACHED' });
assert.throws(() => Segment.create(name), { code: 'PEERMAP_EEXIST' });
