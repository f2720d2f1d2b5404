# SPDX-License-Identifier: MIT
"""Objects of a segment with a heap."""

from typing import NoReturn, SupportsIndex

from ._again import object_again
from ._hot import Object
from ._options import whole


class HeapObject(Object):
    """An object of the heap.  Every peer may use it, and any peer may free it.

    Pickled, it is the segment's name and its offset: who unpickles it, in whichever process, has the same object, not a copy.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "<HeapObject %s>" % ("freed" if self._freed else "offset=%d size=%d" % (self._offset, self._size))

    def __copy__(self, *_: object) -> NoReturn:
        raise TypeError("a HeapObject is memory of its segment, and is not copied: bytes(object.memory) is a copy of what is in it")

    __deepcopy__ = __copy__

    def __reduce__(self):  # type: ignore[no-untyped-def]
        return object_again, (self.segment._way(), self.offset)

    @property
    def address(self) -> int:
        """In this process, and in every other that is not relocated."""
        return self.segment.base + self.offset

    def resize(self, size: SupportsIndex) -> None:
        """It may have another offset then.  If it cannot be had, the object is what it was.  BufferError while there is a memoryview of it."""
        count = whole("size", size)
        self._offset = self.segment._realloc(self.offset, self._size, count)
        self._size = count
