# SPDX-License-Identifier: MIT
import copy
import ctypes
import errno
import os
import pickle
import signal
import threading
import unittest

import peermap
from common import Case, MiB, names, until
from peermap import _failures

PEER = "segment = peermap.attach(name, peer_name='other'); print('attached'); sys.stdin.read()"


class Segments(Case):
    def test_a_segment_is_created_attached_to_and_opened(self) -> None:
        with self.assertRaises(peermap.ENOENT):
            peermap.attach(self.name)
        with peermap.open(self.name, peer_name="one", initial_size=MiB, reserve_size=64 * MiB, max_peers=4, mode=0o640, strict=True) as one:
            self.assertEqual(os.stat("/dev/shm/peermap." + self.name).st_mode & 0o777, 0o640)
            self.assertEqual((one.name, one.size, one.epoch), (self.name, MiB, 1))
            self.assertEqual(one.page_size, os.sysconf("SC_PAGE_SIZE"))
            other = self.start(PEER)
            self.assertEqual(other.line(), "attached")
            peers = one.peers()
            self.assertEqual([(peer.name, peer.pid, peer.state) for peer in peers], [("one", os.getpid(), "alive"), ("other", other.pid, "alive")])
            self.assertEqual([peer.base for peer in peers], [one.base, one.base])
            self.assertEqual((one.me().name, one.me().pid, one.me().base), ("one", os.getpid(), one.base))
            self.assertEqual((one.pid_of("other"), one.pid_of("nobody")), (other.pid, None))
            with self.assertRaises(peermap.EEXIST):
                peermap.create(self.name)
            with self.assertRaises(peermap.ELIMIT):
                one.grow(64 * MiB)
        peermap.unlink(self.name)
        with self.assertRaises(FileNotFoundError):
            peermap.unlink(self.name)

    @unittest.skipIf(os.geteuid() != 0, "needs root, to give an object to another user")
    def test_a_segment_of_another_user_is_asked_for(self) -> None:
        other = 45690
        peermap.create(self.name, initial_size=MiB).detach()
        os.chown("/dev/shm/peermap." + self.name, other, other)
        for enter in (peermap.attach, peermap.open):
            with self.assertRaises(PermissionError) as caught:
                enter(self.name)
            self.assertIsInstance(caught.exception, peermap.EACCES)
            self.assertEqual(caught.exception.errno, errno.EREMOTE)
            self.assertIn("uid %d" % other, str(caught.exception))
            self.assertRegex(str(caught.exception), r"attach with foreign=True, or with owner=UID$")
            with self.assertRaises(peermap.EACCES):
                enter(self.name, owner=other + 1)
            with self.assertRaises(peermap.EACCES):
                enter(self.name, foreign=False)
            for options in ({"foreign": True}, {"owner": other}):
                with enter(self.name, **options) as segment:
                    self.assertEqual(segment.grow(4096).late, 0)

    def test_nobody_takes_the_name_of_another_user(self) -> None:
        another = os.geteuid() + 1
        with self.assertRaises(peermap.ENOENT):
            peermap.open(self.name, owner=another)
        with self.assertRaises(peermap.EINVAL):
            peermap.create(self.name, owner=another)
        with self.assertRaises(peermap.EINVAL):
            peermap.open(self.name, owner=1 << 32)
        self.assertFalse(os.path.exists("/dev/shm/peermap." + self.name))
        with peermap.open(self.name, owner=os.geteuid(), initial_size=MiB) as segment:
            self.assertEqual(segment.size, MiB)

    def test_a_growth_is_mapped_by_every_peer_when_it_returns(self) -> None:
        with peermap.create(self.name, peer_name="one", initial_size=MiB, strict=True) as segment:
            other = self.start(PEER)
            self.assertEqual(other.line(), "attached")
            grown = segment.grow(3 * MiB)
            self.assertEqual((grown.size, grown.peers, grown.acked, grown.late, grown.blocker), (4 * MiB, 2, 2, 0, None))
            self.assertEqual(sorted((answer.name, answer.method) for answer in segment.results()), [("one", "self"), ("other", "agent")])
            self.assertEqual([peer.mapped for peer in segment.peers()], [4 * MiB, 4 * MiB])
            self.assertEqual(segment.shrink(MiB).size, 3 * MiB)
            self.assertEqual(segment.remap(other.pid).acked, 1)
            self.assertEqual(segment.remap().acked, 2)
            self.assertEqual(segment.map_peer().late, 0)
            with self.assertRaises(peermap.ESRCH):
                segment.map_peer(1)

    def test_the_stopped_peer_that_made_a_growth_fail_is_named(self) -> None:
        options = dict(peer_name="one", initial_size=MiB, deadline_ms=100, strict=True, no_ptrace=True)
        with peermap.create(self.name, **options) as segment:
            other = self.start(PEER)
            self.assertEqual(other.line(), "attached")
            other.signal(signal.SIGSTOP)
            os.waitid(os.P_PID, other.pid, os.WSTOPPED | os.WNOWAIT)
            with self.assertRaises(peermap.ETIMEDOUT) as caught:
                segment.grow(MiB)
            error = caught.exception
            self.assertEqual((error.code, error.number), ("PEERMAP_ETIMEDOUT", -27015))
            self.assertIn("other", str(error))
            self.assertEqual(error.round.blocker, (other.pid, "other"))
            self.assertEqual(segment.size, MiB)
            other.signal(signal.SIGCONT)
            until(lambda: segment.peers()[1].state == "alive")
            self.assertEqual(segment.grow(MiB).late, 0)

    def test_a_killed_peer_is_dead_and_its_slot_is_reaped(self) -> None:
        with peermap.create(self.name, peer_name="one") as segment:
            other = self.start(PEER)
            self.assertEqual(other.line(), "attached")
            other.kill()
            until(lambda: segment.peers()[1].state == "dead")
            self.assertEqual(segment.reap(), 1)
            self.assertEqual(names(segment), ["one"])

    def test_a_reap_takes_whom_it_is_given(self) -> None:
        with peermap.create(self.name, peer_name="one") as segment:
            dead = []
            for _ in range(2):
                other = self.start(PEER)
                self.assertEqual(other.line(), "attached")
                dead.append(segment.peers()[-1])
                other.kill()
                until(lambda: segment.peers()[-1].state == "dead")
            first, last = dead  # the second one of the name is in the slot of the first
            self.assertEqual(segment.reap([first]), 0)
            self.assertEqual(segment.reap([]), 0)
            self.assertEqual(segment.reap([segment.me(), last]), 1)
            self.assertEqual(names(segment), ["one"])

    def test_a_root_leads_another_process_to_the_data(self) -> None:
        with peermap.create(self.name, initial_size=MiB) as segment:
            segment.memory[4096:4107] = b"a structure"
            segment.set_root("index", 4096, 11, "struct index")
            root = segment.root("index")
            assert root
            self.assertEqual((root.name, root.offset, root.size, root.type), ("index", 4096, 11, "struct index"))
            self.assertEqual(root.address, segment.base + 4096)
            other = self.start(
                "segment = peermap.attach(name, peer_name='other'); root = segment.root('index')\n"
                "print(bytes(root.memory).decode()); root.memory[0:1] = b'A'; print(root.address == segment.base + 4096)"
            )
            self.assertEqual((other.line(), other.line()), ("a structure", "True"))
            self.assertEqual(other.end(), 0)
            self.assertEqual(bytes(root.memory), b"A structure")
            segment.set_root("same", root)
            same = segment.root("same")
            assert same
            self.assertEqual((same.name, same.offset, same.size, same.type), ("same", root.offset, root.size, ""))
            self.assertNotEqual(same, root)
            self.assertEqual((root, hash(root)), (segment.root("index"), hash(segment.root("index"))))
            segment.set_root("same", root, type=same.type)
            self.assertEqual(segment.root("same").type, "")
            segment.remove_root("index")
            self.assertIsNone(segment.root("index"))
            with self.assertRaises(peermap.EINVAL):
                segment.set_root("outside", MiB, 1)
            with self.assertRaises(TypeError):
                segment.set_root("without", 0)
            with self.assertRaises(peermap.ENAME):
                segment.set_root("a b", 0, 1)
            with self.assertRaises(peermap.ENAME):
                segment.root("a b")

    def test_a_root_of_another_type_is_told_what_it_is(self) -> None:
        with peermap.create(self.name) as segment:
            segment.set_root("prices", 0, 80, "double[10]")
            segment.set_root("order", 0, 80, "struct order")
            segment.set_root("plain", 0, 80)
            for name, same in (("prices", "double [10]"), ("prices", " double  [10]"), ("order", "order"), ("order", "struct order"), ("plain", "")):
                found = segment.root(name, same)
                self.assertEqual(found, segment.root(name=name, type=None))
            self.assertIsNone(segment.root("none", "double"))
            with self.assertRaisesRegex(peermap.ETYPE, '^root "prices" is "double.10.", not "double.100."$'):
                segment.root("prices", type="double[100]")
            with self.assertRaisesRegex(peermap.ETYPE, '^root "plain" is of no type, not "order"$'):
                segment.root("plain", "order")
            for call in (lambda: segment.root("prices", 5), lambda: segment.root(), lambda: segment.root("prices", kind="x"), lambda: segment.root("a", "b", "c")):
                with self.assertRaises(TypeError):
                    call()

    def test_a_root_that_somebody_else_has_set_meanwhile_is_not_swapped(self) -> None:
        with peermap.create(self.name, initial_size=MiB) as segment:
            self.assertTrue(segment.compare_exchange_root("best", None, 0, 8, "first"))
            self.assertFalse(segment.compare_exchange_root("best", None, 8, 8))
            root = segment.root("best")
            other = self.start(
                "segment = peermap.attach(name, peer_name='other'); root = segment.root('best')\n"
                "print(root.type, segment.compare_exchange_root('best', root, 16, 8, 'second'))"
            )
            self.assertEqual(other.line(), "first True")
            self.assertFalse(segment.compare_exchange_root("best", root, 24, 8))
            self.assertFalse(segment.compare_exchange_root("best", root, None))
            root = segment.root("best")
            self.assertEqual((root.offset, root.size, root.type), (16, 8, "second"))
            segment.set_root("best", 16, 8, "second")
            self.assertFalse(segment.compare_exchange_root("best", root, None))
            self.assertTrue(segment.compare_exchange_root("best", segment.root("best"), None))
            self.assertIsNone(segment.root("best"))
            with self.assertRaises(TypeError):
                segment.compare_exchange_root("best", None, 0)
            with self.assertRaises(peermap.EINVAL):
                segment.compare_exchange_root("best", None, MiB, 1)

    def test_a_detached_segment_refuses_everything(self) -> None:
        segment = peermap.create(self.name, peer_name="one")
        witness = self.start(PEER)
        self.assertEqual(witness.line(), "attached")
        segment.detach()
        segment.detach()
        for call in (
            lambda: segment.size,
            lambda: segment.base,
            lambda: segment.epoch,
            lambda: segment.memory,
            lambda: segment.view(0, 1),
            lambda: segment.grow(4096),
            lambda: segment.peers(),
            lambda: segment.me(),
            lambda: segment.root("r"),
            lambda: segment.compare_exchange_root("r", None, 0, 1),
            lambda: segment.alloc(8),
            lambda: segment.pin().__enter__(),
        ):
            with self.assertRaises(peermap.EDETACHED):
                call()
        with peermap.attach(self.name, peer_name="again") as again:
            self.assertEqual(sorted(names(again)), ["again", "other"])

    def test_a_segment_is_not_copied(self) -> None:
        with peermap.create(self.name, heap=True) as segment:
            for thing in (segment, segment.alloc(8)):
                for make in (copy.copy, copy.deepcopy):
                    with self.assertRaisesRegex(TypeError, "copied"):
                        make(thing)
            self.assertGreater(segment.size, 0)

    def test_a_detach_waits_for_the_calls_of_other_threads(self) -> None:
        for _ in range(20):
            segment = peermap.open(self.name, initial_size=MiB, deadline_ms=20000)
            ends = []

            def work() -> None:
                try:
                    while True:
                        segment.grow(4096)
                        segment.shrink(4096)
                        segment.memory[0:1] = b"x"
                except peermap.EDETACHED:
                    ends.append(True)

            threads = [threading.Thread(target=work) for _ in range(3)]
            for thread in threads:
                thread.start()
            while True:
                try:
                    segment.detach()
                    break
                except BufferError:  # one of them has the memory at this moment
                    pass
            for thread in threads:
                thread.join()
            self.assertEqual(ends, [True] * 3)

    def test_a_segment_that_nobody_refers_to_is_detached(self) -> None:
        with peermap.create(self.name, peer_name="one") as segment:
            forgotten = peermap.attach(self.name, peer_name="forgotten", relocatable=True)
            self.assertEqual(len(names(segment)), 2)
            del forgotten
            self.assertEqual(names(segment), ["one"])

    def test_a_process_that_ends_has_detached(self) -> None:
        with peermap.create(self.name, peer_name="one") as segment:
            for end in (
                "",
                "sys.exit(0)",
                "memory = segment.memory",
                "array = segment.view(0, 64)[8:]; sys.exit(0)",
                "os.kept = segment.memory, segment",
                "segment.__exit__(None, None, None)",
            ):
                self.assertEqual(self.start("segment = peermap.attach(name, peer_name='other'); " + end).end(), 0)
                self.assertEqual(names(segment), ["one"])
            self.assertEqual(self.start("segment = peermap.attach(name, peer_name='other'); os._exit(0)").end(), 0)
            until(lambda: segment.peers()[1].state == "dead")

    def test_what_was_not_there_in_time_is_a_TimeoutError(self) -> None:
        self.assertTrue(issubclass(peermap.ETIMEDOUT, TimeoutError))
        kinds = {}
        for number in (errno.ETIMEDOUT, errno.EMFILE):
            ctypes.set_errno(number)
            error = pickle.loads(pickle.dumps(_failures.failure(peermap.EOS.number)))
            self.assertIsInstance(error, peermap.EOS)
            self.assertEqual((error.code, error.errno), ("PEERMAP_EOS", number))
            kinds[number] = isinstance(error, TimeoutError)
        self.assertEqual(kinds, {errno.ETIMEDOUT: True, errno.EMFILE: False})

    def test_what_is_nearly_right_is_refused_in_words(self) -> None:
        for options, error, words in (
            (dict(initial_size="64K"), TypeError, "initial_size must be a whole number, not '64K'"),
            (dict(initial_size=65536.5), TypeError, "initial_size must be a whole number, not 65536.5"),
            (dict(max_peers=True), TypeError, "max_peers must be a whole number, not True"),
            (dict(heap="no"), TypeError, "heap must be True or False, not 'no'"),
            (dict(colour="red"), TypeError, "there is no option colour$"),
            (dict(haep=True), TypeError, "there is no option haep; did you mean heap[?]"),
            (dict(peerName="one"), TypeError, "there is no option peerName; did you mean peer_name[?]"),
            (dict(peer_name=b"one"), TypeError, "peer_name must be a str, not bytes"),
            (dict(initial_size=-1), peermap.EINVAL, "initial_size must not be negative, and is -1"),
            (dict(deadline_ms=1 << 32), peermap.EINVAL, "deadline_ms must be less than"),
            (dict(mode=0o10000), peermap.EINVAL, "^mode is 010000"),
            (dict(peer_name="a\0b"), peermap.EINVAL, "NUL"),
            (dict(peer_name="a b"), peermap.ENAME, "a b"),
            (dict(read_only=True), peermap.EINVAL, "read only: read_only=True is for attaching"),
        ):
            with self.assertRaisesRegex(error, words):
                peermap.create(self.name, **options)
        for name in ("", ".hidden", "a/b", "x" * 64):
            with self.assertRaises(peermap.ENAME):
                peermap.create(name)
        for name, kind in ((None, "NoneType"), (b"x", "bytes"), (5, "int")):
            with self.assertRaisesRegex(TypeError, "a segment's name must be a str, not " + kind):
                peermap.open(name)
        with peermap.create(self.name) as segment:
            for call, words in (
                (lambda: segment.set_root(5, 0, 8), "a root's name must be a str, not int"),
                (lambda: segment.root(b"x"), "a root's name must be a str, not bytes"),
                (lambda: segment.set_root("x", "y", 8), "not to a str"),
                (lambda: segment.set_root("x", 0, 8, 5), "a root's type must be a str"),
                (lambda: segment.grow("1"), "by must be a whole number, not '1'"),
                (lambda: segment.grow_to(1.5), "size must be a whole number, not 1.5"),
                (lambda: segment.view(0, None), "size must be a whole number, not None"),
            ):
                with self.assertRaisesRegex(TypeError, words):
                    call()
            for wrong in (-1, 1 << 64):
                with self.assertRaises(peermap.EINVAL):
                    segment.grow(wrong)
            with self.assertRaisesRegex(peermap.EINVAL, "created without heap=True"):
                segment.alloc(8)
            with self.assertRaisesRegex(peermap.EINVAL, "without heap=True"):
                peermap.open(self.name, heap=True, relocatable=True)

    def test_what_is_of_another_segment_is_refused(self) -> None:
        with peermap.create(self.name, heap=True) as one, peermap.create(self.fresh_name(), heap=True) as two:
            mine, theirs = one.alloc(8), two.alloc(8)
            two.set_root("theirs", theirs)
            for call in (
                lambda: one.set_root("r", theirs),
                lambda: one.set_root("r", two.root("theirs")),
                lambda: one.object(two.root("theirs")),
                lambda: one.free(theirs),
                lambda: one.realloc(theirs, 16),
            ):
                with self.assertRaisesRegex(peermap.EINVAL, "of segment %s, not of segment %s" % (two.name, one.name)):
                    call()
            self.assertEqual((mine.size, theirs.size), (8, 8))

    def test_a_growth_to_a_size_adds_what_is_missing(self) -> None:
        with peermap.create(self.name, initial_size=MiB) as segment:
            self.assertEqual([segment.grow_to(size).size for size in (2 * MiB, MiB, 2 * MiB)], [2 * MiB] * 3)
            self.assertEqual(segment.size, 2 * MiB)

    def test_roots_are_listed_and_waited_for_and_as_many_as_wanted(self) -> None:
        with peermap.create(self.name, max_roots=100) as segment:
            with self.assertRaises(TimeoutError):
                segment.wait_roots(deadline_ms=1)
            for i in range(100):
                segment.set_root("root-%d" % i, i, 8, "double")
            self.assertEqual({root.name: root.offset for root in segment.roots()}, {"root-%d" % i: i for i in range(100)})
            self.assertEqual(segment.roots()[0], segment.root(segment.roots()[0].name))
            with self.assertRaisesRegex(peermap.EROOTS, "max_roots"):
                segment.set_root("more", 0, 8)
            changes = segment.wait_roots()
            other = self.start("segment = peermap.attach(name, peer_name='other'); input(); segment.remove_root('root-7'); input()")
            other.say("go")
            self.assertNotEqual(segment.wait_roots(changes, deadline_ms=60000), changes)
            self.assertEqual(len(segment.roots()), 99)

    def test_a_word_is_waited_for(self) -> None:
        with peermap.create(self.name) as segment:
            word = segment.view(64, 4).cast("I")
            self.assertTrue(segment.wait(64, 1))
            self.assertFalse(segment.wait(64, 0, deadline_ms=1))
            self.assertEqual(segment.notify(64, 10), 0)
            other = self.start(
                "segment = peermap.attach(name, peer_name='other'); print('ready')\n"
                "print(segment.wait(64, 0, deadline_ms=60000), segment.view(64, 4).cast('I')[0])"
            )
            self.assertEqual(other.line(), "ready")
            word[0] = 7
            segment.notify(64)
            self.assertEqual(other.line(), "True 7")
            for offset, value in ((2, 0), (1 << 30, 0), (64, 1 << 32)):
                with self.assertRaises(peermap.EINVAL):
                    segment.wait(offset, value)
            with self.assertRaises(peermap.EINVAL):
                segment.notify(64, 0)


if __name__ == "__main__":
    unittest.main()
