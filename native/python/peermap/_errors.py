# SPDX-License-Identifier: MIT
"""The codes of peermap.h, an exception for each.  A test compares them with the library's."""

from typing import TYPE_CHECKING, Dict, Optional, Type

if TYPE_CHECKING:
    from ._records import Round


class Error(OSError):
    """`code` is "PEERMAP_ETIMEDOUT", `number` the library's return value; `errno` is the system's, if it was the system that refused, and EREMOTE
    of another user's segment.

    `round` tells how far a round came that failed.
    """

    number: int = 0
    text: str = ""
    round: "Optional[Round]" = None

    def __init__(self, sentence: Optional[str] = None, errno: Optional[int] = None) -> None:
        self.sentence = sentence or self.text
        super().__init__(errno, self.sentence)

    @property
    def code(self) -> str:
        return "PEERMAP_" + ERRORS.get(self.number, type(self)).__name__

    def __str__(self) -> str:
        return self.sentence

    def __reduce__(self):  # type: ignore[no-untyped-def]
        return type(self), (self.sentence, self.errno)


class EINVAL(Error, ValueError):
    number = -27001
    text = "an argument is out of range"


class ENAME(Error, ValueError):
    number = -27002
    text = "a name must be 1 to 63 of the characters A-Z a-z 0-9 . _ -, and not begin with a dot"


class EEXIST(Error, FileExistsError):
    number = -27003
    text = "a segment of this name exists already"


class ENOENT(Error, FileNotFoundError):
    number = -27004
    text = "there is no segment of this name"


class EFORMAT(Error):
    number = -27005
    text = "the object is not a segment, or its header is damaged"


class EVERSION(Error):
    number = -27006
    text = "the segment has another layout version than this library"


class EACCES(Error, PermissionError):
    number = -27007
    text = "permission denied"


class ENOSPC(Error):
    number = -27008
    text = "the system has no memory left for the segment; nothing was changed"


class ELIMIT(Error):
    number = -27009
    text = "the segment's address reservation is exhausted; create it with a larger reserve_size"


class EADDR(Error):
    number = -27010
    text = "the segment's address range is taken in this process"


class EPEERNAME(Error):
    number = -27011
    text = "a live peer has this name already"


class ESLOTS(Error):
    number = -27012
    text = "the registry has no free slot; create the segment with more max_peers"


class EROOTS(Error):
    number = -27013
    text = "there is no room for another root"


class ESRCH(Error):
    number = -27014
    text = "no peer has this pid"


class ETIMEDOUT(Error, TimeoutError):
    number = -27015
    text = "a peer did not map the memory before the deadline; nothing was changed"


class EBUSY(Error):
    number = -27016
    text = "somebody holds the segment's lock or pins the memory, or this process's agent is held up"


class EDETACHED(Error):
    number = -27017
    text = "the handle is detached, or belongs to the parent process"


class EOS(Error):
    number = -27018
    text = "the system refused; see errno"


class NotInTime(EOS, TimeoutError):
    """EOS of a deadline: the system has not given so much memory by then."""


class ELOST(Error):
    number = -27019
    text = "the object was cut short from outside; destroy it, and create it anew"


class ETYPE(Error):
    number = -27020
    text = "the root is of another type"


class EREADONLY(Error):
    number = -27021
    text = "this attachment only reads; attach without PEERMAP_READ_ONLY"


ERRORS: Dict[int, Type[Error]] = {
    error.number: error
    for error in (
        EINVAL,
        ENAME,
        EEXIST,
        ENOENT,
        EFORMAT,
        EVERSION,
        EACCES,
        ENOSPC,
        ELIMIT,
        EADDR,
        EPEERNAME,
        ESLOTS,
        EROOTS,
        ESRCH,
        ETIMEDOUT,
        EBUSY,
        EDETACHED,
        EOS,
        ELOST,
        ETYPE,
        EREADONLY,
    )
}
