# SPDX-License-Identifier: MIT
import ctypes
import os
import signal
import threading
import time
import unittest

import peermap
from common import Case, MiB, names, until

SETTER = """
segment = peermap.attach(name, peer_name='setter')
print('attached')
for line in sys.stdin:
    eval(line)
    print('done')
"""


HOLDER = '''
import ctypes, os
ptrace = ctypes.CDLL(None, use_errno=True).ptrace
ptrace.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT, ALL = 17, 0x4206, 0x4207, 0x40000000
thread = int(sys.stdin.readline())
held = ptrace(PTRACE_SEIZE, thread, None, None) == 0 and ptrace(PTRACE_INTERRUPT, thread, None, None) == 0
if held:
    os.waitpid(thread, ALL)
print('held' if held else 'refused')
sys.stdin.readline()
ptrace(PTRACE_DETACH, thread, None, None)
'''


def allow_tracing() -> None:
    ctypes.CDLL(None).prctl(0x59616D61, ctypes.c_ulong(-1 & (1 << 64) - 1), 0, 0, 0)  # PR_SET_PTRACER, any, where Yama asks for it


class Waits(Case):
    def setUp(self) -> None:
        super().setUp()
        self.segment = peermap.create(self.name, peer_name="one", initial_size=MiB, deadline_ms=300)
        self.addCleanup(self.segment.detach)
        self.other = self.start(SETTER)
        self.assertEqual(self.other.line(), "attached")

    def soon(self, what: str) -> None:
        timer = threading.Timer(0.15, self.other.say, [what])
        timer.start()
        self.addCleanup(timer.join)

    def test_a_root_is_waited_for_until_it_appears_is_replaced_or_removed(self) -> None:
        self.soon("segment.set_root('r', 64, 10, 'first')")
        first = self.segment.wait_root("r", deadline_ms=60000)
        assert first is not None
        self.assertEqual((first.offset, first.size, first.type), (64, 10, "first"))
        self.assertEqual(self.segment.wait_root("r", deadline_ms=1), first)
        self.soon("segment.set_root('r', 128, 20)")
        second = self.segment.wait_root("r", first, 60000)
        assert second is not None
        self.assertEqual((second.offset, second.size), (128, 20))
        self.soon("segment.remove_root('r')")
        self.assertIsNone(self.segment.wait_root("r", second, 60000))
        with self.assertRaises(peermap.ENAME):
            self.segment.wait_root("no name")

    def test_a_wait_ends_at_its_deadline(self) -> None:
        for given, expected in ((None, 0.3), (150, 0.15)):
            begun = time.monotonic()
            with self.assertRaises(TimeoutError) as caught:
                self.segment.wait_root("never", deadline_ms=given)
            self.assertIn("root never of segment " + self.name, str(caught.exception))
            self.assertGreaterEqual(time.monotonic() - begun, expected - 0.01)
            begun = time.monotonic()
            self.assertFalse(self.segment.wait_ended(self.peer(), given))
            self.assertGreaterEqual(time.monotonic() - begun, expected - 0.01)

    def peer(self) -> peermap.Peer:
        return next(peer for peer in self.segment.peers() if peer.name == "setter")

    def test_a_peer_has_ended_when_it_is_gone_and_not_before(self) -> None:
        peer = self.peer()
        self.assertNotEqual(peer.id, self.segment.me().id)
        self.assertFalse(self.segment.peer_ended(peer))
        self.other.signal(signal.SIGSTOP)
        self.assertFalse(self.segment.wait_ended(peer, 100))
        threading.Timer(0.15, self.other.signal, [signal.SIGKILL]).start()
        self.assertTrue(self.segment.wait_ended(peer, 60000))
        self.assertTrue(self.segment.peer_ended(peer))
        self.other.process.wait()
        again = self.start(SETTER)
        self.assertEqual(again.line(), "attached")
        self.assertNotEqual(self.peer().id, peer.id)
        self.assertTrue(self.segment.peer_ended(peer))
        self.assertFalse(self.segment.peer_ended(self.peer()))

    def test_a_detach_of_another_thread_ends_a_wait(self) -> None:
        timer = threading.Timer(0.15, self.segment.detach)
        timer.start()
        with self.assertRaises(peermap.EDETACHED):
            self.segment.wait_root("never", deadline_ms=60000)
        timer.join()
        with peermap.attach(self.name, peer_name="two") as again:
            self.assertEqual(sorted(names(again)), ["setter", "two"])

    def test_a_forked_child_is_told_that_it_is_no_peer(self) -> None:
        peer = self.peer()
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                self.segment.wait_root("never", deadline_ms=60000)
            except peermap.EDETACHED:
                try:
                    self.segment.peer_ended(peer)
                except peermap.EDETACHED:
                    code = 0
            finally:
                os._exit(code)
        self.assertEqual(os.waitpid(pid, 0)[1], 0)

    def test_an_interrupt_ends_a_wait(self) -> None:
        threading.Timer(0.15, os.kill, [os.getpid(), signal.SIGINT]).start()
        with self.assertRaises(KeyboardInterrupt):
            self.segment.wait_root("never", deadline_ms=60000)

    def test_a_wait_is_no_longer_for_what_handlers_do_meanwhile(self) -> None:
        def hold_up(*_: object) -> None:
            time.sleep(0.3)
            signal.setitimer(signal.ITIMER_REAL, 0.02)

        before = signal.signal(signal.SIGALRM, hold_up)
        self.addCleanup(signal.signal, signal.SIGALRM, before)
        self.addCleanup(signal.setitimer, signal.ITIMER_REAL, 0)
        signal.setitimer(signal.ITIMER_REAL, 0.02)
        begun = time.monotonic()
        self.assertFalse(self.segment.wait_ended(self.peer(), 1000))
        self.assertLess(time.monotonic() - begun, 2)

    def test_what_is_no_duration_is_refused(self) -> None:
        for wrong in (-1, 1 << 63):
            with self.assertRaises(peermap.EINVAL):
                self.segment.wait_root("never", deadline_ms=wrong)
        for wrong in (-1, 1 << 32, 1 << 64):
            with self.assertRaisesRegex(peermap.EINVAL, "deadline_ms must .*is %d" % wrong):
                peermap.open(self.name, deadline_ms=wrong)
        for other in (1.5, float("nan"), float("inf"), "1"):
            with self.assertRaises(TypeError):
                self.segment.wait_root("never", deadline_ms=other)  # type: ignore[arg-type]
            with self.assertRaises(TypeError):
                peermap.open(self.name, deadline_ms=other)
        self.soon("segment.set_root('r', 64, 10)")
        self.assertIsNotNone(self.segment.wait_root("r", deadline_ms=1 << 33))

    def test_calls_of_others_end_while_a_detach_waits_for_an_agent_that_is_held(self) -> None:
        allow_tracing()
        threads = set(os.listdir("/proc/self/task"))
        segment = peermap.create(self.fresh_name(), peer_name="one", initial_size=MiB, deadline_ms=200)
        (agent,) = set(os.listdir("/proc/self/task")) - threads
        debugger = self.start(HOLDER)
        debugger.say(agent)
        if debugger.line() != "held":
            self.skipTest("may not trace")
        leaving = [threading.Thread(target=segment.detach) for _ in range(2)]
        for thread in leaving:
            thread.start()
        until(lambda: "detached" in repr(segment))
        for call in (lambda: segment.size, segment.peers, lambda: segment.wait_root("r", deadline_ms=100), lambda: segment.grow(1)):
            begun = time.monotonic()
            with self.assertRaises(peermap.EDETACHED):
                call()
            self.assertLess(time.monotonic() - begun, 60)
        self.assertTrue(all(thread.is_alive() for thread in leaving))
        debugger.say("let go")
        for thread in leaving:
            thread.join()
        until(lambda: set(os.listdir("/proc/self/task")) == threads)  # who is joined ends a moment later


if __name__ == "__main__":
    unittest.main()
