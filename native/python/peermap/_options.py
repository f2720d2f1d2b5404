# SPDX-License-Identifier: MIT
"""What callers give, looked at before the library gets it."""

import ctypes
import difflib
import operator
import sys
from typing import TYPE_CHECKING, Any, Dict, Optional, TypedDict

from . import _library
from ._errors import EINVAL
from ._library import FLAGS

if TYPE_CHECKING:
    from typing import SupportsIndex

    from typing_extensions import Unpack as Unpack
elif sys.version_info >= (3, 11):
    from typing import Unpack


class Options(TypedDict, total=False):
    """Of open(), create() and attach().  peermap_options of peermap.h says what each is; None is as if it were not given.

    Those of creation say in open() and attach() what the program goes by: EINVAL where the segment contradicts them.
    """

    peer_name: Optional[str]
    initial_size: Optional[int]
    """Creation: bytes."""
    reserve_size: Optional[int]
    """Creation: the most bytes that it can ever have."""
    ahead: Optional[int]
    """Creation: bytes mapped past the active size."""
    deadline_ms: Optional[int]
    """Milliseconds that a call of this attachment waits at most."""
    max_peers: Optional[int]
    """Creation."""
    max_roots: Optional[int]
    """Creation."""
    mode: Optional[int]
    """Creation: permission bits."""
    heap_step: Optional[int]
    """Bytes that an allocation lets the heap grow by at most."""
    owner: Optional[int]
    """The uid of the user whose segment it must be."""
    allow_late: Optional[bool]
    strict: Optional[bool]
    """Creation."""
    relocatable: Optional[bool]
    no_ptrace: Optional[bool]
    prefault: Optional[bool]
    huge: Optional[bool]
    """Creation."""
    heap: Optional[bool]
    """Creation."""
    foreign: Optional[bool]
    read_only: Optional[bool]


_NUMBERS = ("initial_size", "reserve_size", "ahead", "deadline_ms", "max_peers", "max_roots", "mode", "heap_step", "owner")
_KNOWN = ("peer_name", *_NUMBERS, *FLAGS)


def name_of(what: str, name: str) -> bytes:
    if not isinstance(name, str):
        raise TypeError("%s must be a str, not %s" % (what, type(name).__name__))
    if "\0" in name:
        raise EINVAL("%s must not contain NUL" % what)
    return name.encode()


def whole(what: str, number: "SupportsIndex") -> int:
    """Whatever counts as an int for Python, as numpy's do, and is no truth value: not negative, and less than 2**63."""
    try:
        if isinstance(number, bool):
            raise TypeError
        value = operator.index(number)
    except TypeError:
        raise TypeError("%s must be a whole number, not %r (%s)" % (what, number, type(number).__name__)) from None
    if value < 0:
        raise EINVAL("%s must not be negative, and is %d" % (what, value))
    if value >= 1 << 63:
        raise EINVAL("%s must be less than 2**63, and is %d" % (what, value))
    return value


def _number(what: str, given: Any) -> int:
    value = whole(what, given)
    bits = 8 * getattr(_library.Options, what).size
    if value >> bits:  # ctypes would cut it
        raise EINVAL("%s must be less than 2**%d, and is %d" % (what, bits, value))
    return value


def _truth(what: str, given: Any) -> bool:
    if isinstance(given, str) or given not in (True, False):
        raise TypeError("%s must be True or False, not %r" % (what, given))
    return bool(given)


def _unknown(name: str) -> TypeError:
    near = difflib.get_close_matches(name.lower(), _KNOWN, 1, 0.5)
    return TypeError("there is no option %s%s" % (name, "; did you mean %s?" % near[0] if near else ""))


def options_of(given: Dict[str, Any]) -> _library.Options:
    options = _library.Options(struct_size=ctypes.sizeof(_library.Options))
    for name, value in given.items():
        if name not in _KNOWN:
            raise _unknown(name)
        if value is None:
            continue
        if name == "peer_name":
            options.peer_name = name_of(name, value)
        elif name in FLAGS:
            options.flags |= FLAGS[name] if _truth(name, value) else 0
        else:
            setattr(options, name, _number(name, value))
            options.flags |= _library.OWNER if name == "owner" else 0
    return options
