# SPDX-License-Identifier: MIT
import unittest

import peermap
from common import Case, MiB


class Observers(Case):
    def test_a_segment_is_looked_at_from_outside_or_it_is_said_why_not(self) -> None:
        if not peermap.compiled:
            for call in (peermap.segments, lambda: peermap.Observer(self.name)):
                with self.assertRaisesRegex(NotImplementedError, "compiled module of peermap, which is not here"):
                    call()
            return
        with self.assertRaises(peermap.ENOENT):
            peermap.Observer(self.name)
        with peermap.create(self.name, peer_name="one", initial_size=MiB, heap=True) as segment:
            segment.set_root("r", segment.alloc(8), type="double")
            root = segment.root("r")
            assert root
            root.memory[:5] = b"hello"
            (line,) = (one for one in peermap.segments() if one.name == self.name)
            self.assertEqual((line.size, line.alive, line.dead, line.problem), (MiB, 1, 0, None))
            with peermap.Observer(self.name) as observer:
                other = self.start("segment = peermap.attach(name, peer_name='other'); print('attached'); input()")
                self.assertEqual(other.line(), "attached")
                seen = observer.snapshot()
                assert seen.header
                self.assertEqual((seen.header.size, seen.header.base, seen.header.creator), (MiB, segment.base, "one"))
                self.assertEqual([(peer.name, peer.state, peer.pid, peer.missing) for peer in seen.peers][1], ("other", "alive", other.pid, 0))
                self.assertEqual([(one.name, one.type, one.offset) for one in seen.roots], [("r", "double", root.offset)])
                self.assertEqual(observer.read(root.offset, 5), b"hello")
                self.assertEqual([event.kind for event in observer.events()][:2], ["attach", "create"])
                follow = observer.follow(seen.header.events)
                segment.grow(4096)
                self.assertEqual((next(follow).op, segment.size), ("inside", MiB + 4096))
                while observer.wait(1):
                    pass
                other.kill()
                self.assertTrue(observer.wait(60000))
            for call in (observer.snapshot, observer.events, lambda: observer.wait(1)):
                with self.assertRaisesRegex(ValueError, "closed"):
                    call()


if __name__ == "__main__":
    unittest.main()
