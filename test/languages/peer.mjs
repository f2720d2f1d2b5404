// SPDX-License-Identifier: MIT
//
// The peer in JavaScript; see peer.h.

import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const { Segment } = await import(pathToFileURL(process.env['PEERMAP_MODULE']).href);
const [, , segmentName, name, heap] = process.argv;
const [wordsOfHead, wordsOfPiece, bytesOfObject] = [2, 3, 24];
const bytesOfTable = 8 * (wordsOfHead + 62 * wordsOfPiece);

const segment = Segment.open(segmentName, { peerName: name, deadlineMs: 20_000, heap: heap !== undefined });
const offsetOf = (address) => Number(address - segment.base);

async function grown(bytes) {
  return (await segment.grow(bytes)).size - bytes;
}

function require(condition, what) {
  if (!condition) throw new Error(what);
}

function fill(bytes, seed) {
  for (let i = 0; i < bytes.length; i++) bytes[i] = (seed + i) % 251;
}

function holds(bytes, seed) {
  return bytes.every((byte, i) => byte === (seed + i) % 251);
}

/** Released when the command is done: what is viewed holds up every shrink. */
const used = [];
function use(range) {
  used.push(range);
  return range;
}

function tableOf(of) {
  const root = segment.root(of);
  require(root, `no root ${of}`);
  return use(root).typed(BigUint64Array);
}

const commands = {
  async grow(bytes, seed) {
    const offset = await grown(Number(bytes));
    fill(use(segment.range(offset, Number(bytes))).bytes, Number(seed));
    const table = tableOf(name);
    table.set([segment.base + BigInt(offset), BigInt(bytes), BigInt(seed)], wordsOfHead + Number(table[0]) * wordsOfPiece);
    table[0] += 1n;
    return offset;
  },
  check(of) {
    const table = tableOf(of);
    let total = 0;
    for (let i = 0; i < table[0]; i++) {
      const [address, length, seed] = table.subarray(wordsOfHead + i * wordsOfPiece);
      require(holds(use(segment.range(offsetOf(address), Number(length))).bytes, Number(seed)), `piece ${i} of ${of}`);
      total += Number(length);
    }
    return `${table[0]} ${total}`;
  },
  peers: () =>
    segment
      .peers()
      .map((peer) => `${peer.name}:${peer.state}`)
      .sort()
      .join(' '),
  make(count, seed) {
    const table = tableOf(name);
    for (let k = 0; k < Number(count); k++) {
      const length = ((Number(seed) + k) * 53) % 3000;
      const object = segment.alloc(bytesOfObject + length);
      object.typed(BigUint64Array, 3).set([table[1], BigInt(length), BigInt(seed) + BigInt(k)]);
      fill(object.bytes.subarray(bytesOfObject), Number(seed) + k);
      object.release();
      table[1] = object.address;
    }
    return '';
  },
  take(of) {
    const table = tableOf(of);
    let [objects, total] = [0, 0];
    for (; table[1] !== 0n; objects++) {
      const object = segment.object(offsetOf(table[1]));
      const [next, length, seed] = object.typed(BigUint64Array, 3);
      require(object.byteLength === bytesOfObject + Number(length), `the size of object ${objects}`);
      require(holds(object.bytes.subarray(bytesOfObject), Number(seed)), `object ${objects} of ${of}`);
      table[1] = next;
      total += Number(length);
      object.free();
    }
    return `${objects} ${total}`;
  },
  stats() {
    const { smallObjects, largeObjects, faults } = segment.heapStats();
    return `${smallObjects + largeObjects} ${faults}`;
  },
};

if (!segment.root(name)) {
  if (heap) segment.setRoot(name, segment.alloc(bytesOfTable, { zeroed: true }), 'struct table');
  else segment.setRoot(name, await grown(4096), bytesOfTable, 'struct table');
}
console.log(`ready ${process.pid} ${segment.base.toString(16)} ${tableOf(name)[0]}`);
for await (const line of createInterface({ input: process.stdin })) {
  const [word, ...words] = line.split(' ');
  try {
    console.log(`ok ${await commands[word](...words)}`.trimEnd());
  } catch (error) {
    console.log(`error ${error.message}`);
  }
  for (const range of used.splice(0)) range.release();
}
segment.detach();
