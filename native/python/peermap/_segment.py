# SPDX-License-Identifier: MIT
"""One attachment of this process to a segment.

Memory is handed out as memoryviews of ctypes arrays that are laid over it.  An array lives as long as a memoryview, a slice or a numpy array
refers to it, and says when it ends; so there is a count of what is exported.  While there is any, the attachment stays, and one pin keeps
every peer from shrinking the memory away.
"""

import atexit
import contextlib
import ctypes
import errno
import functools
import gc
import os
import re
import threading
import weakref
from types import TracebackType
from typing import TYPE_CHECKING, Any, Dict, Iterable, Iterator, List, NoReturn, Optional, Sequence, Set, Tuple, Type, TypeVar, Union

from . import _library
from ._errors import EACCES, EDETACHED, EINVAL, ELOST, EREADONLY, ENOSPC, EOS, ERRORS, Error, NotInTime
from ._heap import Faults, HeapObject
from ._library import library
from ._records import Result, Heap, HeapPeer, Peer, Root, Round, result_of, heap_of, heap_peer_of, peer_of, round_of

if TYPE_CHECKING:
    import numpy

Self = TypeVar("Self", bound="Segment")
At = Union[int, str, Root, HeapObject]

_FLAGS = {
    "allow_late": _library.ALLOW_LATE,
    "strict": _library.STRICT,
    "relocatable": _library.RELOCATABLE,
    "no_ptrace": _library.NO_PTRACE,
    "prefault": _library.PREFAULT,
    "huge": _library.HUGE,
    "heap": _library.HEAP,
    "foreign": _library.FOREIGN,
    "read_only": _library.READ_ONLY,
}
_CALLING = "this thread is in the middle of a call"
_SLICE_MS = 100  # after which a wait lets signals and a detach have their turn
_NUMBERS = ("initial_size", "reserve_size", "ahead", "deadline_ms", "max_peers", "mode", "heap_step", "owner")


# Sentences of the library name options as C has them.  native/observer/words.c has the same for the other faces.
_OPTIONS = {
    "PEERMAP_OWNER and options.owner": "owner=UID",
    "options.owner": "owner",
    "PEERMAP_FOREIGN": "foreign=True",
    "PEERMAP_READ_ONLY": "read_only=True",
    "PEERMAP_ALLOW_LATE": "allow_late=True",
    "PEERMAP_HEAP": "heap=True",
    "peermap_reap()": "reap()",
}
# Not a segment that is called so.
_OPTION = re.compile(r"(?<!segment )(?<!\w)(?:%s)(?!\w)" % "|".join(map(re.escape, _OPTIONS)))


def _failure(code: int, error: int = 0) -> Error:
    kind = ERRORS.get(code, Error)
    sentence = _OPTION.sub(lambda found: _OPTIONS[found.group()], library.last_error().decode())
    if kind is EOS and (error or ctypes.get_errno()) == errno.ETIMEDOUT:
        kind = NotInTime
    return kind(sentence, error or (ctypes.get_errno() if kind in (EACCES, EOS, NotInTime) else None))


def _check(result: int) -> int:
    if result < 0:
        raise _failure(result)
    return result


def _name(name: str) -> bytes:
    if "\0" in name:
        raise EINVAL("a name must not contain NUL")
    return name.encode()


def _bytes(what: str, size: int) -> int:
    if not isinstance(size, int):
        raise TypeError("%s must be an int, not %s" % (what, type(size).__name__))
    if not 0 <= size < 1 << 63:
        raise EINVAL("%s is %d" % (what, size))
    return size


def _options(given: Dict[str, Any]) -> _library.Options:
    options = _library.Options(struct_size=ctypes.sizeof(_library.Options))
    for name, value in given.items():
        if value is None:
            continue
        if name == "peer_name":
            options.peer_name = _name(value)
        elif name in _FLAGS:
            options.flags |= _FLAGS[name] if value else 0
        elif name in _NUMBERS:
            if _bytes(name, value) >> 8 * getattr(_library.Options, name).size:  # ctypes would cut it
                raise EINVAL("%s is %d" % (name, value))
            setattr(options, name, value)
            options.flags |= _library.OWNER if name == "owner" else 0
        else:
            raise TypeError("there is no option %s" % name)
    return options


