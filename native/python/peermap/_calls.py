# SPDX-License-Identifier: MIT
"""Who is in the middle of a call of one attachment: a detach waits for them."""

import contextlib
import threading
from typing import Iterator, Optional, Set, Tuple

from ._errors import EDETACHED
from ._library import library


class Calls:
    _handle: Optional[int]  # None: no call begins yet, or any more

    def __init__(self) -> None:
        super().__init__()
        self._users: Set[Tuple[int, object]] = set()  # calls under way: the thread, and the call
        self._idle = threading.Condition(threading.RLock())

    @contextlib.contextmanager
    def _use(self) -> Iterator[int]:
        call = (threading.get_ident(), object())
        try:  # an exception, as of Ctrl+C, may come anywhere
            with self._idle:
                handle = self._handle
                if handle is None:
                    raise EDETACHED()
                self._users.add(call)
            yield handle
        finally:
            self._users.discard(call)
            with self._idle:
                self._idle.notify_all()

    @staticmethod
    def _base(handle: int) -> int:
        base: Optional[int] = library.base(handle)
        if base is None:
            raise EDETACHED()
        return base

    def _is_calling(self) -> bool:
        me = threading.get_ident()
        return any(thread == me for thread, _ in self._users)
