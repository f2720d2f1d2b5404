# SPDX-License-Identifier: MIT
"""libpeermap.so, its structures and prototypes as peermap.h has them.  A test compares them with what the C compiler says."""

import ctypes
import ctypes.util
import os
from ctypes import POINTER, c_char, c_char_p, c_int, c_size_t, c_uint32, c_uint64, c_void_p

VERSION = (0, 2)  # of peermap.h; before 1.0 another minor version has other structures
NAME_MAX = 64

ALLOW_LATE = 1 << 0
STRICT = 1 << 1
RELOCATABLE = 1 << 2
NO_PTRACE = 1 << 3
PREFAULT = 1 << 4
HUGE = 1 << 5
HEAP = 1 << 6
FOREIGN = 1 << 7
OWNER = 1 << 8
READ_ONLY = 1 << 9

# Those that are options by their names.  OWNER goes with the number.
FLAGS = {
    "allow_late": ALLOW_LATE,
    "strict": STRICT,
    "relocatable": RELOCATABLE,
    "no_ptrace": NO_PTRACE,
    "prefault": PREFAULT,
    "huge": HUGE,
    "heap": HEAP,
    "foreign": FOREIGN,
    "read_only": READ_ONLY,
}

STATES = ("dead", "alive", "late", "unknown")
METHODS = ("none", "attach", "agent", "self", "unstop", "ahead")


class Options(ctypes.Structure):
    _fields_ = [
        ("struct_size", c_size_t),
        ("peer_name", c_char_p),
        ("initial_size", c_size_t),
        ("reserve_size", c_size_t),
        ("ahead", c_size_t),
        ("deadline_ms", c_uint32),
        ("max_peers", c_uint32),
        ("mode", c_uint32),
        ("flags", c_uint32),
        ("heap_step", c_size_t),
        ("owner", c_uint32),
        ("max_roots", c_uint32),
        ("reserved", c_uint64 * 4),
    ]


class Peer(ctypes.Structure):
    _fields_ = [
        ("pid", c_int),
        ("uid", c_uint32),
        ("start_time", c_uint64),
        ("name", c_char * NAME_MAX),
        ("base", c_void_p),
        ("mapped", c_size_t),
        ("epoch_requested", c_uint64),
        ("epoch_acked", c_uint64),
        ("state", c_int),
        ("method", c_int),
        ("error", c_int),
        ("nanoseconds", c_uint64),
        ("id", c_uint64),
        ("flags", c_uint32),
        ("reserved0", c_uint32),
        ("reserved", c_uint64 * 2),
    ]


class Round(ctypes.Structure):
    _fields_ = [
        ("epoch", c_uint64),
        ("size", c_size_t),
        ("peers", c_uint32),
        ("acked", c_uint32),
        ("late", c_uint32),
        ("died", c_uint32),
        ("blocker_pid", c_int),
        ("blocker", c_char * NAME_MAX),
        ("nanoseconds", c_uint64),
        ("unstopped", c_uint32),
        ("ahead", c_uint32),
        ("populated", c_uint32),
        ("reserved0", c_uint32),
        ("reserved", c_uint64 * 2),
    ]


class Result(ctypes.Structure):
    _fields_ = [
        ("pid", c_int),
        ("name", c_char * NAME_MAX),
        ("method", c_int),
        ("error", c_int),
        ("nanoseconds", c_uint64),
        ("reserved", c_uint64 * 2),
    ]


class HeapClass(ctypes.Structure):
    _fields_ = [
        ("stride", c_uint32),
        ("spans", c_uint32),
        ("objects", c_uint64),
        ("capacity", c_uint64),
        ("bytes", c_uint64),
        ("reserved", c_uint64 * 2),
    ]


class HeapPeer(ctypes.Structure):
    _fields_ = [
        ("pid", c_int),
        ("name", c_char * NAME_MAX),
        ("threads", c_uint32),
        ("spans", c_uint32),
        ("span_bytes", c_uint64),
        ("allocations", c_uint64),
        ("allocated_bytes", c_uint64),
        ("frees", c_uint64),
        ("freed_bytes", c_uint64),
        ("reserved", c_uint64 * 2),
    ]


