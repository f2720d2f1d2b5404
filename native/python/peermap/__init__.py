# SPDX-License-Identifier: MIT
"""Shared memory that grows under running processes.

    import peermap

    with peermap.open("quotes", peer_name="writer") as segment:
        segment.grow(2 << 20)                 # on return, mapped in every process
        segment.memory[0:5] = b"hello"
        segment.set_root("greeting", 0, 5)

The manual is peermap.h, of the library that this is a thin layer over.
"""

from ._errors import (
    EACCES,
    EADDR,
    EBUSY,
    EDETACHED,
    EEXIST,
    EFORMAT,
    EINVAL,
    ETIMEDOUT,
    ELIMIT,
    ELOST,
    ENAME,
    ENOENT,
    ENOSPC,
    EOS,
    EPEERNAME,
    EREADONLY,
    EROOTS,
    ESLOTS,
    ESRCH,
    ETYPE,
    EVERSION,
    ERRORS,
    Error,
)
from ._heap import HeapObject
from ._hot import compiled
from ._observer import Event, Header, Observer, Problem, SeenPeer, SeenRoot, Snapshot, Stranger, Summary, segments
from ._options import Options
from ._records import Heap, HeapClass, HeapPeer, LiveObject, Peer, Result, Root, Round
from ._segment import Segment, attach, create, open, unlink

__all__ = [
    "EACCES",
    "EADDR",
    "EBUSY",
    "EDETACHED",
    "EEXIST",
    "EFORMAT",
    "EINVAL",
    "ETIMEDOUT",
    "ELIMIT",
    "ELOST",
    "ENAME",
    "ENOENT",
    "ENOSPC",
    "EOS",
    "EPEERNAME",
    "EREADONLY",
    "EROOTS",
    "ESLOTS",
    "ESRCH",
    "ETYPE",
    "EVERSION",
    "ERRORS",
    "Result",
    "Error",
    "Event",
    "Header",
    "Heap",
    "HeapClass",
    "HeapObject",
    "HeapPeer",
    "LiveObject",
    "Observer",
    "Options",
    "Peer",
    "Problem",
    "Root",
    "Round",
    "SeenPeer",
    "SeenRoot",
    "Segment",
    "Snapshot",
    "Stranger",
    "Summary",
    "attach",
    "compiled",
    "create",
    "open",
    "segments",
    "unlink",
]
