# SPDX-License-Identifier: MIT
"""The peer in Python; see peer.h."""

import os
import struct
import sys
from typing import Tuple

import peermap

HEAD = struct.Struct("=QQ")  # of a table: count, chain
PIECE = struct.Struct("=QQQ")  # address, length, seed
OBJECT = struct.Struct("=QQQ")  # next, length, seed
TABLE = HEAD.size + 62 * PIECE.size
CYCLE = bytes(range(251)) * 2


def pattern(length: int, seed: int) -> bytes:
    start = seed % 251
    return (CYCLE[start : start + 251] * (length // 251 + 1))[:length]


def require(condition: bool, what: str) -> None:
    if not condition:
        raise ValueError(what)


class Peer:
    def __init__(self, segment: peermap.Segment, name: str, heap: bool) -> None:
        self.segment = segment
        if segment.root(name) is None:
            if heap:
                segment.set_root(name, segment.calloc(TABLE), type="struct table")
            else:
                segment.set_root(name, self.grown(os.sysconf("SC_PAGE_SIZE")), TABLE, "struct table")
        self.name = name

    def grown(self, by: int) -> int:
        return self.segment.grow(by).size - by

    def at(self, address: int, length: int) -> memoryview:
        return self.segment.view(address - self.segment.base, length)

    def head(self, name: str) -> Tuple[memoryview, int, int]:
        root = self.segment.root(name)
        require(root is not None, "no root " + name)
        assert root
        return (root.memory, *HEAD.unpack_from(root.memory))

    def grow(self, by: str, seed: str) -> str:
        offset = self.grown(int(by))
        self.segment.view(offset, int(by))[:] = pattern(int(by), int(seed))
        table, count, chain = self.head(self.name)
        PIECE.pack_into(table, HEAD.size + count * PIECE.size, self.segment.base + offset, int(by), int(seed))
        HEAD.pack_into(table, 0, count + 1, chain)
        return str(offset)

    def check(self, name: str) -> str:
        table, count, _ = self.head(name)
        total = 0
        for i in range(count):
            address, length, seed = PIECE.unpack_from(table, HEAD.size + i * PIECE.size)
            require(self.at(address, length) == pattern(length, seed), "piece %d of %s" % (i, name))
            total += length
        return "%d %d" % (count, total)

    def peers(self) -> str:
        return " ".join(sorted("%s:%s" % (peer.name, peer.state) for peer in self.segment.peers()))

    def make(self, count: str, seed: str) -> str:
        for k in range(int(count)):
            length = (int(seed) + k) * 53 % 3000
            one = self.segment.alloc(OBJECT.size + length)
            table, pieces, chain = self.head(self.name)
            memory = one.memory
            OBJECT.pack_into(memory, 0, chain, length, int(seed) + k)
            memory[OBJECT.size :] = pattern(length, int(seed) + k)
            HEAD.pack_into(table, 0, pieces, one.address)
        return ""

    def take(self, name: str) -> str:
        objects, total = 0, 0
        while True:
            table, pieces, chain = self.head(name)
            if chain == 0:
                return "%d %d" % (objects, total)
            one = self.segment.object(chain - self.segment.base)
            after, length, seed = OBJECT.unpack_from(one.memory)
            require(one.size == OBJECT.size + length, "the size of object %d" % objects)
            require(one.memory[OBJECT.size :] == pattern(length, seed), "object %d of %s" % (objects, name))
            HEAD.pack_into(table, 0, pieces, after)
            one.free()
            objects, total = objects + 1, total + length

    def stats(self) -> str:
        heap = self.segment.heap_stats()
        return "%d %d" % (heap.small_objects + heap.large_objects, heap.faults)


def main(name: str, peer_name: str, *heap: str) -> None:
    with peermap.open(name, peer_name=peer_name, deadline_ms=20000, heap=bool(heap)) as segment:
        peer = Peer(segment, peer_name, bool(heap))
        print("ready %d %x %d" % (os.getpid(), segment.base, peer.head(peer_name)[1]), flush=True)
        for line in sys.stdin:
            word, *arguments = line.split()
            try:
                print(("ok " + getattr(peer, word)(*arguments)).rstrip(), flush=True)
            except Exception as error:
                print("error %s" % error, flush=True)


main(*sys.argv[1:])
