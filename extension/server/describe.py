# SPDX-License-Identifier: MIT
#
# What a C or C++ type looks like in memory, as JSON.  Runs inside gdb, which reads the debug information:
#
#     PEERMAP_TYPE='struct index' PEERMAP_CONFINED=1 gdb -nx -batch -x describe.py 3<FILE 4>ANSWER
#
# The name of the type comes from a segment, so anybody may have written it: it is looked up as a name, and never becomes part of a
# command or an expression.  Nothing of the file is run, and no process is looked at.
#
# A file with debug information names others, which gdb would open: parts of it that lie apart, files shared by several.  If PEERMAP_CONFINED is 1, because
# another user or a container has it, it opens none.  How much memory and time it may take is set before it starts (type-reader.ts).
#
# The answer is a Description of extension/protocol/layout.ts, or null if the file does not describe the type.

import collections
import ctypes
import json
import os
import re
import signal
import struct

import gdb

FILE = 3
ANSWER = 4
MOST_TYPES = 2000
MOST_FIELDS = 1000
MOST_ENUMERATORS = 1000
LONGEST_NAME = 1000  # as long as those of templates get; each may be shown hundreds of times
LARGEST = 1 << 53  # bytes

libc = ctypes.CDLL(None, use_errno=True)

ATOMIC = re.compile(r"^std::(\w+::)*(atomic(_flag$|<)|__atomic_\w+<|__cxx_atomic\w*<)")

PLAIN = {
    gdb.TYPE_CODE_BOOL: "bool",
    gdb.TYPE_CODE_CHAR: "char",
    gdb.TYPE_CODE_INT: "int",
    gdb.TYPE_CODE_RANGE: "int",
    gdb.TYPE_CODE_FLT: "float",
    gdb.TYPE_CODE_ENUM: "enum",
    gdb.TYPE_CODE_FLAGS: "enum",
}
POINTERS = {gdb.TYPE_CODE_PTR, gdb.TYPE_CODE_REF, gdb.TYPE_CODE_RVALUE_REF}
NOTHING_TO_SEE = {gdb.TYPE_CODE_VOID, gdb.TYPE_CODE_FUNC, gdb.TYPE_CODE_METHOD}
STRUCTS = {gdb.TYPE_CODE_STRUCT: "struct", gdb.TYPE_CODE_UNION: "union"}


def alone():
    """Ends with the server, and has no network but one of its own, where the system lets it have that."""
    PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38
    CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if libc.unshare(CLONE_NEWNET) != 0:
        libc.unshare(CLONE_NEWUSER | CLONE_NEWNET)


def confined(file):
    """From here on nothing is opened by a name, but this file; nothing is made, and nobody connected to.  Before Linux 5.13 it can't be had so."""
    CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # of Landlock, on every processor
    READ_FILE, BENEATH_PATH = 1 << 2, 1
    # gdb turns names into wide characters by a module of the C library, which is a file too.
    libc.iconv_open(b"UTF-32", b"UTF-8")
    libc.iconv_open(b"UTF-8", b"UTF-32")
    version = libc.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), 1)
    if version < 1:
        return
    files = (1 << (13, 14, 15, 15, 16)[min(version, 5) - 1]) - 1  # all that this version knows
    connections = 3 if version >= 4 else 0
    rights = struct.pack("=QQ", files, connections)[: 16 if version >= 4 else 8]
    ruleset = libc.syscall(CREATE_RULESET, rights, ctypes.c_size_t(len(rights)), 0)
    rule = struct.pack("=Qi", READ_FILE, file)
    libc.syscall(ADD_RULE, ruleset, BENEATH_PATH, rule, 0)
    if libc.syscall(RESTRICT_SELF, ruleset, 0) != 0:
        raise OSError(ctypes.get_errno(), "gdb could not be confined to one file")
    os.close(ruleset)


def shortened(name):
    return name if len(name) <= LONGEST_NAME else name[:LONGEST_NAME] + "…"


def in_memory(type):
    """The data members and base classes whose place is fixed: no static members, no virtual bases."""
    return [field for field in type.fields() if hasattr(field, "bitpos")]


def bare(type):
    """Without typedefs, const, volatile, _Atomic; a std::atomic<T> is the T that it holds."""
    type = type.strip_typedefs().unqualified().strip_typedefs()
    while type.code == gdb.TYPE_CODE_STRUCT and ATOMIC.match(type.name or ""):
        held = [field for field in in_memory(type) if field.type.sizeof == type.sizeof and not field.bitsize]
        if len(held) != 1:
            break
        type = held[0].type.strip_typedefs().unqualified().strip_typedefs()
    return type


