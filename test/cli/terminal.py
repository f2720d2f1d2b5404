# SPDX-License-Identifier: MIT
#
# Runs a program on a terminal of its own, of 24 rows and 80 columns, for a test: what it draws goes to standard output as it is, and what it is to be
# told comes as lines: "key TEXT", "size ROWS COLUMNS", "signal NUMBER", "state" (answers "state T" on the standard error output).  At its
# end a line of JSON there: how it ended, and whether the terminal is what it was.

import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import termios


def set_size(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def obey(line, pid, terminal):
    word, _, rest = line.partition(" ")
    if word == "key":
        os.write(terminal, rest.encode())
    elif word == "size":
        set_size(terminal, *map(int, rest.split()))
    elif word == "signal":
        os.kill(pid, int(rest))
    elif word == "state":
        with open(f"/proc/{pid}/stat") as stat:
            state = stat.read().rpartition(")")[2].split()[0]
        print("state", state, json.dumps(same(terminal)), file=sys.stderr, flush=True)


def attributes(terminal):
    return termios.tcgetattr(terminal)[:4]


def same(terminal):
    return attributes(terminal) == before


pid, terminal = pty.fork()
if pid == 0:
    # Not before the size is set.
    sys.stdin.buffer.raw.read(1)
    os.environ["TERM"] = "xterm-256color"
    os.execv(sys.argv[1], sys.argv[1:])
before = attributes(terminal)
set_size(terminal, 24, 80)
os.write(terminal, b"\n")
signal.signal(signal.SIGTERM, lambda *_: os.kill(pid, signal.SIGKILL))

commands = b""
status = None
sources = [terminal, 0]
while status is None:
    ready, _, _ = select.select(sources, [], [], 0.05)
    if terminal in ready:
        try:
            data = os.read(terminal, 65536)
        except OSError:
            data = b""
            sources.remove(terminal)
        os.write(1, data)
    if 0 in ready:
        data = os.read(0, 4096)
        if not data:
            os.kill(pid, signal.SIGKILL)
            sources.remove(0)
        commands += data
        *lines, commands = commands.split(b"\n")
        for line in lines:
            obey(line.decode(), pid, terminal)
    if terminal not in ready:
        done, raw = os.waitpid(pid, os.WNOHANG)
        status = raw if done else None
# What it drew last may still be on its way.
while terminal in sources:
    try:
        os.write(1, os.read(terminal, 65536))
    except OSError:
        break
ended = {"code": os.WEXITSTATUS(status)} if os.WIFEXITED(status) else {"signal": os.WTERMSIG(status)}
print(json.dumps({**ended, "same": same(terminal)}), file=sys.stderr)
