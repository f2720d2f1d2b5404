# SPDX-License-Identifier: MIT
"""What is used most, by ctypes.  native/python/compiled is the same in C, and takes its place where it is there: what is changed here is changed there.

Memory is handed out as memoryviews of ctypes arrays that are laid over it.  An array lives as long as a memoryview, a slice or a numpy array
refers to it, and says when it ends; so there is a count of what is exported.  While there is any, the attachment stays, and one pin keeps
every peer from shrinking the memory away.
"""

import ctypes
import errno
import functools
import sys
import threading
import weakref
from typing import TYPE_CHECKING, Any, Callable, Dict, Optional, Set, SupportsIndex, Tuple, Type

from . import _library
from ._calls import Calls
from ._errors import EINVAL
from ._failures import check, fault, heap_failure
from ._library import library
from ._options import name_of, whole
from ._types import of_type

if TYPE_CHECKING:
    from ._heap import HeapObject
    from ._records import Root
    from ._segment import Segment

_kinds: "Tuple[Type[HeapObject], Type[Root]]"


def use(heap_object: "Type[HeapObject]", root: "Type[Root]") -> None:
    """Before anything else: what objects and roots are made as."""
    global _kinds
    _kinds = (heap_object, root)
    library.on_heap_fault(_handler, None)


# ---- faults: what a free or a resize found wrong with its object is raised, not printed ----

_finding = threading.local()


def _on_fault(found, _context) -> None:  # type: ignore[no-untyped-def]
    sentence = (found.contents.sentence or b"").decode(errors="replace")
    if getattr(_finding, "active", False):
        _finding.sentence = sentence
    else:
        print(sentence, file=sys.stderr)


_handler = _library.FaultHandler(_on_fault)


def _finding_faults(call: Callable[..., Any], *arguments: Any) -> Tuple[Any, int]:
    """What it answers, and errno."""
    _finding.active, _finding.sentence = True, None
    try:
        ctypes.set_errno(0)
        answer = call(*arguments)
        error = ctypes.get_errno()
    finally:
        _finding.active = False
    if _finding.sentence:
        raise fault(_finding.sentence)
    return answer, error


# ---- what is handed out ----


class _Exports:
    """Found by where they begin, in rows, so that those of one object are found without a look at all."""

    ROW = 10

    def __init__(self) -> None:
        self._all: "Dict[int, Tuple[weakref.ref[Any], int, int]]" = {}  # a ctypes array has no hash: by the reference's id
        self._rows: Dict[int, Set[int]] = {}

    def __len__(self) -> int:
        return len(self._all)

    def add(self, export: "weakref.ref[Any]", offset: int, size: int) -> None:
        self._all[id(export)] = (export, offset, size)
        self._rows.setdefault(offset >> self.ROW, set()).add(id(export))

    def remove(self, export: "weakref.ref[Any]") -> None:
        _, offset, _ = self._all.pop(id(export), (None, None, None))
        if offset is None:
            return
        row = self._rows[offset >> self.ROW]
        row.discard(id(export))
        if not row:
            del self._rows[offset >> self.ROW]

    def inside(self, offset: int, size: int) -> int:
        """How many lie in [offset, offset + size)."""
        rows = range(offset >> self.ROW, ((offset + size) >> self.ROW) + 1)
        near = [self._rows[row] for row in (rows if len(rows) < len(self._rows) else list(self._rows)) if row in self._rows]
        found = (self._all[one] for row in near for one in row)
        return sum(at >= offset and at + length <= offset + size for _, at, length in found)


def _export_ended(owner: "weakref.ref[Attachment]", export: "weakref.ref[Any]") -> None:
    attachment = owner()
    if attachment is not None:
        attachment._forget(export)


