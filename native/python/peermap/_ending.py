# SPDX-License-Identifier: MIT
"""The end of the process, in its several ways: attachments leave, so that the others do not find a peer that has died."""

import atexit
import contextlib
import os
import sys
import threading
import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._segment import Segment

attachments: "weakref.WeakSet[Segment]" = weakref.WeakSet()


def _leave_all() -> None:
    """At exit.  Where memory is in use it stays mapped, and the library leaves when the process has ended otherwise."""
    for segment in list(attachments):
        with contextlib.suppress(BufferError):
            segment._leave(lingering=True)
            with segment._idle:
                if segment._lingering:
                    segment._lingering, segment._departure = False, iter(())


def _leave_worker() -> None:
    """Just before os._exit(): what has the memory is not run any more, unless in another thread."""
    for segment in list(attachments):
        with contextlib.suppress(BufferError):
            segment._leave(lingering=True, regardless=threading.active_count() == 1)


_worker = 0  # the pid, if it leaves so


def leave_with_worker() -> None:
    """A child of multiprocessing that was forked ends by os._exit(), which runs nothing but the finalizers of multiprocessing."""
    global _worker
    process, util = sys.modules.get("multiprocessing.process"), sys.modules.get("multiprocessing.util")
    if process is None or util is None or process.parent_process() is None or _worker == os.getpid() or _is_spawned():
        return
    _worker = os.getpid()
    util.Finalize(None, _leave_worker, exitpriority=-1000)


def _is_spawned() -> bool:
    with open("/proc/self/cmdline", "rb") as file:
        return b"--multiprocessing-fork" in file.read().split(b"\0")


def _in_child() -> None:
    """No thread but the one that forked is here, and locks may be held by others."""
    for segment in list(attachments):
        segment._idle = threading.Condition(threading.RLock())
        segment._users = set()
        segment._pins = 0
        segment._reset()


atexit.register(_leave_all)
os.register_at_fork(after_in_child=_in_child)
