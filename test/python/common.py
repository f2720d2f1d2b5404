# SPDX-License-Identifier: MIT
"""What the tests of this folder share."""

import itertools
import os
import signal
import subprocess
import sys
import time
import unittest
from typing import Any, Callable, List

import peermap

MiB = 1 << 20
_counter = itertools.count(1)


class Case(unittest.TestCase):
    """With a segment's name that does not outlive it.  The runner removes what a test could not."""

    def setUp(self) -> None:
        self.name = self.fresh_name()

    def fresh_name(self) -> str:
        name = "test-python-%s-%d-%d" % (os.environ.get("PEERMAP_TEST", "alone"), os.getpid(), next(_counter))
        self.addCleanup(self._remove, name)
        return name

    @staticmethod
    def _remove(name: str) -> None:
        try:
            peermap.unlink(name)
        except peermap.ENOENT:
            pass

    def start(self, body: str) -> "Other":
        other = Other(self.name, body)
        self.addCleanup(other.kill)
        return other


class Other:
    """A process of its own that runs `body`, with `peermap` and `name`; each line that it prints is an answer."""

    def __init__(self, name: str, body: str) -> None:
        source = "import os, sys, peermap\nname = %r\n" % name + body
        self.process = subprocess.Popen([sys.executable, "-uc", source], stdin=subprocess.PIPE, stdout=subprocess.PIPE, universal_newlines=True)
        self.pid = self.process.pid

    def line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().rstrip("\n")

    def say(self, text: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def end(self) -> int:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        self.process.stdout.close()
        return self.process.wait()

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.end()


def until(condition: Callable[[], Any]) -> None:
    while not condition():
        time.sleep(0.002)


def names(segment: peermap.Segment) -> List[str]:
    return [peer.name for peer in segment.peers()]