class Heap(ctypes.Structure):
    _fields_ = [
        ("size", c_uint64),
        ("used", c_uint64),
        ("small_objects", c_uint64),
        ("large_objects", c_uint64),
        ("large_bytes", c_uint64),
        ("span_bytes", c_uint64),
        ("free_bytes", c_uint64),
        ("hole_bytes", c_uint64),
        ("largest_free", c_uint64),
        ("grown", c_uint64),
        ("faults", c_uint64),
        ("reclaimed", c_uint64),
        ("lost_threads", c_uint64),
        ("metadata", c_uint64),
        ("reserved", c_uint64 * 4),
    ]


class Root(ctypes.Structure):
    """peermap_root_copy."""

    _fields_ = [
        ("pointer", c_void_p),
        ("size", c_size_t),
        ("version", c_uint64),
        ("type", c_char * NAME_MAX),
        ("reserved", c_uint64 * 2),
    ]


class RootRow(ctypes.Structure):
    _fields_ = [
        ("name", c_char * NAME_MAX),
        ("type", c_char * NAME_MAX),
        ("pointer", c_void_p),
        ("size", c_size_t),
        ("version", c_uint64),
        ("reserved", c_uint64 * 2),
    ]


class Object(ctypes.Structure):
    _fields_ = [
        ("pointer", c_void_p),
        ("offset", c_uint64),
        ("size", c_size_t),
        ("owner", c_uint64),
        ("pid", c_int),
        ("state", c_int),
        ("name", c_char * NAME_MAX),
        ("allocated_ns", c_uint64),
        ("reserved", c_uint64 * 2),
    ]


class HeapFault(ctypes.Structure):
    _fields_ = [
        ("kind", c_int),
        ("pid", c_int),
        ("peer", c_char * NAME_MAX),
        ("address", c_void_p),
        ("offset", c_uint64),
        ("size", c_size_t),
        ("sentence", c_char_p),
        ("reserved", c_uint64 * 2),
    ]


FaultHandler = ctypes.CFUNCTYPE(None, POINTER(HeapFault), c_void_p)