class Table:
    """Types by their numbers.  Near ones are described first, so that the bound leaves out those that are far away."""

    def __init__(self, root):
        self.types = []
        self.known = {}
        self.waiting = collections.deque()
        self.enter(root)
        while self.waiting:
            self.fill(*self.waiting.popleft())

    def enter(self, type):
        """The type's number.  It has one before it is described, so that a type may lead to itself."""
        plain = bare(type)
        name = str(type)
        members = ()
        if plain.code in STRUCTS:
            members = tuple((field.name, field.bitpos) for field in in_memory(plain)[:MOST_FIELDS])
        key = (name, plain.code, plain.sizeof, members)
        # "struct {...}" is the name of many types.
        if "{" not in name and key in self.known:
            return self.known[key]
        number = self.known[key] = len(self.types)
        entry = {"name": shortened(name), "size": plain.sizeof, "kind": "other"}
        self.types.append(entry)
        self.waiting.append((entry, plain))
        return number

    def fill(self, entry, plain):
        if plain.code in PLAIN:
            self.fill_plain(entry, plain)
        elif plain.code in POINTERS:
            entry["kind"] = "pointer"
            target = plain.target()
            if target.strip_typedefs().code not in NOTHING_TO_SEE and len(self.types) < MOST_TYPES:
                entry["target"] = self.enter(target)
        elif len(self.types) >= MOST_TYPES:
            return
        elif plain.code == gdb.TYPE_CODE_ARRAY:
            first, last = plain.range()
            entry.update(kind="array", count=max(0, last - first + 1), target=self.enter(plain.target()))
        elif plain.code in STRUCTS:
            fields = in_memory(plain)
            entry.update(kind=STRUCTS[plain.code], fields=[self.field(field) for field in fields[:MOST_FIELDS]])
            if len(fields) > MOST_FIELDS:
                entry["omitted"] = len(fields) - MOST_FIELDS

    def fill_plain(self, entry, plain):
        entry["kind"] = PLAIN[plain.code]
        # In C, char is an integer of one byte to gdb.
        if entry["kind"] == "int" and plain.sizeof == 1 and plain.name == "char":
            entry["kind"] = "char"
        entry["signed"] = entry["kind"] in ("int", "char", "enum") and is_signed(plain)
        if entry["kind"] == "enum":
            names = plain.fields()[:MOST_ENUMERATORS]
            entry["names"] = [[shortened(field.name.rsplit("::", 1)[-1]), str(field.enumval)] for field in names]

    def field(self, field):
        entry = {"name": shortened(field.name or ""), "type": self.enter(field.type), "bit": field.bitpos}
        if field.bitsize:
            entry["bits"] = field.bitsize
        return entry


def is_signed(plain):
    try:
        return bool(plain.is_signed)
    except (AttributeError, ValueError):  # before gdb 12
        return plain.code == gdb.TYPE_CODE_ENUM or not str(plain).startswith("unsigned")


def found(name):
    """A type of this name, with or without its keyword; "T *", "T [4]" of one; None if there is none."""
    name = name.strip()
    if name.endswith("*"):
        target = found(name[:-1])
        return target.pointer() if target else None
    array = re.fullmatch(r"(.*\S)\s*\[(\d{1,9})\]", name)
    if array:
        target = found(array[1])
        count = int(array[2])
        return target.array(count - 1) if target and 0 < count * target.sizeof < LARGEST else None
    name = re.sub(r"^((const|volatile|class|struct|union|enum)\s+)+", "", name)
    for keyword in ("", "struct ", "union ", "enum "):
        try:
            type = gdb.lookup_type(keyword + name)
        except (gdb.error, RuntimeError):
            continue
        if type.strip_typedefs().sizeof > 0:
            return type
    return None


def describe(name):
    gdb.execute("symbol-file /proc/self/fd/%d" % FILE)
    # A library has no main() that would tell gdb.
    if "::" in name or "<" in name:
        gdb.execute("set language c++")
    type = found(name)
    if type is None:
        return None
    return {"reader": "gdb " + gdb.VERSION.split("-")[0], "root": 0, "types": Table(type).types}


alone()
if os.environ.get("PEERMAP_CONFINED") == "1":
    confined(FILE)
with os.fdopen(ANSWER, "w") as answer:
    # It runs: from here on, what gdb complains of may be the file's words.
    answer.write("\n")
    answer.flush()
    json.dump(describe(os.environ["PEERMAP_TYPE"]), answer)
