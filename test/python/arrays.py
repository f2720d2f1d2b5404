# SPDX-License-Identifier: MIT
import unittest

import peermap
from common import Case, MiB

try:
    import numpy
except ImportError:
    numpy = None


@unittest.skipUnless(numpy, "this Python has no numpy")
class Arrays(Case):
    def test_an_array_is_the_memory_itself(self) -> None:
        with peermap.create(self.name, initial_size=MiB) as segment:
            matrix = segment.array(4096, "f8", (10, 20))
            matrix[:] = numpy.arange(200).reshape(10, 20)
            self.assertEqual(matrix.ctypes.data, segment.base + 4096)
            self.assertEqual(segment.view(4096 + 8 * 199, 8).cast("d")[0], 199.0)
            other = self.start("import peermap; print(peermap.attach(name, peer_name='other').array(4096, 'f8', (10, 20)).sum())")
            self.assertEqual(other.line(), str(float(sum(range(200)))))
            segment.set_root("matrix", 4096, 1600, "double[10][20]")
            self.assertEqual(segment.array("matrix", "f8").shape, (200,))
            self.assertEqual(segment.array(segment.root("matrix"), "f8", (20, 10))[19, 9], 199.0)
            self.assertEqual(segment.array("matrix", "f8", 0).size, 0)
            for wrong, error in (
                (lambda: segment.array("matrix", "f8", 201), peermap.EINVAL),
                (lambda: segment.array("nothing", "f8"), KeyError),
                (lambda: segment.array(0, "f8"), TypeError),
                (lambda: segment.array(0, "O", 1), TypeError),
                (lambda: segment.array(0, "f8", MiB), peermap.EINVAL),
                (lambda: segment.array(0, "f8", -1), peermap.EINVAL),
            ):
                with self.assertRaises(error):
                    wrong()
            del matrix

    def test_numbers_of_numpy_count(self) -> None:
        with peermap.create(self.name, heap=True) as segment:
            one = segment.alloc(numpy.prod((3, 4)) * 8)
            self.assertEqual(one.size, 96)
            self.assertEqual(segment.array(one, "f8", numpy.int64(12)).shape, (12,))
            self.assertEqual(segment.array(one, "f8", numpy.array([3, 4])).shape, (3, 4))
            self.assertEqual(segment.array(numpy.uint32(one.offset), "f8", 12).size, 12)
            self.assertEqual(len(segment.view(numpy.int64(one.offset), numpy.int8(8))), 8)
            self.assertEqual(segment.object(numpy.int64(one.offset)).size, 96)
            self.assertEqual(segment.grow(numpy.int64(4096)).peers, 1)

    def test_an_array_that_does_not_fit_is_refused_with_both_sizes(self) -> None:
        with peermap.create(self.name, initial_size=MiB) as segment:
            segment.set_root("five", 0, 5)
            segment.set_root("twelve", 0, 12)
            segment.set_root("prices", 0, 8000, "double[1000]")
            for call, words in (
                (lambda: segment.array("five", "f8"), '"five" has 5 bytes, which are no whole number of float64 [(]8 bytes'),
                (lambda: segment.array("twelve", "f8"), '"twelve" has 12 bytes'),
                (lambda: segment.array("twelve", "f4", (2, 2)), '"twelve" has 12 bytes, and shape [(]2, 2[)] of float32 needs 16'),
                (lambda: segment.array("prices", "f4"), '"prices" is "double.1000.", not float32'),
                (lambda: segment.array("prices", "i8"), '"prices" is "double.1000.", not int64'),
            ):
                with self.assertRaisesRegex(ValueError, words):
                    call()
            self.assertEqual(segment.array("prices", "f8").shape, (1000,))
            self.assertEqual(segment.array("prices").shape, (8000,))

    def test_an_array_of_a_reader_cannot_be_written(self) -> None:
        with peermap.create(self.name, peer_name="writer", heap=True) as writer:
            one = writer.calloc(80)
            with peermap.open(self.name, peer_name="reader", read_only=True, relocatable=True) as reader:
                array = reader.array(one.offset, "f8", 10)
                self.assertFalse(array.flags.writeable)
                with self.assertRaises(ValueError):
                    array[0] = 1
                del array

    def test_an_array_outlives_a_with_block(self) -> None:
        with peermap.create(self.name, peer_name="one") as witness:
            with peermap.attach(self.name, peer_name="two", relocatable=True) as segment:
                array = segment.array(0, "u1", 8)[2:]
            array[0] = 3
            self.assertEqual(witness.view(2, 1)[0], 3)
            del array
            self.assertEqual([peer.name for peer in witness.peers()], ["one"])

    def test_an_array_holds_up_detach_and_free_as_memory_does(self) -> None:
        segment = peermap.create(self.name, heap=True)
        one = segment.calloc(80)
        part = segment.array(one, "i4", (4, 5))[1:3, ::2].T
        part[:] = 7
        for call in (one.free, segment.detach):
            with self.assertRaises(BufferError):
                call()
        self.assertEqual(segment.array(one, "i4").sum(), 7 * 6)
        copy = part.copy()
        del part
        one.free()
        segment.detach()
        self.assertEqual(copy.sum(), 42)


if __name__ == "__main__":
    unittest.main()
