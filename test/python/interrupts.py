# SPDX-License-Identifier: MIT
import gc
import os
import random
import signal
import threading
import time
import unittest

import peermap
from common import Case, MiB, names

KEEPER = """
segment = peermap.create(name, peer_name='keeper', initial_size=%d, strict=True, no_ptrace=True)
segment.set_root('r', 0, 8)
print('created')
for line in sys.stdin:
    print(eval(line))
""" % MiB


class Interrupts(Case):
    def setUp(self) -> None:
        super().setUp()
        self.keeper = self.start(KEEPER)
        self.assertEqual(self.keeper.line(), "created")

    def peers(self) -> str:
        self.keeper.say("sorted(peer.name for peer in segment.peers())")
        return self.keeper.line()

    def keeper_is_stopped(self) -> bool:
        with open("/proc/%d/stat" % self.keeper.pid) as file:
            return file.read().rsplit(")", 1)[1].split()[0] == "T"

    def test_a_detach_that_is_interrupted_goes_on_when_it_is_called_again(self) -> None:
        segment = peermap.attach(self.name, peer_name="one", deadline_ms=1500)
        self.keeper.signal(signal.SIGSTOP)
        while not self.keeper_is_stopped():
            time.sleep(0.001)
        failed = []

        def grow() -> None:
            try:
                segment.grow(MiB)
            except peermap.ETIMEDOUT as error:
                failed.append(error)

        thread = threading.Thread(target=grow)
        thread.start()
        time.sleep(0.2)
        threading.Timer(0.2, os.kill, [os.getpid(), signal.SIGINT]).start()
        begun = time.monotonic()
        with self.assertRaises(KeyboardInterrupt):
            segment.detach()
        self.assertLess(time.monotonic() - begun, 1)
        with self.assertRaises(peermap.EDETACHED):
            segment.root("r")
        segment.detach()
        self.keeper.signal(signal.SIGCONT)
        thread.join()
        self.assertEqual(len(failed), 1)
        self.assertIsInstance(failed[0], TimeoutError)
        self.assertEqual(self.peers(), "['keeper']")
        with peermap.attach(self.name, peer_name="two") as again:  # its addresses are free
            self.assertEqual(names(again), ["keeper", "two"])

    def test_an_interrupt_at_any_moment_leaves_nothing_attached(self) -> None:
        def interrupt(*_: object) -> None:
            raise KeyboardInterrupt

        before = signal.signal(signal.SIGALRM, interrupt)
        self.addCleanup(signal.signal, signal.SIGALRM, before)
        interrupted = 0
        begun = time.monotonic()
        while interrupted < 150 and time.monotonic() - begun < 5:
            try:
                try:
                    signal.setitimer(signal.ITIMER_REAL, random.uniform(0.0001, 0.003))
                    with peermap.attach(self.name, peer_name="one") as segment:
                        for _ in range(10):
                            segment.root("r")
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)
            except KeyboardInterrupt:
                interrupted += 1
            segment = None  # type: ignore[assignment]
            gc.collect()
        self.assertGreater(interrupted, 20)
        self.assertEqual(self.peers(), "['keeper']")


if __name__ == "__main__":
    unittest.main()
