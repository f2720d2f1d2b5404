# SPDX-License-Identifier: MIT
"""Objects of a segment with a heap."""

import sys
import threading
from typing import TYPE_CHECKING, Optional

from . import _library
from ._errors import EINVAL

if TYPE_CHECKING:
    from ._segment import Segment


class HeapObject:
    """An object of the heap.  Every peer may use it, and any peer may free it."""

    __slots__ = ("segment", "_offset", "_size", "_freed")

    def __init__(self, segment: "Segment", offset: int, size: int) -> None:
        self.segment = segment
        self._offset = offset
        self._size = size
        self._freed = False

    def __repr__(self) -> str:
        return "<HeapObject %s>" % ("freed" if self._freed else "offset=%d size=%d" % (self._offset, self._size))

    @property
    def offset(self) -> int:
        """In the segment's data: the same in every process."""
        if self._freed:
            raise EINVAL("the object was freed")
        return self._offset

    @property
    def size(self) -> int:
        return 0 if self._freed else self._size

    @property
    def address(self) -> int:
        """In this process, and in every other that is not relocated."""
        return self.segment.base + self.offset

    @property
    def memory(self) -> memoryview:
        """The object itself, writable.  While there is a memoryview of it, it cannot be freed or resized."""
        return self.segment.view(self.offset, self._size)

    def free(self) -> None:
        """BufferError while there is a memoryview of it."""
        self.segment._free(self.offset, self._size)
        self._freed = True

    def resize(self, size: int) -> None:
        """It may have another offset then.  If it cannot be had, the object is what it was."""
        self._offset = self.segment._realloc(self.offset, self._size, size)
        self._size = size


# ---- faults: what a free or a resize found wrong with its object is raised, not printed ----

_finding = threading.local()


def _on_fault(fault, _context) -> None:  # type: ignore[no-untyped-def]
    sentence = (fault.contents.sentence or b"").decode()
    if getattr(_finding, "active", False):
        _finding.sentence = sentence
    else:
        print(sentence, file=sys.stderr)


_handler = _library.FaultHandler(_on_fault)
_handling = False


class Faults:
    """With it, the fault that a call of this thread finds is raised."""

    def __enter__(self) -> None:
        global _handling
        if not _handling:
            _library.library.on_heap_fault(_handler, None)
            _handling = True
        _finding.active = True
        _finding.sentence = None

    def __exit__(self, *_: object) -> None:
        _finding.active = False
        sentence: Optional[str] = _finding.sentence
        if sentence:
            raise EINVAL(sentence)
