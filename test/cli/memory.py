# SPDX-License-Identifier: MIT
#
# A process that has one of each kind of shared memory, for a test.  Says "ready" and the ids; ends, and clears up, with its input.

import ctypes
import mmap
import os
import sys

libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
name = sys.argv[1]

memfd = os.memfd_create(name)
os.ftruncate(memfd, 3 << 20)
mapped = mmap.mmap(memfd, 3 << 20)
mapped[0:4096] = b"x" * 4096
unmapped = os.memfd_create(name + "-open")
os.ftruncate(unmapped, 12288)
anonymous = mmap.mmap(-1, 5 << 20)
segment = libc.shmget(0, 7 << 20, 0o1640)
orphan = libc.shmget(0, 12288, 0o1600)
address = libc.shmat(segment, None, 0)
path = "/dev/shm/" + name
with open(path, "wb") as file:
    file.truncate(1 << 20)
shared = mmap.mmap(os.open(path, os.O_RDWR), 1 << 20)
gone = "/dev/shm/" + name + "-gone"
file = os.open(gone, os.O_RDWR | os.O_CREAT, 0o600)
os.ftruncate(file, 8192)
kept = mmap.mmap(file, 8192)
os.close(file)
os.unlink(gone)
print("ready", segment, orphan, flush=True)
sys.stdin.read()
os.unlink(path)
libc.shmctl(segment, 0, None)
libc.shmctl(orphan, 0, None)
