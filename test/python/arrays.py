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
