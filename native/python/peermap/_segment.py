# SPDX-License-Identifier: MIT
"""One attachment of this process to a segment."""

import contextlib
import ctypes
import errno
import gc
import sys
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterable, Iterator, List, NoReturn, Optional, SupportsIndex, Tuple, Type, TypeVar, Union

from . import _again, _hot, _library
from ._arrays import extent_of
from ._calls import Calls
from ._ending import attachments, leave_with_worker
from ._errors import EDETACHED, EINVAL, ELOST
from ._failures import check, failure, heap_failure
from ._heap import HeapObject
from ._library import library
from ._options import Options, name_of, options_of, whole
from ._records import Heap, HeapPeer, LiveObject, Peer, Result, Root, Round
from ._records import heap_of, heap_peer_of, live_object_of, peer_of, result_of, round_of

if TYPE_CHECKING:
    import numpy

    from ._arrays import Shape
    from ._options import Unpack

Self = TypeVar("Self", bound="Segment")
At = Union[SupportsIndex, str, Root, HeapObject]
Placed = Union[SupportsIndex, Root, HeapObject]

_CALLING = "this thread is in the middle of a call"
_SLICE_MS = 100  # after which a wait lets signals and a detach have their turn

_hot.use(HeapObject, Root)


class Segment(_hot.Attachment, Calls):
    """Made by create(), attach() and open().  Every method may be called from any thread.

    Pickled, it is a name and options: who unpickles it has its own attachment to the same segment.
    """

    def __init__(self, name: str, options: Optional[Dict[str, Any]] = None) -> None:
        Calls.__init__(self)
        _hot.Attachment.__init__(self)
        self._attached = ctypes.c_void_p()
        self._departure: Iterator[None] = map(library.detach, (self._attached,))  # once: no Ctrl+C comes between the taking and the call.  Of NULL it is none
        self._name = name
        self._options = dict(options or {})
        self._pins = 0
        self._lingering = False  # left by a `with` block, and its memory is in use: to _unused()
        self._is: Optional[_again.Identity] = None
        self._leaving = threading.RLock()  # who detaches waits for the library in it, and nobody else does
        attachments.add(self)

    # ---- who uses the handle: a detach waits for them ----

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        """Like detach(), but that memory which is in use stays as long as it is, and this process a peer: no call begins any more."""
        try:
            self._leave(lingering=True)
        except BufferError:
            # What is wrong already is worth more.  The frames of the traceback may hold a pin; when they go, it is detached.
            if error is None:
                raise

    def __del__(self, ends: Callable[[], bool] = sys.is_finalizing) -> None:
        if not ends() and hasattr(self, "_leaving"):  # the library leaves then
            with contextlib.suppress(BufferError):
                self.detach()

    def __copy__(self, *_: object) -> NoReturn:
        raise TypeError("a Segment is one attachment of this process, and cannot be copied")

    __deepcopy__ = __copy__

    def __reduce__(self):  # type: ignore[no-untyped-def]
        return _again.segment_again, (self._way(),)

    def __repr__(self) -> str:
        return "<peermap.Segment %s%s>" % (self._name, "" if self._handle is not None else ", detached")

    def _way(self) -> _again.Again:
        own = {name: value for name, value in self._options.items() if name in _again.OWN and value is not None}
        return _again.Again(self._name, self._identity(), own)

    def _identity(self) -> _again.Identity:
        if self._is is None:
            self._is = _again.identity_at(self.base)
        return self._is

    def _is_attached(self) -> bool:
        with contextlib.suppress(EDETACHED), self._use() as handle:
            return library.base(handle) is not None
        return False

    def detach(self) -> None:
        """Leaves the segment, and waits for the calls that other threads have under way, each of which ends by its deadline.  Idempotent: after an
        exception, as of Ctrl+C, no call begins any more, and another detach() goes on with it.

        BufferError, like mmap.close(), while there are memoryviews or arrays of its memory, or pins, and in the middle of a call of the same thread (by
        a signal handler, say).
        """
        self._leave()

    def _leave(self, lingering: bool = False, regardless: bool = False) -> None:
        with self._idle:
            if self._handle is not None or self._lingering:
                alive = library.base(self._attached) is not None and not regardless
                if alive and self._in_use(lingering):
                    gc.collect()
                if alive and self._in_use(lingering):
                    raise BufferError("segment %s cannot be detached: %s" % (self._name, self._in_use(lingering)))
                if not self._shut(lingering or not alive):
                    raise BufferError("segment %s cannot be detached: another thread has its memory" % self._name)
                self._lingering = alive and self._exported > 0
            while self._users or self._calls:
                if self._is_calling():
                    raise BufferError("segment %s cannot be detached: %s" % (self._name, _CALLING))
                self._idle.wait(0.02 if self._calls else None)  # those say nothing when they end
            if self._lingering and self._exported:
                return
            self._lingering = False
        self._depart()

    def _unused(self) -> None:
        """Nothing is exported any more.  Where calls are under way, who waits for them departs."""
        with self._idle:
            if not self._lingering or self._users or self._calls:
                return
            self._lingering = False
        self._depart()

    def _depart(self) -> None:
        with self._leaving:
            next(self._departure, None)

    def _in_use(self, lingering: bool) -> str:
        """What would be waited for without an end; nothing, if there is nothing."""
        if self._exported and not lingering:
            return "%d memoryviews or arrays of its memory exist" % self._exported
        if self._pins:
            return "%d pins of it are held" % self._pins
        return _CALLING if self._is_calling() else ""

    # ---- what it is ----

    @property
    def name(self) -> str:
        return self._name

    @property
    def page_size(self) -> int:
        with self._use() as handle:
            return int(library.page_size(handle))

    @property
    def epoch(self) -> int:
        with self._use() as handle:
            self._base(handle)
            return int(library.epoch(handle))

    # ---- the memory ----

    def read(self, offset: SupportsIndex, size: SupportsIndex) -> bytes:
        """A copy.  ELOST where the object was cut short from outside; a touch of a memoryview there ends the process."""
        with self._use() as handle:
            length = whole("size", size)
            if length > library.size(handle):  # before it is allocated
                check(library.read(handle, 0, None, 0))
                raise EINVAL("size is %d, more than is active" % length)
            copy = ctypes.create_string_buffer(length)
            check(library.read(handle, whole("offset", offset), copy, length))
            return copy.raw

    def write(self, offset: SupportsIndex, bytes: Union[bytes, bytearray, memoryview]) -> None:
        """Likewise."""
        given = memoryview(bytes).tobytes()
        with self._use() as handle:
            check(library.write(handle, whole("offset", offset), given, len(given)))

    @contextlib.contextmanager
    def pin(self) -> Iterator[int]:
        """While it lasts, no shrink takes away the bytes that it gives, and the segment cannot be detached."""
        with self._idle, self._use() as handle:
            self._base(handle)
            active = int(library.pin(handle))
            if active == 0:
                raise EINVAL("segment %s has as many pins of this process as can be" % self._name)
            self._pins += 1
        try:
            yield active
        finally:
            with self._idle:
                if self._pins and self._handle is not None:
                    self._pins -= 1
                    library.unpin(self._handle)

    def array(self, at: At, dtype: Any = "u1", shape: "Optional[Shape]" = None) -> "numpy.ndarray[Any, Any]":
        """A numpy array (the extra `numpy`) over the memory itself: at an offset, a root (also by its name), or an object.  Without a shape: all of it.

        EINVAL, a ValueError, if a root or an object has no room for the shape, or no whole number of the dtype, or if the root's type is a number of C that
        is another than the dtype; a dtype of one byte is for whatever there is.
        """
        import numpy

        offset, size, what, type = self._place(at)
        kind = numpy.dtype(dtype)
        dimensions, needed = extent_of(kind, shape, what, size, type)
        return numpy.ndarray(dimensions, dtype=kind, buffer=self.view(offset, needed))

    def _place(self, at: At) -> Tuple[int, Optional[int], str, str]:
        """Offset, bytes, and what a sentence calls it and its type."""
        if isinstance(at, str):
            found = self.root(at)
            if found is None:
                raise KeyError(at)
            at = found
        if isinstance(at, (Root, HeapObject)):
            self._own(at)
            if isinstance(at, Root):
                return at.offset, at.size, 'root "%s"' % at.name, at.type
            return at.offset, at.size, "the object", ""
        return whole("offset", at), None, "", ""

    def _own(self, at: Union[Root, HeapObject]) -> None:
        of = at.segment
        if of is not self and not (of.name == self.name and of._is_attached() and of._identity() == self._identity()):
            what = "the root %s" % at.name if isinstance(at, Root) else "the object"
            which = "segment %s" % of.name if of.name != self.name else "an attachment to segment %s that has ended, or to another of that name" % of.name
            raise EINVAL("%s is of %s, not of segment %s" % (what, which, self.name) if of.name != self.name else "%s is of %s" % (what, which))

    # ---- rounds ----

    def grow(self, by: SupportsIndex) -> Round:
        """Adds `by` bytes, rounded up to pages.  On return every peer has the new memory mapped."""
        return self._round(library.grow, whole("by", by))

    def grow_to(self, size: SupportsIndex) -> Round:
        """Adds what is missing to `size` bytes, and nothing where nothing is: of those who see the same need at once, one makes the growth."""
        return self._round(library.grow_to, whole("size", size))

    def shrink(self, by: SupportsIndex) -> Round:
        """Removes `by` bytes, rounded down to pages, from the end."""
        return self._round(library.shrink, whole("by", by))

    def remap(self, pid: SupportsIndex = 0) -> Round:
        """0: every peer."""
        return self._round(library.remap, self._pid(pid))

    def map_peer(self, pid: SupportsIndex = 0) -> Round:
        """0: every peer."""
        return self._round(library.map_peer, self._pid(pid))

    @staticmethod
    def _pid(pid: SupportsIndex) -> int:
        number = whole("pid", pid)
        if number >> 31:
            raise EINVAL("pid must be less than 2**31, and is %d" % number)
        return number

    def trim(self) -> Round:
        """Gives all free memory of the heap back to the system."""
        return self._round(library.trim)

    def _round(self, function: Any, *arguments: int) -> Round:
        report = _library.Round()
        with self._use() as handle:
            result = function(handle, *arguments, ctypes.byref(report))
            if result < 0:
                error = failure(result)
                error.round = round_of(report)
                raise error
        return round_of(report)

    def results(self) -> List[Result]:
        """How each peer came to the last round of this attachment."""
        return [result_of(row) for row in self._rows(library.results, _library.Result)]

    def _rows(self, function: Any, row: Any) -> List[Any]:
        rows: Any = []
        with self._use() as handle:
            count = check(function(handle, None, 0))
            while count > len(rows):  # more may come between two calls
                rows = (row * count)()
                count = check(function(handle, rows, count))
        return list(rows[:count])

    # ---- the registry ----

    def peers(self) -> List[Peer]:
        return [peer_of(row) for row in self._rows(library.peers, _library.Peer)]

    def me(self) -> Peer:
        """This process's own row."""
        row = _library.Peer()
        with self._use() as handle:
            check(library.self(handle, ctypes.byref(row)))
        return peer_of(row)

    def peer_ended(self, peer: Peer) -> bool:
        """Whether no thread of its process can touch the memory any more.  One that is "dead" may have threads that run for a moment more."""
        row = _library.Peer(id=peer.id)
        with self._use() as handle:
            return check(library.peer_ended(handle, ctypes.byref(row))) == 1

    def wait_ended(self, peer: Peer, deadline_ms: Optional[SupportsIndex] = None) -> bool:
        """Waits for that; False if it was not so by the deadline.  None: that of the segment."""
        row = _library.Peer(id=peer.id)
        for ms in self._turns(deadline_ms):
            with self._use() as handle:
                if check(library.wait_ended(handle, ctypes.byref(row), ms)) == 1:
                    return True
        return False

    def _turns(self, deadline_ms: Optional[SupportsIndex]) -> Iterator[int]:
        """How long to wait each time, until the deadline, by the library's clock."""
        with self._use() as handle:
            self._base(handle)
            rest = library.deadline_ms(handle) if deadline_ms is None else whole("deadline_ms", deadline_ms)
        until = library.now() + rest * 1000000
        while True:
            yield max(1, min(rest, _SLICE_MS))
            rest = (until - library.now()) // 1000000
            if rest <= 0:
                return

    def pid_of(self, peer_name: str) -> Optional[int]:
        with self._use() as handle:
            self._base(handle)
            return library.pid_of(handle, name_of("a peer's name", peer_name)) or None

    def reap(self, peers: Optional[Iterable[Peer]] = None) -> int:
        """Frees the slots of dead peers, of these and of nobody who has died since, or of all; how many."""
        if peers is None:
            with self._use() as handle:
                return check(library.reap(handle))
        rows = [_library.Peer(id=peer.id) for peer in peers]
        with self._use() as handle:
            return check(library.reap_peers(handle, (_library.Peer * len(rows))(*rows), len(rows)))

    # ---- roots ----

    def set_root(self, name: str, at: Placed, size: Optional[SupportsIndex] = None, type: Optional[str] = None) -> None:
        """Names an offset with a size, or an object."""
        offset, length = self._extent(at, size)
        with self._use() as handle:
            address = self._base(handle) + offset
            check(library.set_root(handle, name_of("a root's name", name), address, length, None if type is None else name_of("a root's type", type)))

    def compare_exchange_root(
        self,
        name: str,
        was: Optional[Root],
        at: Optional[Placed],
        size: Optional[SupportsIndex] = None,
        type: Optional[str] = None,
    ) -> bool:
        """Like set_root(), or for None remove_root(), if the root is still what root() gave: `was`, or None for none.

        False, and nothing is changed, if somebody else was first.
        """
        offset, length = (0, 0) if at is None else self._extent(at, size)
        version = ctypes.c_uint64(0 if was is None else was.version)
        with self._use() as handle:
            address = None if at is None else self._base(handle) + offset
            kind = None if type is None else name_of("a root's type", type)
            return check(library.compare_exchange_root(handle, name_of("a root's name", name), ctypes.byref(version), address, length, kind)) == 0

    def _extent(self, at: Placed, size: Optional[SupportsIndex]) -> Tuple[int, int]:
        if isinstance(at, str):
            raise TypeError("a root is set to an offset, an object or another root, not to a str")
        offset, all_of_it, what, _ = self._place(at)
        length = all_of_it if size is None else whole("size", size)
        if length is None:
            raise TypeError("a root at an offset needs a size")
        return offset, length

    def remove_root(self, name: str) -> None:
        with self._use() as handle:
            check(library.set_root(handle, name_of("a root's name", name), None, 0, None))

    def roots(self) -> List[Root]:
        """All of them, in no order."""
        rows = self._rows(library.roots, _library.RootRow)
        base = self.base
        return [self._root_of(row.name.decode(errors="replace"), base, row) for row in rows]

    def wait_roots(self, changes: SupportsIndex = 0, deadline_ms: Optional[SupportsIndex] = None) -> int:
        """Waits until the number of changes of any roots is another than `changes`, and gives that; 0, to begin with, is over at once unless there was never a
        root.  TimeoutError if nothing was changed by the deadline; None: that of the segment.
        """
        seen = ctypes.c_uint64(whole("changes", changes))
        for ms in self._turns(deadline_ms):
            with self._use() as handle:
                if check(library.wait_roots(handle, ctypes.byref(seen), ms)) == 0:
                    return seen.value
        raise TimeoutError("no root of segment %s changed by the deadline" % self._name)

    def wait_root(self, name: str, was: Optional[Root] = None, deadline_ms: Optional[SupportsIndex] = None) -> Optional[Root]:
        """Waits until the root is another than `was`, or with None until there is one.  None if it was removed.

        TimeoutError if it was not so by the deadline; None: that of the segment.
        """
        found = _library.Root()
        for ms in self._turns(deadline_ms):
            with self._use() as handle:
                base = self._base(handle)
                if check(library.wait_root(handle, name_of("a root's name", name), 0 if was is None else was.version, ms, ctypes.byref(found))) == 0:
                    return None if found.pointer is None else self._root_of(name, base, found)
        raise TimeoutError("root %s of segment %s did not %s by the deadline" % (name, self._name, "appear" if was is None else "change"))

    def _root_of(self, name: str, base: int, found: Any) -> Root:
        return Root(self, name, found.pointer - base, found.size, found.type.decode(errors="replace"), found.version)

    # ---- words of the memory ----

    def wait(self, offset: SupportsIndex, value: SupportsIndex, deadline_ms: Optional[SupportsIndex] = None) -> bool:
        """Waits until the 4 bytes at `offset`, a number without sign in the machine's order, are another than `value`: for who changes them and calls notify().

        False if they were not by the deadline; None: that of the segment.
        """
        at, number = whole("offset", offset), whole("value", value)
        if number >> 32:
            raise EINVAL("value must be less than 2**32, and is %d" % number)
        for ms in self._turns(deadline_ms):
            with self._use() as handle:
                if check(library.wait(handle, self._base(handle) + at, number, ms)) == 0:
                    return True
        return False

    def notify(self, offset: SupportsIndex, count: SupportsIndex = 1) -> int:
        """Wakes up to `count` threads, in whichever process, that wait for the word at `offset`, after it was changed; how many."""
        with self._use() as handle:
            wanted = min(whole("count", count), (1 << 31) - 1)
            return check(library.notify(handle, self._base(handle) + whole("offset", offset), wanted))

    # ---- the heap ----

    def alloc_to(self, slot: SupportsIndex, size: SupportsIndex) -> HeapObject:
        """An object of zeroes, whose offset is put into the 8 bytes at the offset `slot` of the segment, which must be 0: whoever is killed in here leaves either
        nothing, or the object where the slot leads to it.  FileExistsError if it is not 0.
        """
        at, length = whole("slot", slot), whole("size", size)
        with self._use() as handle:
            offset: int = library.alloc_offset_to(handle, self._base(handle) + at, length)
            if offset == 0:
                raise heap_failure(ctypes.get_errno())
        return HeapObject(self, offset, length)

    def objects(self) -> Iterator[LiveObject]:
        """All live objects, in the order of their offsets: to find what nothing refers to any more.  What lives all the while is met once."""
        cursor, row = ctypes.c_uint64(), _library.Object()
        while True:
            with self._use() as handle:
                if check(library.next_object(handle, ctypes.byref(cursor), ctypes.byref(row))) == 0:
                    return
            yield live_object_of(row)

    def realloc(self, object: HeapObject, size: SupportsIndex) -> HeapObject:
        self._own(object)
        object.resize(size)
        return object

    def free(self, object: HeapObject) -> None:
        self._own(object)
        object.free()

    def object(self, at: Union[SupportsIndex, Root]) -> HeapObject:
        """The live object that begins there, whoever allocated it; EINVAL if there is none, or one of no bytes."""
        offset = self._place(at)[0]
        with self._use() as handle:
            ctypes.set_errno(0)
            size = library.object_size(handle, self._base(handle) + offset)
            if size == 0 and ctypes.get_errno() == errno.ENODATA:
                raise failure(ELOST.number)
        if size == 0:
            raise EINVAL("no live object begins at offset %d" % offset)
        return HeapObject(self, offset, size)

    def heap_stats(self) -> Heap:
        heap = _library.Heap()
        with self._use() as handle:
            check(library.heap_stats(handle, ctypes.byref(heap)))
        return heap_of(heap, self._rows(library.heap_classes, _library.HeapClass))

    def heap_peers(self) -> List[HeapPeer]:
        return [heap_peer_of(row) for row in self._rows(library.heap_peers, _library.HeapPeer)]


