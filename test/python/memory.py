# SPDX-License-Identifier: MIT
import gc
import signal
import unittest
from typing import Iterator

import peermap
from common import Case, MiB, names, until


class Memory(Case):
    def test_memory_is_all_that_is_active_and_writable(self) -> None:
        with peermap.create(self.name, initial_size=MiB) as segment:
            memory = segment.memory
            self.assertEqual((len(memory), memory.readonly, memory.format), (MiB, False, "B"))
            memory[0:4] = b"\1\2\3\4"
            memory.cast("I")[1] = 0x08070605
            segment.grow(MiB)
            bigger = segment.memory
            self.assertEqual((len(memory), len(bigger)), (MiB, 2 * MiB))
            bigger[-1] = 9
            self.assertEqual(bytes(memory[0:8]), b"\1\2\3\4\5\6\7\x08")
            self.assertEqual(bytes(segment.view(4, 2)), b"\5\6")
            self.assertEqual(len(segment.view(2 * MiB, 0)), 0)
            for offset, size in ((2 * MiB, 1), (0, 2 * MiB + 1), (-1, 1), (1 << 62, 1 << 62)):
                with self.assertRaises(peermap.EINVAL):
                    segment.view(offset, size)
            del memory, bigger

    def test_memory_in_use_is_all_there_while_a_shrink_waits_for_it(self) -> None:
        with peermap.create(self.name, peer_name="one", initial_size=2 * MiB) as segment:
            memory = segment.memory
            other = self.start("segment = peermap.attach(name, peer_name='other', deadline_ms=60000); print(segment.shrink(%d).size)" % MiB)
            until(lambda: segment.size == MiB)
            segment.view(MiB, MiB)[-1] = 5
            self.assertEqual((len(segment.memory), memory[-1]), (2 * MiB, 5))
            del memory
            self.assertEqual(other.line(), str(MiB))
            self.assertEqual(len(segment.memory), MiB)

    def test_a_detach_with_memory_in_use_is_a_BufferError_that_says_so(self) -> None:
        segment = peermap.create(self.name, peer_name="one")
        memory = segment.memory
        part = memory[8:16]
        memory.release()
        with self.assertRaisesRegex(BufferError, "segment %s .* 1 memoryviews" % self.name):
            segment.detach()
        part[0] = 7  # it is still there
        self.assertEqual(segment.memory[8], 7)
        cast = part.cast("Q")
        part.release()
        del part
        with self.assertRaises(BufferError):
            segment.detach()
        cast.release()
        segment.detach()

    def test_a_detach_under_a_pin_is_a_BufferError_and_no_wait_without_an_end(self) -> None:
        segment = peermap.create(self.name, peer_name="one")
        with segment.pin() as size:
            with self.assertRaisesRegex(BufferError, "1 pins"):
                segment.detach()
            self.assertEqual(len(segment.view(0, size)), size)
        segment.detach()

    def test_a_pin_in_a_generator_that_a_loop_has_left_is_no_pin_any_more(self) -> None:
        def bytes_of(segment: peermap.Segment) -> Iterator[int]:
            with segment.pin() as size:
                for at in range(size):
                    yield segment.view(at, 1)[0]

        with peermap.create(self.name, peer_name="one") as segment:
            for byte in bytes_of(segment):
                self.assertEqual(byte, 0)
                break
            kept = bytes_of(segment)
            next(kept)
            with self.assertRaisesRegex(BufferError, "1 pins"):
                segment.detach()
            kept.close()
        self.assertIn("detached", repr(segment))

    def test_who_only_reads_has_views_that_cannot_be_written_and_changes_nothing(self) -> None:
        with self.assertRaises(peermap.ENOENT):
            peermap.open(self.name, read_only=True)
        with peermap.create(self.name, peer_name="writer", heap=True) as writer:
            thing = writer.alloc(100)
            thing.memory[:5] = b"there"
            writer.set_root("it", thing)
            with peermap.open(self.name, peer_name="reader", read_only=True, relocatable=True) as reader:
                self.assertEqual([peer.read_only for peer in writer.peers()], [False, True])
                view = reader.view(thing.offset, 100)
                self.assertTrue(view.readonly and reader.memory.readonly)
                self.assertEqual(bytes(view[:5]), b"there")
                with self.assertRaises(TypeError):
                    view[0] = 1
                it = reader.object(thing.offset)
                for change in (
                    lambda: reader.grow(4096),
                    lambda: reader.shrink(4096),
                    lambda: reader.remap(),
                    lambda: reader.write(0, b"x"),
                    lambda: reader.alloc(8),
                    lambda: reader.set_root("it", thing.offset, 100),
                    lambda: reader.reap(),
                ):
                    with self.assertRaisesRegex(peermap.EREADONLY, "read_only=True"):
                        change()
                with self.assertRaises(BufferError):
                    it.free()
                del view
                with self.assertRaises(peermap.EREADONLY):
                    it.free()
                with self.assertRaises(peermap.EREADONLY):
                    it.resize(200)
                writer.grow(1 << 20)
                self.assertEqual(reader.size, writer.size)

    def test_a_signal_handler_that_detaches_in_the_middle_of_a_call_is_told_so(self) -> None:
        with peermap.create(self.name, peer_name="one", strict=True, no_ptrace=True):
            stopped = self.start("segment = peermap.attach(name, peer_name='stopped'); print('ready'); input()")
            self.assertEqual(stopped.line(), "ready")
            stopped.signal(signal.SIGSTOP)
            other = self.start(
                "import signal\n"
                "segment = peermap.attach(name, peer_name='other', deadline_ms=1000)\n"
                "signal.signal(signal.SIGALRM, lambda *_: segment.detach())\n"
                "signal.setitimer(signal.ITIMER_REAL, 0.2)\n"
                "try: segment.grow(4096)\n"
                "except BufferError as error: print(str(error).split(': ')[1])\n"
                "segment.detach(); print('detached')"
            )
            self.assertEqual(other.line(), "this thread is in the middle of a call")
            self.assertEqual(other.line(), "detached")

    def test_memory_in_use_outlives_a_with_block_and_hides_no_error(self) -> None:
        with peermap.create(self.name, peer_name="witness") as witness:
            with peermap.attach(self.name, peer_name="two", relocatable=True) as segment:
                memory = segment.memory
                part = memory[8:16]
            with self.assertRaises(peermap.EDETACHED):
                segment.size
            part[0] = 5
            self.assertEqual(witness.view(8, 1)[0], 5)
            self.assertEqual(names(witness), ["witness", "two"])
            del memory
            with self.assertRaisesRegex(BufferError, "1 memoryviews"):
                segment.detach()
            self.assertEqual(bytes(part[:2]), b"\5\0")
            del part
            self.assertEqual(names(witness), ["witness"])
            with self.assertRaises(ZeroDivisionError):
                with peermap.attach(self.name, peer_name="three", relocatable=True) as segment, segment.pin():
                    memory = segment.memory
                    raise ZeroDivisionError()
            memory[0] = 1
            del memory
            self.assertEqual(names(witness), ["witness"])

    def test_a_segment_that_a_with_block_has_left_is_entered_again_while_its_memory_is_in_use(self) -> None:
        kept = []
        for i in range(3):
            with peermap.open(self.name, peer_name="one", initial_size=MiB) as segment:
                self.assertEqual(names(segment), ["one"])
                kept.append(segment.view(i, 1))
                kept[-1][0] = i
        self.assertEqual([view[0] for view in kept], [0, 1, 2])
        peermap.unlink(self.name)
        with peermap.open(self.name, peer_name="one", initial_size=MiB, relocatable=True) as another:
            self.assertEqual(another.view(2, 1)[0], 0)
        kept.clear()
        with self.assertRaises(peermap.EDETACHED):
            segment.size

    def test_memory_in_a_cycle_of_garbage_is_in_nobodys_way(self) -> None:
        gc.disable()
        self.addCleanup(gc.enable)
        segment = peermap.create(self.name)
        garbage = [segment.memory]
        garbage.append(garbage)
        del garbage
        segment.detach()

    def test_memory_keeps_its_segment(self) -> None:
        with peermap.create(self.name, peer_name="one") as witness:
            memory = peermap.attach(self.name, peer_name="two", relocatable=True).memory
            gc.collect()
            memory[0] = 5
            self.assertEqual(witness.memory[0], 5)
            self.assertEqual(names(witness), ["one", "two"])
            del memory
            self.assertEqual(names(witness), ["one"])

    def test_memory_in_use_holds_up_a_shrink(self) -> None:
        with peermap.create(self.name, peer_name="holder", initial_size=2 * MiB, deadline_ms=100) as segment:
            other = self.start(
                "segment = peermap.attach(name, peer_name='other', deadline_ms=100); print('attached')\n"
                "for line in sys.stdin:\n"
                "    try: print(segment.shrink(4096).size)\n"
                "    except peermap.EBUSY as error: print(error.round.blocker[1])"
            )
            self.assertEqual(other.line(), "attached")
            one, two = segment.view(0, 8), segment.view(MiB, 8)
            for thing in (one, two):
                other.say("shrink")
                self.assertEqual(other.line(), "holder")
                thing.release()
                del thing
            del one, two
            other.say("shrink")
            self.assertEqual(other.line(), str(2 * MiB - 4096))
            with segment.pin() as size:
                self.assertEqual(size, 2 * MiB - 4096)
                other.say("shrink")
                self.assertEqual(other.line(), "holder")
            other.say("shrink")
            self.assertEqual(other.line(), str(2 * MiB - 8192))
            # What has come with a growth is held as well.
            one = segment.view(0, 8)
            segment.grow(MiB)
            two = segment.view(2 * MiB, 8)
            del one
            other.say("shrink")
            self.assertEqual(other.line(), "holder")
            del two

    def test_thousands_of_views_come_and_go(self) -> None:
        with peermap.create(self.name, initial_size=MiB) as segment:
            for i in range(20000):
                segment.view(i, 1)[0] = i & 0xFF
            views = [segment.view(i, 1) for i in range(5000)]
            self.assertTrue(all(view[0] == i & 0xFF for i, view in enumerate(views)))
            del views
            segment.shrink(4096)


if __name__ == "__main__":
    unittest.main()
