# SPDX-License-Identifier: MIT
"""What the library tells, as copies."""

from typing import List, NamedTuple, Optional, Tuple

from . import _library
from ._again import root_again
from ._hot import Place


class Round(NamedTuple):
    """peermap_round of peermap.h."""

    epoch: int
    size: int
    peers: int
    acked: int
    late: int
    died: int
    unstopped: int
    ahead: int
    populated: int
    nanoseconds: int
    blocker: Optional[Tuple[int, str]]
    """pid and name of the peer that did not answer, or that holds the lock or a pin."""


class Peer(NamedTuple):
    """peermap_peer of peermap.h."""

    pid: int
    uid: int
    start_time: int
    name: str
    base: int
    mapped: int
    epoch_requested: int
    epoch_acked: int
    state: str
    """ "alive", "late" or "dead"."""
    method: str
    """How it came to its last mapping: "agent", "ahead", …"""
    error: int
    nanoseconds: int
    id: int
    """Of this attachment, and of no other ever."""
    read_only: bool


class Result(NamedTuple):
    """peermap_result of peermap.h."""

    pid: int
    name: str
    method: str
    error: int
    nanoseconds: int


class HeapClass(NamedTuple):
    """peermap_heap_class of peermap.h."""

    stride: int
    spans: int
    objects: int
    capacity: int
    bytes: int


class HeapPeer(NamedTuple):
    """peermap_heap_peer of peermap.h."""

    pid: int
    name: str
    threads: int
    spans: int
    span_bytes: int
    allocations: int
    allocated_bytes: int
    frees: int
    freed_bytes: int


class Heap(NamedTuple):
    """peermap_heap of peermap.h."""

    size: int
    used: int
    small_objects: int
    large_objects: int
    large_bytes: int
    span_bytes: int
    free_bytes: int
    hole_bytes: int
    largest_free: int
    grown: int
    faults: int
    reclaimed: int
    lost_threads: int
    metadata: int
    classes: List[HeapClass]


class Root(Place):
    """What a root names: `name`, `offset`, `size` in bytes, `type` ("" if it was set without one), and `version`, which is another one whenever the
    root was set.  A copy: it stays as it was read.

    Pickled, it leads to the same place in whichever process.
    """

    __slots__ = ()

    def _facts(self) -> "Tuple[str, int, int, str, int]":
        return self.name, self.offset, self.size, self.type, self.version

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Root) and self.segment is other.segment and self._facts() == other._facts()

    def __hash__(self) -> int:
        return hash(self._facts())

    def __repr__(self) -> str:
        return "<Root %s offset=%d size=%d type=%r>" % self._facts()[:4]

    def __reduce__(self):  # type: ignore[no-untyped-def]
        return root_again, (self.segment._way(), *self._facts())

    @property
    def address(self) -> int:
        """In this process, and in every other that is not relocated."""
        return self.segment.base + self.offset


class LiveObject(NamedTuple):
    """peermap_object of peermap.h: what objects() gives."""

    offset: int
    size: int
    owner: int
    """`id` of the peer that allocated it; 0: that has left, or is not known."""
    pid: int
    state: str
    """ "alive" or "dead", of that peer; "unknown" where there is none."""
    name: str
    allocated: Optional[float]
    """Seconds since 1970, to about four; None where that is not known."""


def _fields(record: type, struct, **others):  # type: ignore[no-untyped-def]
    values = {name: getattr(struct, name) for name in record._fields if name not in others}  # type: ignore[attr-defined]
    for name, value in values.items():
        if isinstance(value, bytes):
            values[name] = value.decode()
    return record(**values, **others)


def round_of(struct: "_library.Round") -> Round:
    blocker = (struct.blocker_pid, struct.blocker.decode()) if struct.blocker_pid else None
    result: Round = _fields(Round, struct, blocker=blocker)
    return result


def peer_of(struct: "_library.Peer") -> Peer:
    state, method = _library.STATES[struct.state], _library.METHODS[struct.method]
    result: Peer = _fields(Peer, struct, state=state, method=method, base=struct.base or 0, read_only=bool(struct.flags & _library.READ_ONLY))
    return result


def result_of(struct: "_library.Result") -> Result:
    result: Result = _fields(Result, struct, method=_library.METHODS[struct.method])
    return result


def heap_of(struct: "_library.Heap", classes: "List[_library.HeapClass]") -> Heap:
    result: Heap = _fields(Heap, struct, classes=[_fields(HeapClass, one) for one in classes])
    return result


def heap_peer_of(struct: "_library.HeapPeer") -> HeapPeer:
    result: HeapPeer = _fields(HeapPeer, struct)
    return result


def live_object_of(struct: "_library.Object") -> LiveObject:
    allocated = struct.allocated_ns / 1e9 if struct.allocated_ns else None
    result: LiveObject = _fields(LiveObject, struct, state=_library.STATES[struct.state], allocated=allocated)
    return result
