# SPDX-License-Identifier: MIT
"""Looking at segments without taking part: everything is opened to read, and no registry is entered.  It is in the compiled module alone."""

import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Iterator, List, NamedTuple, Optional, SupportsIndex, Tuple, Type, TypeVar

from ._errors import ERRORS, Error
from ._options import name_of, whole

if TYPE_CHECKING:
    _native: Any = None
else:
    try:
        from . import _hot, _native

        if not _hot.compiled or not hasattr(_native, "Watcher"):
            _native = None
    except ImportError:
        _native = None

Self = TypeVar("Self", bound="Observer")


class Problem(NamedTuple):
    """What could not be seen, or contradicts itself."""

    code: str
    """ "not-a-segment", "truncated", "gone", "left-out", …: ProblemCode of native/addon/model.d.ts."""
    where: str
    text: str


class Summary(NamedTuple):
    """A segment in a line."""

    name: str
    size: int
    """Active bytes."""
    reserved: int
    length: int
    """Bytes of the object, with its header."""
    allocated: int
    """Bytes that it has memory for."""
    uid: int
    mode: int
    alive: int
    late: int
    dead: int
    problem: Optional[Problem]
    """The first, if there is any."""


class Event(NamedTuple):
    """One record of the event ring; enum pm_event_kind of native/base/layout.h says what the numbers are of each kind."""

    seq: int
    """From 1, without gaps."""
    time_ns: int
    """CLOCK_MONOTONIC."""
    epoch: int
    kind: str
    """ "attach", "detach", "peer-died", "round-begin", "round-end", "root", …"""
    op: str
    """ "grow", "shrink", …: what a round is for, or "none"."""
    method: str
    """How a peer mapped, or "none"."""
    slot: Optional[int]
    pid: int
    by_slot: Optional[int]
    by_pid: int
    error: int
    size: int
    ns: int


class SeenPeer(NamedTuple):
    """A row of the registry, and what the kernel says of its process."""

    pid: int
    uid: Optional[int]
    """By the kernel's word; None where that is not seen."""
    name: str
    state: str
    """ "alive", "late", "dead" or "attaching"."""
    process_state: str
    """ "R", "S", "T" (stopped), "t" (traced), …; "" where that is not seen."""
    held: str
    """ "frozen", "stopped", "held by a debugger", or ""."""
    base: int
    mapped: int
    requested: int
    acked: int
    method: str
    error: int
    latency_ns: int
    pins: int
    pinned: int
    """Bytes."""
    attached_ns: int
    """CLOCK_REALTIME."""
    same_pid: bool
    relocated: bool
    read_only: bool
    missing: Optional[int]
    """Active bytes that it has not mapped, by the kernel's word; None where that is not seen."""


class SeenRoot(NamedTuple):
    name: str
    type: str
    offset: int
    size: int
    version: int


class Stranger(NamedTuple):
    """A process that maps the segment, and is not in the registry."""

    pid: int
    command: str


class Header(NamedTuple):
    size: int
    """Active bytes."""
    horizon: int
    """Bytes that every live peer is known to have mapped."""
    target: int
    reserved: int
    base: int
    epoch: int
    flags: List[str]
    page_size: int
    max_peers: int
    creator_pid: int
    created_ns: int
    """CLOCK_REALTIME."""
    creator: str
    creator_uid: int
    events: int
    """Events that there have been."""


class Snapshot(NamedTuple):
    """A segment at one moment."""

    name: str
    taken_ns: int
    """CLOCK_REALTIME."""
    length: int
    allocated: int
    uid: int
    mode: int
    header: Optional[Header]
    """None if it is no segment that can be read: `problems` says why."""
    peers: List[SeenPeer]
    roots: List[SeenRoot]
    strangers: List[Stranger]
    problems: List[Problem]


def _failure(code: int, sentence: str, error: int) -> Error:
    return ERRORS.get(code, Error)(sentence, error or None)


def _compiled() -> Any:
    if _native is None:
        raise NotImplementedError(
            "the observer is in the compiled module of peermap, which is not here: make the wheel where there are a C compiler, the headers of Python 3.11 or later "
            "and libobserver.a; or use the command peermap, with --json"
        )
    return _native


if _native is not None:
    _native.use_failure(_failure)


def segments() -> List[Summary]:
    """All segments of the machine in this folder, by name: 4096 of them at most, those of this user first.  NotImplementedError without the compiled module."""
    rows, _, _ = _compiled().segments()
    return [Summary._make((*facts, problem and Problem(*problem))) for *facts, problem in rows]


class Observer:
    """Watches one segment.  ENOENT, ENAME, EACCES, EFORMAT (not a regular file); NotImplementedError without the compiled module.  Used by one thread at a time."""

    def __init__(self, name: str) -> None:
        name_of("a segment's name", name)
        self._watcher = _compiled().Watcher(name)
        self.name = name

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        self.close()

    def __repr__(self) -> str:
        return "<peermap.Observer %s>" % self.name

    def close(self) -> None:
        """Idempotent.  Any other call afterwards is a ValueError."""
        self._watcher.close()

    def snapshot(self, strangers: bool = False) -> Snapshot:
        """What there is now.  `strangers`: also what other processes map, for which all of the machine are looked through."""
        name, taken_ns, length, allocated, uid, mode, header, peers, roots, others, problems = self._watcher.snapshot(strangers)
        return Snapshot(
            name,
            taken_ns,
            length,
            allocated,
            uid,
            mode,
            header=Header(*header) if header else None,
            peers=[SeenPeer(*row) for row in peers],
            roots=[SeenRoot(*row) for row in roots],
            strangers=[Stranger(*row) for row in others],
            problems=[Problem(*row) for row in problems],
        )

    def events(self, after: SupportsIndex = 0, limit: SupportsIndex = 4096) -> List[Event]:
        """Those with `seq` > after that the ring still has, oldest first, at most `limit`."""
        return self._events(whole("after", after), whole("limit", limit))[0]

    def _events(self, after: int, limit: int) -> Tuple[List[Event], int]:
        rows, last, _ = self._watcher.events(after, limit)
        return [Event(*row) for row in rows], last

    def follow(self, after: Optional[SupportsIndex] = None) -> Iterator[Event]:
        """Events as they come, without an end: from now on, or those with `seq` > after.  A death is told of when some peer has noticed it, as by peers().

        Ctrl+C ends it within a tenth of a second.
        """
        if after is None:
            seen = self.snapshot().header
            last = seen.events if seen else 0
        else:
            last = whole("after", after)
        while True:
            rows, last = self._events(last, 4096)
            yield from rows
            if not rows:
                self.wait(deadline_ms=1000)

    def wait(self, deadline_ms: SupportsIndex = 1000) -> bool:
        """Waits until something of the segment changes - a round, who takes part, a root, a death, its removal; not the data - since the last wait, or the first began.

        False if nothing did by the deadline.  Costs nothing while nothing happens.
        """
        until = time.monotonic() + whole("deadline_ms", deadline_ms) / 1000
        while True:
            rest = until - time.monotonic()
            if self._watcher.wait(max(1, int(min(rest, 0.1) * 1000))):
                return True
            if rest <= 0.1:
                return False

    def read(self, offset: SupportsIndex, size: SupportsIndex) -> bytes:
        """A copy of up to `size` bytes of the data at `offset`; shorter at the end of the object."""
        data: bytes = self._watcher.read(whole("offset", offset), whole("size", size))
        return data