_PROTOTYPES = {
    "create": (c_int, c_char_p, POINTER(Options), POINTER(c_void_p)),
    "attach": (c_int, c_char_p, POINTER(Options), POINTER(c_void_p)),
    "open": (c_int, c_char_p, POINTER(Options), POINTER(c_void_p)),
    "detach": (None, c_void_p),
    "unlink": (c_int, c_char_p),
    "base": (c_void_p, c_void_p),
    "size": (c_size_t, c_void_p),
    "pin": (c_size_t, c_void_p),
    "unpin": (None, c_void_p),
    "page_size": (c_size_t, c_void_p),
    "segment_at": (c_void_p, c_void_p),
    "epoch": (c_uint64, c_void_p),
    "read": (c_int, c_void_p, c_size_t, c_void_p, c_size_t),
    "write": (c_int, c_void_p, c_size_t, c_void_p, c_size_t),
    "grow": (c_int, c_void_p, c_size_t, POINTER(Round)),
    "grow_to": (c_int, c_void_p, c_size_t, POINTER(Round)),
    "shrink": (c_int, c_void_p, c_size_t, POINTER(Round)),
    "remap": (c_int, c_void_p, c_int, POINTER(Round)),
    "map_peer": (c_int, c_void_p, c_int, POINTER(Round)),
    "results": (c_int, c_void_p, POINTER(Result), c_int),
    "alloc": (c_void_p, c_void_p, c_size_t),
    "calloc": (c_void_p, c_void_p, c_size_t, c_size_t),
    "aligned_alloc": (c_void_p, c_void_p, c_size_t, c_size_t),
    "alloc_to": (c_void_p, c_void_p, c_void_p, c_size_t),
    "alloc_offset_to": (c_uint64, c_void_p, c_void_p, c_size_t),
    "realloc": (c_void_p, c_void_p, c_void_p, c_size_t),
    "free": (None, c_void_p, c_void_p),
    "object_size": (c_size_t, c_void_p, c_void_p),
    "next_object": (c_int, c_void_p, POINTER(c_uint64), POINTER(Object)),
    "trim": (c_int, c_void_p, POINTER(Round)),
    "heap_stats": (c_int, c_void_p, POINTER(Heap)),
    "heap_classes": (c_int, c_void_p, POINTER(HeapClass), c_int),
    "heap_peers": (c_int, c_void_p, POINTER(HeapPeer), c_int),
    "on_heap_fault": (None, FaultHandler, c_void_p),
    "set_root": (c_int, c_void_p, c_char_p, c_void_p, c_size_t, c_char_p),
    "root": (c_void_p, c_void_p, c_char_p, POINTER(c_size_t)),
    "read_root": (c_int, c_void_p, c_char_p, POINTER(Root)),
    "wait_root": (c_int, c_void_p, c_char_p, c_uint64, c_uint32, POINTER(Root)),
    "compare_exchange_root": (c_int, c_void_p, c_char_p, POINTER(c_uint64), c_void_p, c_size_t, c_char_p),
    "roots": (c_int, c_void_p, POINTER(RootRow), c_int),
    "wait_roots": (c_int, c_void_p, POINTER(c_uint64), c_uint32),
    "self": (c_int, c_void_p, POINTER(Peer)),
    "id": (c_uint64, c_void_p),
    "flags": (c_uint32, c_void_p),
    "deadline_ms": (c_uint32, c_void_p),
    "pid_of": (c_int, c_void_p, c_char_p),
    "peers": (c_int, c_void_p, POINTER(Peer), c_int),
    "peer_ended": (c_int, c_void_p, POINTER(Peer)),
    "now": (c_uint64,),
    "set_thread_deadline": (c_uint64, c_uint64),
    "sleep_while": (None, POINTER(c_uint32), c_uint32, c_uint64),
    "wait": (c_int, c_void_p, c_void_p, c_uint32, c_uint32),
    "notify": (c_int, c_void_p, c_void_p, c_int),
    "wait_ended": (c_int, c_void_p, POINTER(Peer), c_uint32),
    "reap": (c_int, c_void_p),
    "reap_peers": (c_int, c_void_p, POINTER(Peer), c_int),
    "version": (c_uint32,),
    "error_name": (c_char_p, c_int),
    "error_text": (c_char_p, c_int),
    "last_error": (c_char_p,),
}


def _find() -> str:
    """What PEERMAP_LIBRARY says, the one that the package carries, or the system's."""
    named = os.environ.get("PEERMAP_LIBRARY")
    if named:
        return named
    for name in ("libpeermap.so.0.2", "libpeermap.so"):
        beside = os.path.join(os.path.dirname(__file__), name)
        if os.path.exists(beside):
            return beside
    found = ctypes.util.find_library("peermap")
    if found:
        return found
    raise ImportError("libpeermap.so was not found: install it, or name it in the environment variable PEERMAP_LIBRARY")


class Library:
    """The functions of peermap.h without their prefix."""

    def __init__(self, path: str) -> None:
        self.path = path
        loaded = ctypes.CDLL(path, use_errno=True)
        self.handle = loaded._handle  # of dlopen(): the compiled module calls the same one
        for name, (result, *arguments) in _PROTOTYPES.items():
            try:
                function = getattr(loaded, "peermap_" + name)
            except AttributeError:
                raise ImportError("%s has no peermap_%s: it is older than this package" % (path, name)) from None
            function.restype, function.argtypes = result, arguments
            setattr(self, name, function)
        major, minor = divmod(loaded.peermap_version() // 100, 100)
        if (major, minor) != VERSION:
            raise ImportError("%s is of version %d.%d, and this package is for %d.%d" % (path, major, minor, *VERSION))

    def __getattr__(self, name: str):  # type: ignore[no-untyped-def]
        raise AttributeError(name)


library = Library(_find())
