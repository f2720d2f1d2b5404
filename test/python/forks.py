# SPDX-License-Identifier: MIT
import multiprocessing
import os
import threading
import unittest
from typing import Any, List

import peermap
from common import Case, MiB, names


def child(segment: peermap.Segment, name: str, queue: Any) -> None:
    """In a process that was forked: what it inherited is no peer, and it becomes one by itself."""
    codes: List[str] = []
    for call in (
        lambda: segment.size,
        lambda: segment.memory,
        lambda: segment.grow(4096),
        lambda: segment.peers(),
        lambda: segment.root("r"),
        lambda: segment.set_root("r", 0, 8),
        lambda: segment.pin().__enter__(),
        lambda: segment.alloc(8),
        lambda: segment.reap(),
    ):
        try:
            call()
            codes.append("no error")
        except peermap.Error as error:
            codes.append(error.code)
    segment.detach()
    with peermap.attach(name, peer_name="child") as own:
        own.memory[0:1] = b"c"
        queue.put((codes, names(own), own.base))


class Forks(Case):
    def test_a_forked_child_is_no_peer_until_it_attaches(self) -> None:
        fork = multiprocessing.get_context("fork")
        with peermap.create(self.name, peer_name="parent", heap=True, initial_size=MiB) as segment:
            memory = segment.memory
            queue = fork.Queue()
            process = fork.Process(target=child, args=(segment, self.name, queue))
            process.start()
            codes, seen, base = queue.get()
            process.join()
            self.assertEqual(process.exitcode, 0)
            self.assertEqual(codes, ["PEERMAP_EDETACHED"] * len(codes))
            self.assertEqual((seen, base), (["parent", "child"], segment.base))
            self.assertEqual(memory[0:1].tobytes(), b"c")
            self.assertEqual(names(segment), ["parent"])
            self.assertEqual(segment.grow(4096).peers, 1)
            del memory

    def test_a_child_that_was_forked_amid_calls_of_other_threads_is_not_stuck(self) -> None:
        with peermap.create(self.name, initial_size=MiB, deadline_ms=20000) as segment:
            going = [True]

            def work() -> None:
                while going[0]:
                    segment.view(0, 8)[0] = 1

            thread = threading.Thread(target=work)
            thread.start()
            for _ in range(100):
                pid = os.fork()
                if pid == 0:
                    try:
                        segment.size
                    except peermap.EDETACHED:
                        os._exit(0)
                    os._exit(1)
                self.assertEqual(os.waitpid(pid, 0)[1], 0)
            going[0] = False
            thread.join()


if __name__ == "__main__":
    unittest.main()