def _export_ended(owner: "weakref.ref[Segment]", export: "weakref.ref[Any]") -> None:
    segment = owner()
    if segment is not None:
        segment._forget(export)


class Segment:
    """Made by create(), attach() and open().  Every method may be called from any thread."""

    def __init__(self, name: str) -> None:
        self._attached = ctypes.c_void_p()
        self._departure = map(library.detach, (self._attached,))  # once: no Ctrl+C comes between the taking and the call.  Of NULL it is none
        self._handle: Optional[int] = None  # then no call begins yet, or any more
        self._name = name
        self._users: Set[Tuple[int, object]] = set()  # calls under way: the thread, and the call
        self._pins = 0
        self._exports: "Dict[int, Tuple[weakref.ref[Any], int, int]]" = {}  # a ctypes array has no hash: by the reference's id
        self._pinned = 0
        self._reads = False
        self._idle = threading.Condition(threading.RLock())
        self._leaving = threading.RLock()  # who detaches waits for the library in it, and nobody else does
        _all.add(self)

    # ---- who uses the handle: a detach waits for them ----

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException], trace: Optional[TracebackType]) -> None:
        try:
            self.detach()
        except BufferError:
            # What is wrong already is worth more.  The frames of the traceback may hold the memory; when they go, it is detached.
            if error is None:
                raise

    def __del__(self) -> None:
        if hasattr(self, "_idle"):
            with contextlib.suppress(BufferError):
                self.detach()

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Segment is one attachment of this process, and can be neither copied nor pickled: pass its name, and attach there")

    def __repr__(self) -> str:
        return "<peermap.Segment %s%s>" % (self._name, "" if self._handle is not None else ", detached")

    @contextlib.contextmanager
    def _use(self) -> Iterator[int]:
        call = (threading.get_ident(), object())
        try:  # an exception, as of Ctrl+C, may come anywhere
            with self._idle:
                handle = self._handle
                if handle is None:
                    raise EDETACHED()
                self._users.add(call)
            yield handle
        finally:
            self._users.discard(call)
            with self._idle:
                self._idle.notify_all()

    def detach(self) -> None:
        """Leaves the segment, and waits for the calls that other threads have under way, each of which ends by its deadline.  Idempotent: after an
        exception, as of Ctrl+C, no call begins any more, and another detach() goes on with it.

        BufferError, like mmap.close(), while there are memoryviews or arrays of its memory, or pins, and in the middle of a call of the same thread (by
        a signal handler, say).
        """
        with self._idle:
            if self._handle is not None:
                alive = library.base(self._handle) is not None
                if alive and self._in_use():
                    gc.collect()
                if alive and self._in_use():
                    raise BufferError("segment %s cannot be detached: %s" % (self._name, self._in_use()))
                self._handle = None
            while self._users:
                if self._is_calling():
                    raise BufferError("segment %s cannot be detached: %s" % (self._name, _CALLING))
                self._idle.wait()
        with self._leaving:
            next(self._departure, None)

    def _in_use(self) -> str:
        """What would be waited for without an end; nothing, if there is nothing."""
        if self._exports:
            return "%d memoryviews or arrays of its memory exist" % len(self._exports)
        if self._pins:
            return "%d pins of it are held" % self._pins
        return _CALLING if self._is_calling() else ""

    def _is_calling(self) -> bool:
        me = threading.get_ident()
        return any(thread == me for thread, _ in self._users)

    # ---- what it is ----

    @property
    def name(self) -> str:
        return self._name

    @property
    def base(self) -> int:
        """Where the data begins: the same address in every peer, unless `relocatable` moved it."""
        with self._use() as handle:
            return self._base(handle)

    @staticmethod
    def _base(handle: int) -> int:
        base: Optional[int] = library.base(handle)
        if base is None:
            raise EDETACHED()
        return base

    @property
    def size(self) -> int:
        """Active bytes."""
        with self._use() as handle:
            self._base(handle)
            return int(library.size(handle))

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

    @property
    def memory(self) -> memoryview:
        """All active memory, writable unless this attachment only reads; after a growth, ask again.  While it is in use nobody can shrink or detach the segment."""
        return self._export(0, None)

    def view(self, offset: int, size: int) -> memoryview:
        """The memory [offset, offset + size) itself."""
        return self._export(_bytes("offset", offset), _bytes("size", size))

    def read(self, offset: int, size: int) -> bytes:
        """A copy.  ELOST where the object was cut short from outside; a touch of a memoryview there ends the process."""
        with self._use() as handle:
            if _bytes("size", size) > library.size(handle):  # before it is allocated
                _check(library.read(handle, 0, None, 0))
                raise EINVAL("size is %d, more than is active" % size)
            copy = ctypes.create_string_buffer(size)
            _check(library.read(handle, _bytes("offset", offset), copy, size))
            return copy.raw

    def write(self, offset: int, bytes: bytes) -> None:
        """Likewise."""
        with self._use() as handle:
            _check(library.write(handle, _bytes("offset", offset), bytes, len(bytes)))

    def _export(self, offset: int, size: Optional[int]) -> memoryview:
        with self._idle, self._use() as handle:
            base = self._base(handle)
            size = self._pin(handle, offset, size)
            array = (ctypes.c_char * size).from_address(base + offset)
            array._segment = self  # type: ignore[attr-defined]
            export = weakref.ref(array, functools.partial(_export_ended, weakref.ref(self)))
            self._exports[id(export)] = (export, offset, size)
            view = memoryview(array).cast("B")
            return view.toreadonly() if self._reads else view

    def _pin(self, handle: int, offset: int, size: Optional[int]) -> int:
        """Pins count, and reach as far as the furthest: one is enough.  What it reaches is there also while a shrink waits for it."""
        active = max(int(library.pin(handle)), self._pinned)
        if size is None:
            size = active
        inside = offset + size <= active
        if self._pinned or not inside:
            library.unpin(handle)
        if not inside:
            raise EINVAL("offset %d and size %d are outside the active memory of %d bytes" % (offset, size, active))
        self._pinned = active
        return size

    def _forget(self, export: "weakref.ref[Any]") -> None:
        with self._idle:
            self._exports.pop(id(export), None)
            if not self._exports and self._pinned and self._handle is not None:
                library.unpin(self._handle)
                self._pinned = 0

    @contextlib.contextmanager
    def pin(self) -> Iterator[int]:
        """While it lasts, no shrink takes away the bytes that it gives, and the segment cannot be detached."""
        with self._idle, self._use() as handle:
            self._base(handle)
            active = int(library.pin(handle))
            self._pins += 1
        try:
            yield active
        finally:
            with self._idle:
                if self._pins and self._handle is not None:
                    self._pins -= 1
                    library.unpin(self._handle)

    def array(self, at: At, dtype: Any = "u1", shape: Union[int, Sequence[int], None] = None) -> "numpy.ndarray[Any, Any]":
        """A numpy array (the extra `numpy`) over the memory itself: at an offset, a root (also by its name), or an object.  Without a shape: all of it."""
        import numpy

        kind = numpy.dtype(dtype)
        if kind.hasobject:
            raise TypeError("Python objects cannot be shared")
        offset, size = self._place(at)
        if shape is None:
            if size is None:
                raise TypeError("an array at an offset needs a shape")
            shape = size // kind.itemsize
        dimensions = (shape,) if isinstance(shape, int) else tuple(shape)
        needed = kind.itemsize
        for extent in dimensions:
            needed *= _bytes("shape", extent)
        if size is not None and needed > size:
            raise EINVAL("the array has %d bytes, more than the %d that are there" % (needed, size))
        return numpy.ndarray(dimensions, dtype=kind, buffer=self.view(offset, needed))

    def _place(self, at: At) -> Tuple[int, Optional[int]]:
        if isinstance(at, int):
            return at, None
        if isinstance(at, str):
            found = self.root(at)
            if found is None:
                raise KeyError(at)
            at = found
        return at.offset, at.size

    # ---- rounds ----

    def grow(self, by: int) -> Round:
        """On return every peer has the new memory mapped."""
        return self._round(library.grow, _bytes("by", by))

    def shrink(self, by: int) -> Round:
        return self._round(library.shrink, _bytes("by", by))

    def remap(self, pid: int = 0) -> Round:
        """0: every peer."""
        return self._round(library.remap, pid)

    def map_peer(self, pid: int = 0) -> Round:
        return self._round(library.map_peer, pid)

    def trim(self) -> Round:
        """Gives all free memory of the heap back to the system."""
        return self._round(library.trim)

    def _round(self, function: Any, *arguments: int) -> Round:
        report = _library.Round()
        with self._use() as handle:
            result = function(handle, *arguments, ctypes.byref(report))
            if result < 0:
                error = _failure(result)
                error.round = round_of(report)
                raise error
        return round_of(report)

    def results(self) -> List[Result]:
        """How each peer came to the last round of this attachment."""
        return [result_of(row) for row in self._rows(library.results, _library.Result)]

    def _rows(self, function: Any, row: Any) -> List[Any]:
        rows: Any = []
        with self._use() as handle:
            count = _check(function(handle, None, 0))
            while count > len(rows):  # more may come between two calls
                rows = (row * count)()
                count = _check(function(handle, rows, count))
        return list(rows[:count])

    # ---- the registry ----

    def peers(self) -> List[Peer]:
        return [peer_of(row) for row in self._rows(library.peers, _library.Peer)]

    def me(self) -> Peer:
        """This process's own row."""
        row = _library.Peer()
        with self._use() as handle:
            _check(library.self(handle, ctypes.byref(row)))
        return peer_of(row)

    def peer_ended(self, peer: Peer) -> bool:
        """Whether no thread of its process can touch the memory any more.  One that is "dead" may have threads that run for a moment more."""
        row = _library.Peer(id=peer.id)
        with self._use() as handle:
            return _check(library.peer_ended(handle, ctypes.byref(row))) == 1

    def wait_ended(self, peer: Peer, deadline_ms: Optional[int] = None) -> bool:
        """Waits for that; False if it was not so by the deadline.  None: that of the segment."""
        row = _library.Peer(id=peer.id)
        for ms in self._turns(deadline_ms):
            with self._use() as handle:
                if _check(library.wait_ended(handle, ctypes.byref(row), ms)) == 1:
                    return True
        return False

    def _turns(self, deadline_ms: Optional[int]) -> Iterator[int]:
        """How long to wait each time, until the deadline, by the library's clock."""
        with self._use() as handle:
            self._base(handle)
            whole = library.deadline_ms(handle) if deadline_ms is None else _bytes("deadline_ms", deadline_ms)
        until = library.now() + whole * 1000000
        rest = whole
        while True:
            yield max(1, min(rest, _SLICE_MS))
            rest = (until - library.now()) // 1000000
            if rest <= 0:
                return

    def pid_of(self, peer_name: str) -> Optional[int]:
        with self._use() as handle:
            self._base(handle)
            return library.pid_of(handle, _name(peer_name)) or None

    def reap(self, peers: Optional[Iterable[Peer]] = None) -> int:
        """Frees the slots of dead peers, of these and of nobody who has died since, or of all; how many."""
        if peers is None:
            with self._use() as handle:
                return _check(library.reap(handle))
        rows = [_library.Peer(id=peer.id) for peer in peers]
        with self._use() as handle:
            return _check(library.reap_peers(handle, (_library.Peer * len(rows))(*rows), len(rows)))

    # ---- roots ----

    def set_root(self, name: str, at: Union[int, Root, HeapObject], size: Optional[int] = None, type: Optional[str] = None) -> None:
        """Names an offset with a size, or an object."""
        offset, length = self._extent(at, size)
        with self._use() as handle:
            address = self._base(handle) + offset
            _check(library.set_root(handle, _name(name), address, length, None if type is None else _name(type)))

    def compare_exchange_root(
        self,
        name: str,
        was: Optional[Root],
        at: Union[int, Root, HeapObject, None],
        size: Optional[int] = None,
        type: Optional[str] = None,
    ) -> bool:
        """Like set_root(), or for None remove_root(), if the root is still what root() gave: `was`, or None for none.

        False, and nothing is changed, if somebody else was first.
        """
        offset, length = (0, 0) if at is None else self._extent(at, size)
        version = ctypes.c_uint64(0 if was is None else was.version)
        with self._use() as handle:
            address = None if at is None else self._base(handle) + offset
            kind = None if type is None else _name(type)
            return _check(library.compare_exchange_root(handle, _name(name), ctypes.byref(version), address, length, kind)) == 0

    def _extent(self, at: At, size: Optional[int]) -> Tuple[int, int]:
        offset, whole = self._place(at)
        length = whole if size is None else _bytes("size", size)
        if length is None:
            raise TypeError("a root at an offset needs a size")
        return _bytes("offset", offset), length

    def remove_root(self, name: str) -> None:
        with self._use() as handle:
            _check(library.set_root(handle, _name(name), None, 0, None))

    def root(self, name: str) -> Optional[Root]:
        found = _library.Root()
        with self._use() as handle:
            base = self._base(handle)
            _check(library.read_root(handle, _name(name), ctypes.byref(found)))
        return self._root_of(name, base, found)

    def wait_root(self, name: str, was: Optional[Root] = None, deadline_ms: Optional[int] = None) -> Optional[Root]:
        """Waits until the root is another than `was`, or with None until there is one.  None if it was removed.

        TimeoutError if it was not so by the deadline; None: that of the segment.
        """
        found = _library.Root()
        for ms in self._turns(deadline_ms):
            with self._use() as handle:
                base = self._base(handle)
                if _check(library.wait_root(handle, _name(name), 0 if was is None else was.version, ms, ctypes.byref(found))) == 0:
                    return self._root_of(name, base, found)
        raise TimeoutError("root %s of segment %s did not %s by the deadline" % (name, self._name, "appear" if was is None else "change"))

    def _root_of(self, name: str, base: int, found: Any) -> Optional[Root]:
        if found.pointer is None:
            return None
        return Root(self, name, found.pointer - base, found.size, found.type.decode(errors="replace"), found.version)

    # ---- the heap ----

    def alloc(self, size: int, alignment: int = 0) -> HeapObject:
        """A new object.  Grows the segment when it must, and then waits until every peer has it mapped."""
        if alignment:
            return self._allocate(size, library.aligned_alloc, _bytes("alignment", alignment), _bytes("size", size))
        return self._allocate(size, library.alloc, _bytes("size", size))

    def calloc(self, size: int) -> HeapObject:
        """The same, of zeroes."""
        return self._allocate(size, library.calloc, 1, _bytes("size", size))

    def realloc(self, object: HeapObject, size: int) -> HeapObject:
        object.resize(size)
        return object

    def free(self, object: HeapObject) -> None:
        object.free()

    def object(self, at: Union[int, Root]) -> HeapObject:
        """The live object that begins there, whoever allocated it; EINVAL if there is none, or one of no bytes."""
        offset = at if isinstance(at, int) else at.offset
        with self._use() as handle:
            ctypes.set_errno(0)
            size = library.object_size(handle, self._base(handle) + _bytes("offset", offset))
            if size == 0 and ctypes.get_errno() == errno.ENODATA:
                raise _failure(ELOST.number)
        if size == 0:
            raise EINVAL("no live object begins at offset %d" % offset)
        return HeapObject(self, offset, size)

    def heap_stats(self) -> Heap:
        heap = _library.Heap()
        with self._use() as handle:
            _check(library.heap_stats(handle, ctypes.byref(heap)))
        return heap_of(heap, self._rows(library.heap_classes, _library.HeapClass))

    def heap_peers(self) -> List[HeapPeer]:
        return [heap_peer_of(row) for row in self._rows(library.heap_peers, _library.HeapPeer)]

    def _allocate(self, size: int, function: Any, *arguments: int) -> HeapObject:
        with self._use() as handle:
            address = function(handle, *arguments)
            return HeapObject(self, self._had(handle, address, ctypes.get_errno()), size)

    def _had(self, handle: int, address: Optional[int], error: int) -> int:
        if address is None:
            kind = {errno.EINVAL: EINVAL, errno.EBADF: EDETACHED, errno.ENODATA: ELOST, errno.EROFS: EREADONLY}.get(error, ENOSPC)
            raise _failure(kind.number, error)
        return address - self._base(handle)

    def _refuse_exported(self, offset: int, size: int) -> None:
        with self._idle:
            inside = [at for _, at, length in self._exports.values() if at >= offset and at + length <= offset + size]
        if inside:
            raise BufferError("the object at offset %d is in use: %d memoryviews or arrays of it exist" % (offset, len(inside)))

    def _free(self, offset: int, size: int) -> None:
        self._refuse_exported(offset, size)
        with self._use() as handle:
            with Faults():
                ctypes.set_errno(0)
                library.free(handle, self._base(handle) + offset)
                error = ctypes.get_errno()
            if error in (errno.ENODATA, errno.EROFS):
                raise _failure((ELOST if error == errno.ENODATA else EREADONLY).number)

    def _realloc(self, offset: int, before: int, size: int) -> int:
        self._refuse_exported(offset, before)
        with self._use() as handle:
            with Faults():
                address = library.realloc(handle, self._base(handle) + offset, _bytes("size", size))
                error = ctypes.get_errno()
            return self._had(handle, address, error)