# ---- how to come to one ----


def _enter(function: Any, name: str, given: Options) -> Segment:
    options: Dict[str, Any] = dict(given)
    segment = Segment(name, options)
    check(function(name_of("a segment's name", name), ctypes.byref(options_of(options)), ctypes.byref(segment._attached)))
    segment._reads = bool(options.get("read_only"))
    segment._handle = segment._attached.value
    leave_with_worker()
    return segment


def _entered(name: str, options: Options) -> Optional[Segment]:
    """One that a `with` block has left and whose memory is in use still: its addresses are taken, and it is what is asked for."""
    for segment in list(attachments):
        if segment._lingering and segment._name == name and segment._options == options:
            with segment._idle:
                if segment._lingering and _again.identity_at(library.base(segment._attached) or 0) == _again.identity_of(name):
                    segment._lingering, segment._handle = False, segment._attached.value
                    return segment
    return None


def create(name: str, **options: "Unpack[Options]") -> Segment:
    """Creates the segment and attaches to it; EEXIST."""
    return _enter(library.create, name, options)


def attach(name: str, **options: "Unpack[Options]") -> Segment:
    """Attaches to an existing segment; ENOENT."""
    return _entered(name, options) or _enter(library.attach, name, options)


def open(name: str, **options: "Unpack[Options]") -> Segment:
    """Attaches, or creates if there is none, race-free.

    Options: see Options, and peermap_options of peermap.h.  EINVAL names one that the segment which is there contradicts, as heap=True of one without.

    With read_only=True nothing is created, views cannot be written, and what would change the segment is EREADONLY.

    Another user's segment is EACCES, with errno EREMOTE, unless `owner` is that user's uid, or `foreign` is True.
    """
    return _entered(name, options) or _enter(library.open, name, options)


def unlink(name: str) -> None:
    """Removes the segment's name; who is attached keeps the memory."""
    check(library.unlink(name_of("a segment's name", name)))


_again.attached = lambda: list(attachments)
_again.attach = attach
