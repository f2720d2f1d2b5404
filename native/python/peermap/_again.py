# SPDX-License-Identifier: MIT
"""Attachments, objects and roots that came from another process by pickle, as multiprocessing sends them: by name and offset."""

import os
from typing import TYPE_CHECKING, Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from ._errors import ENOENT, EOS

if TYPE_CHECKING:
    from ._heap import HeapObject
    from ._records import Root
    from ._segment import Segment

Identity = Tuple[str, int, int]


class Again(NamedTuple):
    """How one comes to the same segment again."""

    name: str
    identity: Identity
    options: Dict[str, Any]
    """Those that are the attachment's, not the segment's."""


OWN = ("deadline_ms", "heap_step", "owner", "allow_late", "relocatable", "no_ptrace", "prefault", "foreign", "read_only")

attached: "Callable[[], List[Segment]]"
attach: "Callable[..., Segment]"


def identity_at(address: int) -> Identity:
    """Of the object that is mapped there: no other has it until the machine is started again, whatever its name is."""
    with open("/proc/sys/kernel/random/boot_id") as file:
        boot = file.read().strip()
    with open("/proc/self/maps") as file:
        for line in file:
            begin, end = line.split(" ", 1)[0].split("-")
            if int(begin, 16) <= address < int(end, 16):
                _, _, _, device, inode, *_ = line.split()
                major, minor = device.split(":")
                return boot, os.makedev(int(major, 16), int(minor, 16)), int(inode)
    raise EOS("/proc/self/maps does not show the segment, so it cannot be told which one it is")


def identity_of(name: str) -> Optional[Identity]:
    """Of the object that has the name now; None if there is none that can be seen."""
    path = os.path.join(os.environ.get("PEERMAP_DIR") or "/dev/shm", "peermap." + name)
    try:
        facts = os.stat(path)
        with open("/proc/sys/kernel/random/boot_id") as file:
            return file.read().strip(), facts.st_dev, facts.st_ino
    except OSError:
        return None


def segment_again(again: Again) -> "Segment":
    """An attachment of this process to that segment: one that it has, or a new one, which ends when nothing refers to it."""
    for segment in attached():
        if segment.name == again.name and segment._is_attached() and segment._identity() == again.identity:
            return segment
    if identity_of(again.name) in (again.identity, None):
        segment = attach(again.name, **again.options)
        if segment._identity() == again.identity:
            return segment
    raise ENOENT("the segment %s that is meant is gone, and another has its name by now" % again.name)


def object_again(again: Again, offset: int) -> "HeapObject":
    return segment_again(again).object(offset)


def root_again(again: Again, name: str, offset: int, size: int, type: str, version: int) -> "Root":
    from ._records import Root

    return Root(segment_again(again), name, offset, size, type, version)