_all: "weakref.WeakSet[Segment]" = weakref.WeakSet()


def _leave_all() -> None:
    """At exit.  Where memory is in use the segment is detached when that goes; if it never does, the others find this peer dead."""
    for segment in list(_all):
        with contextlib.suppress(BufferError):
            segment.detach()


def _in_child() -> None:
    """No thread but the one that forked is here, and locks may be held by others."""
    for segment in list(_all):
        segment._idle = threading.Condition(threading.RLock())
        segment._users = set()
        segment._pins = 0


atexit.register(_leave_all)
os.register_at_fork(after_in_child=_in_child)


def _enter(function: Any, name: str, options: Dict[str, Any]) -> Segment:
    segment = Segment(name)
    _check(function(_name(name), ctypes.byref(_options(options)), ctypes.byref(segment._attached)))
    segment._handle = segment._attached.value
    segment._reads = bool(options.get("read_only"))
    return segment


def create(name: str, **options: Any) -> Segment:
    """Creates the segment and attaches to it; EEXIST."""
    return _enter(library.create, name, options)


def attach(name: str, **options: Any) -> Segment:
    """Attaches to an existing segment; ENOENT."""
    return _enter(library.attach, name, options)


def open(name: str, **options: Any) -> Segment:
    """Attaches, or creates if there is none, race-free.

    Options: peer_name, initial_size, reserve_size, ahead, deadline_ms, max_peers, mode, heap_step, owner; and, True or False, allow_late, strict,
    relocatable, no_ptrace, prefault, huge, heap, foreign, read_only.  peermap_options of peermap.h says what each is.

    With read_only=True nothing is created, views cannot be written, and what would change the segment is EREADONLY.

    Another user's segment is EACCES, with errno EREMOTE, unless `owner` is that user's uid, or `foreign` is True.
    """
    return _enter(library.open, name, options)


def unlink(name: str) -> None:
    """Removes the segment's name; who is attached keeps the memory."""
    _check(library.unlink(_name(name)))
