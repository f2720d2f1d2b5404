# SPDX-License-Identifier: MIT
"""numpy arrays over the memory itself.  numpy is imported when the first one is made."""

from typing import TYPE_CHECKING, Any, Dict, Optional, Sequence, Tuple, Union

from ._errors import EINVAL
from ._options import whole
from ._types import plain

if TYPE_CHECKING:
    from typing import SupportsIndex

    import numpy

    Shape = Union[SupportsIndex, Sequence[SupportsIndex]]

# What types of C are for numpy, on the systems that there are: kind and bytes.  char may be either.
_ARITHMETIC: Dict[str, Tuple[str, int]] = {
    "float": ("f", 4),
    "double": ("f", 8),
    "short": ("i", 2),
    "unsigned short": ("u", 2),
    "int": ("i", 4),
    "unsigned": ("u", 4),
    "unsigned int": ("u", 4),
    "long": ("i", 8),
    "unsigned long": ("u", 8),
    "long long": ("i", 8),
    "unsigned long long": ("u", 8),
    "size_t": ("u", 8),
    "ssize_t": ("i", 8),
}
_ARITHMETIC.update(("int%d_t" % bits, ("i", bits // 8)) for bits in (16, 32, 64))
_ARITHMETIC.update(("uint%d_t" % bits, ("u", bits // 8)) for bits in (16, 32, 64))


def _contradicts(kind: "numpy.dtype[Any]", type: str) -> bool:
    """Whether it is known to be another; a dtype of one byte is for whatever there is."""
    meant = _ARITHMETIC.get(plain(type).split("[")[0])
    return meant is not None and kind.itemsize > 1 and kind.kind in "fiub" and (kind.kind, kind.itemsize) != meant


def extent_of(kind: "numpy.dtype[Any]", shape: "Optional[Shape]", what: str, size: Optional[int], type: str) -> "Tuple[Tuple[int, ...], int]":
    """The dimensions, and bytes."""
    if kind.hasobject or kind.itemsize == 0:
        raise TypeError("an array in shared memory cannot be of dtype %s" % kind)
    if _contradicts(kind, type):
        raise EINVAL('%s is "%s", not %s' % (what, type, kind))
    if shape is None:
        if size is None:
            raise TypeError("an array at an offset needs a shape")
        if size % kind.itemsize:
            raise EINVAL("%s has %d bytes, which are no whole number of %s (%d bytes each)" % (what, size, kind, kind.itemsize))
        return (size // kind.itemsize,), size
    extents = shape if hasattr(shape, "__iter__") else (shape,)
    dimensions = tuple(whole("shape", extent) for extent in extents)
    needed = kind.itemsize
    for extent in dimensions:
        needed *= extent
    if size is not None and needed > size:
        raise EINVAL("%s has %d bytes, and shape %s of %s needs %d" % (what, size, dimensions, kind, needed))
    return dimensions, needed
