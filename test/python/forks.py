# SPDX-License-Identifier: MIT
import multiprocessing
import os
import pickle
import threading
import unittest
from typing import Any, List, Tuple

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


def begin(name: str) -> None:
    """As initializers of pools do: what they attach to stays in globals, and its memory is in use to the end."""
    global segment, memory
    segment = peermap.attach(name, peer_name="worker-%d" % os.getpid())
    memory = segment.memory


def fill(one: peermap.HeapObject, byte: int) -> peermap.HeapObject:
    one.memory[:] = bytes([byte]) * one.size
    return one


def look(root: peermap.Root, of: peermap.Segment) -> Tuple[bytes, str, bool]:
    return bytes(root.memory), root.type, of is root.segment is segment


class Forks(Case):
    def work(self, method: str) -> None:
        with peermap.create(self.name, peer_name="parent", heap=True) as one:
            objects = [one.alloc(10) for _ in range(3)]
            one.set_root("first", objects[0], type="char[10]")
            with multiprocessing.get_context(method).Pool(2, begin, (self.name,)) as pool:
                back = pool.starmap(fill, zip(objects, range(3)), 1)
                seen = pool.starmap(look, [(one.root("first"), one)])
                pool.close()
                pool.join()
            self.assertEqual([(bytes(thing.memory), thing.segment is one) for thing in back], [(bytes([i]) * 10, True) for i in range(3)])
            self.assertEqual(seen, [(bytes(10), "char[10]", True)])
            self.assertEqual(names(one), ["parent"])

    def test_workers_that_were_forked_take_objects_and_leave(self) -> None:
        self.work("fork")

    def test_workers_of_a_fork_server_take_objects_and_leave(self) -> None:
        self.work("forkserver")

    def test_workers_that_were_spawned_take_objects_and_leave(self) -> None:
        self.work("spawn")

    def test_who_unpickles_attaches_with_the_options_of_who_pickled(self) -> None:
        with peermap.create(self.name, peer_name="one", heap=True) as one:
            thing = one.alloc(8)
            thing.memory[:] = b"in place"
            with peermap.attach(self.name, peer_name="two", read_only=True, relocatable=True) as reader:
                sent = [pickle.dumps(what).hex() for what in (thing, reader)]
            for what, answer in zip(sent, ("b'in place' False", "%r True" % bytes(one.memory[:8]))):
                other = self.start("import pickle; it = pickle.loads(bytes.fromhex(%r)); print(bytes(it.memory[:8]), it.memory.readonly)" % what)
                self.assertEqual(other.line(), answer)
                self.assertEqual(other.end(), 0)
            self.assertEqual(names(one), ["one"])

    def test_an_object_of_a_segment_that_was_made_anew_is_refused(self) -> None:
        with peermap.create(self.name, heap=True) as one:
            thing = one.alloc(8)
            sent = [pickle.dumps(what) for what in (thing, one)]
            thing.free()
            with self.assertRaises(peermap.EINVAL):
                pickle.loads(sent[0])
        peermap.unlink(self.name)
        with self.assertRaises(peermap.ENOENT):
            pickle.loads(sent[1])
        with peermap.create(self.name, heap=True, relocatable=True) as another:
            another.alloc(8)
            for what in sent:
                with self.assertRaisesRegex(peermap.ENOENT, "another has its name"):
                    pickle.loads(what)

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
