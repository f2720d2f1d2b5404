# SPDX-License-Identifier: MIT
import os
import threading
import time
import unittest

import peermap
from common import Case, MiB, until


class Heaps(Case):
    def test_objects_are_allocated_resized_and_freed(self) -> None:
        with peermap.create(self.name, heap=True, heap_step=MiB, reserve_size=64 * MiB) as segment:
            one = segment.calloc(100)
            self.assertEqual((one.size, one.offset % 16, one.address), (100, 0, segment.base + one.offset))
            self.assertEqual(bytes(one.memory), bytes(100))
            one.memory[:] = b"x" * 100
            segment.realloc(one, 3 * MiB)
            self.assertEqual((one.size, bytes(one.memory[:101])[:100]), (3 * MiB, b"x" * 100))
            self.assertGreaterEqual(segment.size, 3 * MiB)
            self.assertEqual(segment.alloc(100, alignment=4096).offset % 4096, 0)
            self.assertEqual(segment.alloc(0).size, 0)
            found = segment.object(one.offset)
            self.assertEqual(found.size, 3 * MiB)
            segment.free(found)
            for call in (found.free, lambda: found.offset, lambda: found.memory, one.free, lambda: segment.object(one._offset)):
                with self.assertRaises(peermap.EINVAL):
                    call()
            with self.assertRaises(peermap.ENOSPC):
                segment.alloc(1 << 40)
            with self.assertRaises(peermap.EINVAL):
                segment.alloc(8, alignment=3)
            stats = segment.heap_stats()
            self.assertGreater(stats.grown, 0)
            self.assertEqual(stats.size, segment.size)
            self.assertTrue(any(row.objects > 0 and row.stride >= 100 for row in stats.classes))
            self.assertGreater(segment.heap_peers()[0].allocations, 0)
            before = segment.size
            self.assertLess(segment.trim().size, before)

    def test_an_object_in_use_is_not_freed_or_resized(self) -> None:
        with peermap.create(self.name, heap=True) as segment:
            one, two = segment.alloc(64), segment.alloc(64)
            memory = one.memory
            for call in (one.free, lambda: one.resize(100000)):
                with self.assertRaisesRegex(BufferError, "offset %d" % one.offset):
                    call()
            memory[0] = 1
            two.free()
            memory.release()
            one.resize(100000)
            self.assertEqual(one.memory[0], 1)
            one.free()

    def test_an_object_that_was_written_past_its_end_is_an_error_where_it_is_freed(self) -> None:
        with peermap.create(self.name, heap=True) as segment:
            one = segment.alloc(40)
            segment.view(one.offset, 48)[40] ^= 0xFF  # whatever the guard is there
            with self.assertRaisesRegex(peermap.EINVAL, "^(?!peermap: ).*past its end"):
                one.free()

    def test_an_object_that_was_cut_short_is_an_error(self) -> None:
        path = "/dev/shm/peermap." + self.name
        with peermap.create(self.name, heap=True, initial_size=MiB) as segment:
            kept = segment.calloc(100)
            objects = [segment.alloc(MiB // 8) for _ in range(5)]
            segment.write(objects[4].offset, b"there")
            self.assertEqual(segment.read(objects[4].offset, 5), b"there")
            length = os.path.getsize(path)
            os.truncate(path, length - segment.size + MiB // 4)
            for call in (
                lambda: segment.alloc(MiB // 8),
                lambda: segment.calloc(MiB // 8),
                lambda: segment.alloc(MiB // 8, alignment=1 << 16),
                objects[4].free,
                lambda: objects[4].resize(MiB // 8 - 8),
                lambda: objects[4].resize(MiB),
                lambda: segment.object(objects[4].offset),
                lambda: segment.read(objects[4].offset, 5),
                lambda: segment.write(objects[4].offset, b"lost"),
                lambda: segment.grow(4096),
            ):
                with self.assertRaisesRegex(peermap.ELOST, "cut short from outside"):
                    call()
            self.assertEqual(segment.object(kept.offset).size, 100)
            kept.free()
            os.truncate(path, 0)
            for call in (lambda: segment.alloc(8), lambda: segment.read(0, 1), segment.heap_stats, lambda: segment.object(kept._offset)):
                with self.assertRaises(peermap.ELOST):
                    call()

    def test_what_one_process_allocates_another_frees(self) -> None:
        with peermap.create(self.name, heap=True) as segment:
            one = segment.alloc(1000)
            one.memory[:] = b"y" * 1000
            segment.set_root("one", one, type="char[1000]")
            other = self.start(
                "segment = peermap.attach(name, peer_name='other'); one = segment.object(segment.root('one'))\n"
                "print(bytes(one.memory) == b'y' * 1000, one.size); one.free()"
            )
            self.assertEqual(other.line(), "True 1000")
            self.assertEqual(other.end(), 0)
            with self.assertRaises(peermap.EINVAL):
                one.free()

    def test_an_object_goes_straight_into_a_slot(self) -> None:
        with peermap.create(self.name, heap=True) as segment:
            table = segment.calloc(64)
            one = segment.alloc_to(table.offset + 8, 100)
            self.assertEqual((table.memory.cast("Q")[1], one.size, bytes(one.memory)), (one.offset, 100, bytes(100)))
            with self.assertRaises(peermap.EEXIST):
                segment.alloc_to(table.offset + 8, 100)
            with self.assertRaises(peermap.EINVAL):
                segment.alloc_to(table.offset + 4, 100)
            one.free()

    def test_live_objects_are_listed_with_who_allocated_them(self) -> None:
        with peermap.create(self.name, peer_name="one", heap=True) as segment:
            made = [segment.alloc(size) for size in (10, 100, 100000)]
            other = self.start("segment = peermap.attach(name, peer_name='other'); print(segment.alloc(7).offset); input(); os._exit(0)")
            orphan = int(other.line())
            self.assertEqual({row.offset: row.size for row in segment.objects() if row.name == "one"}, {one.offset: one.size for one in made})
            other.say("end")
            other.end()
            until(lambda: segment.peers()[1].state == "dead")
            (row,) = (row for row in segment.objects() if row.offset == orphan)
            self.assertEqual((row.size, row.state, row.pid in (0, other.pid)), (7, "dead", True))
            self.assertLess(abs((row.allocated or 0) - time.time()), 600)
            segment.object(orphan).free()
            self.assertEqual(len(list(segment.objects())), 3)

    def test_a_free_does_not_look_at_what_else_is_in_use(self) -> None:
        with peermap.create(self.name, heap=True) as segment:
            held = [segment.alloc(16 * (1 + i % 64)) for i in range(20000)]
            views = [one.memory for one in held]
            one, big = segment.alloc(64), segment.alloc(MiB)
            inside = segment.view(big.offset + 4096, 16)
            one.free()
            for busy in (held[0], held[9999], held[-1], big):
                with self.assertRaisesRegex(BufferError, "1 memoryviews"):
                    busy.free()
            del inside, views[9999]
            big.free()
            held[9999].free()
            with self.assertRaises(BufferError):
                held[9998].free()
            del views
            for one in held[:9999]:
                one.free()

    def test_threads_allocate_and_free_at_once(self) -> None:
        with peermap.create(self.name, heap=True, deadline_ms=20000) as segment:
            wrong = []

            def work(me: int) -> None:
                mine = []
                for i in range(2000):
                    one = segment.alloc(1 + i * 37 % 5000)
                    one.memory[:1] = bytes([me])
                    mine.append(one)
                    if len(mine) > 50:
                        first = mine.pop(0)
                        wrong.extend([first] if first.memory[0] != me else [])
                        first.free()
                for one in mine:
                    one.free()

            threads = [threading.Thread(target=work, args=(me,)) for me in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(wrong, [])
            self.assertEqual(segment.heap_stats().faults, 0)

    def test_a_segment_without_a_heap_says_so(self) -> None:
        with peermap.create(self.name) as segment:
            for call in (lambda: segment.alloc(8), segment.trim, segment.heap_stats, segment.heap_peers):
                with self.assertRaises(peermap.EINVAL):
                    call()


if __name__ == "__main__":
    unittest.main()