class Attachment(Calls):
    """What Segment is made of."""

    _calls = 0  # of other threads, in C: here they are all in _users

    def __init__(self) -> None:
        self._handle: Optional[int] = None
        self._reads = False
        self._exports = _Exports()
        self._pinned = 0

    @property
    def _exported(self) -> int:
        return len(self._exports)

    def _shut(self, lingering: bool) -> bool:
        """No call begins any more; or False, and all is as it was, if anything is in use that is not to linger."""
        with self._idle:
            if len(self._exports) > 0 and not lingering:
                return False
            self._handle = None
            return True

    def _reset(self) -> None:
        """In a forked child."""

    @property
    def base(self) -> int:
        """Where the data begins: the same address in every peer, unless `relocatable` moved it."""
        with self._use() as handle:
            return self._base(handle)

    @property
    def size(self) -> int:
        """Active bytes."""
        with self._use() as handle:
            self._base(handle)
            return int(library.size(handle))

    # ---- the memory ----

    @property
    def memory(self) -> memoryview:
        """All active memory, writable unless this attachment only reads; after a growth, ask again.  While it is in use nobody can shrink or detach the segment."""
        return self._export(0, None)

    def view(self, offset: SupportsIndex, size: SupportsIndex) -> memoryview:
        """The memory [offset, offset + size) itself."""
        return self._export(whole("offset", offset), whole("size", size))

    def _export(self, offset: int, size: Optional[int]) -> memoryview:
        with self._idle, self._use() as handle:
            base = self._base(handle)
            size = self._pin(handle, offset, size)
            array = (ctypes.c_char * size).from_address(base + offset)
            array._segment = self  # type: ignore[attr-defined]
            export = weakref.ref(array, functools.partial(_export_ended, weakref.ref(self)))
            self._exports.add(export, offset, size)
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
            self._exports.remove(export)
            if len(self._exports) > 0 or not self._pinned:
                return
            self._pinned = 0
            if self._handle is not None:
                library.unpin(self._handle)
                return
        self._unused()

    def _unused(self) -> None:
        """Nothing is exported any more of an attachment that no call begins of."""

    # ---- roots and objects ----

    def root(self, name: str, type: Optional[str] = None) -> "Optional[Root]":
        """What it names; None if there is none.  With a type: ETYPE if it was set with another one."""
        found = _library.Root()
        with self._use() as handle:
            base = self._base(handle)
            check(library.read_root(handle, name_of("a root's name", name), ctypes.byref(found)))
        if found.pointer is None:
            return None
        segment: "Segment" = self  # type: ignore[assignment]
        root = _kinds[1](segment, name, found.pointer - base, found.size, found.type.decode(errors="replace"), found.version)
        return root if type is None else of_type(root, type)

    def alloc(self, size: SupportsIndex, alignment: SupportsIndex = 0) -> "HeapObject":
        """A new object of `size` bytes.  Grows the segment when it must, and then waits until every peer has it mapped."""
        count, align = whole("size", size), whole("alignment", alignment)
        if align:
            return self._allocate(count, library.aligned_alloc, align, count)
        return self._allocate(count, library.alloc, count)

    def calloc(self, size: SupportsIndex) -> "HeapObject":
        """The same, of zeroes."""
        count = whole("size", size)
        return self._allocate(count, library.calloc, 1, count)

    def _allocate(self, size: int, function: Any, *arguments: int) -> "HeapObject":
        with self._use() as handle:
            address = function(handle, *arguments)
            if address is None:
                raise heap_failure(ctypes.get_errno())
            segment: "Segment" = self  # type: ignore[assignment]
            return _kinds[0](segment, address - self._base(handle), size)

    def _refuse_exported(self, offset: int, size: int) -> None:
        with self._idle:
            count = self._exports.inside(offset, size)
        if count:
            raise BufferError("the object at offset %d is in use: %d memoryviews or arrays of it exist" % (offset, count))

    def _free(self, offset: int, size: int) -> None:
        self._refuse_exported(offset, size)
        with self._use() as handle:
            _, error = _finding_faults(library.free, handle, self._base(handle) + offset)
            if error in (errno.EBADF, errno.ENODATA, errno.EROFS):
                raise heap_failure(error)

    def _realloc(self, offset: int, before: int, size: int) -> int:
        self._refuse_exported(offset, before)
        with self._use() as handle:
            address, error = _finding_faults(library.realloc, handle, self._base(handle) + offset, size)
            if address is None:
                raise heap_failure(error)
            return int(address) - self._base(handle)


class Object:
    """What HeapObject is made of."""

    __slots__ = ("segment", "_offset", "_size", "_freed")

    def __init__(self, segment: "Segment", offset: int, size: int) -> None:
        self.segment = segment
        self._offset = offset
        self._size = size
        self._freed = False

    @property
    def offset(self) -> int:
        """In the segment's data: the same in every process."""
        if self._freed:
            raise EINVAL("the object was freed")
        return self._offset

    @property
    def size(self) -> int:
        """Bytes, as they were asked for."""
        return 0 if self._freed else self._size

    @property
    def memory(self) -> memoryview:
        """The object itself, writable unless the attachment only reads.  While there is a memoryview of it, it cannot be freed or resized."""
        return self.segment.view(self.offset, self._size)

    def free(self) -> None:
        """BufferError while there is a memoryview of it."""
        self.segment._free(self.offset, self._size)
        self._freed = True


class Place:
    """What Root is made of."""

    __slots__ = ("segment", "name", "offset", "size", "type", "version")

    def __init__(self, segment: "Segment", name: str, offset: int, size: int, type: str, version: int) -> None:
        self.segment = segment
        self.name = name
        self.offset = offset
        self.size = size
        self.type = type
        self.version = version

    @property
    def memory(self) -> memoryview:
        """What the root names, itself."""
        return self.segment.view(self.offset, self.size)
