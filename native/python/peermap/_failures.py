# SPDX-License-Identifier: MIT
"""What a call of the library answered, as an exception that speaks of options and methods as Python writes them."""

import ctypes
import errno
import re

from ._errors import EACCES, EDETACHED, EEXIST, EINVAL, ELOST, ENOSPC, EOS, EREADONLY, ERRORS, Error, NotInTime
from ._library import FLAGS, library

# Sentences of the library name options as C has them.  native/observer/words.c has the same for the other faces.  Not a segment that is called so.
_C_WORDS = re.compile(
    r"(?<!segment )(?:(?P<nothing> \(peermap_segment_at\(\) finds it\))|(?<!\w)(?:"
    r"(?P<owner>PEERMAP_OWNER and options\.owner)"
    r"|PEERMAP_(?P<flag>%s)" % "|".join(name.upper() for name in FLAGS) + r"|options\.(?P<option>\w+)"
    r"|peermap_(?P<function>\w+)\(\))(?!\w))"
)


def _word(found: "re.Match[str]") -> str:
    if found["nothing"]:
        return ""
    if found["owner"]:
        return "owner=UID"
    if found["flag"]:
        return found["flag"].lower() + "=True"
    return found["option"] or found["function"] + "()"


def in_python(sentence: str) -> str:
    """A sentence of the library in this language's words."""
    return _C_WORDS.sub(_word, sentence)


def failure(code: int, error: int = 0) -> Error:
    """Of the calling thread's last call; `error` is the errno of one that answers by that."""
    kind = ERRORS.get(code, Error)
    sentence = in_python(library.last_error().decode(errors="replace"))
    if kind is EOS and (error or ctypes.get_errno()) == errno.ETIMEDOUT:
        kind = NotInTime
    return kind(sentence, error or (ctypes.get_errno() if kind in (EACCES, EOS, NotInTime) else None))


_KINDS = {errno.EEXIST: EEXIST, errno.EINVAL: EINVAL, errno.EBADF: EDETACHED, errno.ENODATA: ELOST, errno.EROFS: EREADONLY}


def heap_failure(error: int) -> Error:
    """Of a call of the heap, which answers by errno."""
    return failure(_KINDS.get(error, ENOSPC).number, error)


def fault(sentence: str) -> Error:
    """What a free or a resize found wrong with its object."""
    prefix = "peermap: "
    return EINVAL(sentence[len(prefix) :] if sentence.startswith(prefix) else sentence)


def check(result: int) -> int:
    if result < 0:
        raise failure(result)
    return result
