# SPDX-License-Identifier: MIT
"""What the package says again of peermap.h, compared with the library and with the C compiler."""

import ctypes
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import peermap
from peermap import _hot, _library, _pure
from peermap._library import library

STRUCTURES = {
    "peermap_options": _library.Options,
    "peermap_peer": _library.Peer,
    "peermap_round": _library.Round,
    "peermap_result": _library.Result,
    "peermap_heap_class": _library.HeapClass,
    "peermap_heap_peer": _library.HeapPeer,
    "peermap_heap": _library.Heap,
    "peermap_heap_fault": _library.HeapFault,
    "peermap_root_copy": _library.Root,
    "peermap_root_row": _library.RootRow,
    "peermap_object": _library.Object,
}
CONSTANTS = ("NAME_MAX", "ALLOW_LATE", "STRICT", "RELOCATABLE", "NO_PTRACE", "PREFAULT", "HUGE", "HEAP", "FOREIGN", "OWNER", "READ_ONLY")


class Layouts(unittest.TestCase):
    def test_the_exceptions_are_the_errors_of_the_library(self) -> None:
        numbers = (*range(0, -5000, -1), *range(-27000, -27100, -1))
        known = {number for number in numbers if library.error_name(number) not in (b"PEERMAP_?", b"PEERMAP_OK")}
        self.assertEqual(set(peermap.ERRORS), known)
        for number, error in peermap.ERRORS.items():
            self.assertEqual((error().code, error.number), (library.error_name(number).decode(), number))
            self.assertEqual((error.text, str(error())), (library.error_text(number).decode(),) * 2)
            self.assertTrue(issubclass(error, peermap.Error) and error.__name__ in peermap.__all__)

    @unittest.skipUnless(shutil.which("cc"), "there is no C compiler")
    def test_another_version_of_the_library_is_refused_in_words(self) -> None:
        self.assertEqual(divmod(library.version() // 100, 100), _library.VERSION)
        with tempfile.TemporaryDirectory() as folder:
            other = os.path.join(folder, "libpeermap.so")
            functions = "".join("void *peermap_%s(void) { return 0; }" % name for name in _library._PROTOTYPES if name != "version")
            source = functions + "unsigned peermap_version(void) { return 100; }"
            compile_it = ["cc", "-w", "-ffreestanding", "-shared", "-fPIC", "-x", "c", "-", "-o", other]
            subprocess.run(compile_it, input=source, universal_newlines=True, check=True)
            with self.assertRaisesRegex(ImportError, "is of version 0.1, and this package is for 0.2"):
                _library.Library(other)

    def test_every_function_of_the_header_has_a_prototype(self) -> None:
        with open(os.environ["PEERMAP_INCLUDE"] + "/peermap.h") as header:
            declared = set(re.findall(r"^PEERMAP_API [^;(]*?\bpeermap_(\w+)\(", header.read(), re.M))
        self.assertEqual(declared, set(_library._PROTOTYPES))

    def test_every_option_of_the_header_has_a_type(self) -> None:
        fields = {field for field, *_ in _library.Options._fields_} - {"struct_size", "flags", "reserved"}
        flags = {name.lower() for name in CONSTANTS} - {"name_max", "owner"}
        self.assertEqual(set(peermap.Options.__annotations__), fields | flags)
        self.assertEqual(set(_library.FLAGS), flags)

    def test_what_is_in_c_is_all_that_is_by_ctypes(self) -> None:
        for name in ("Attachment", "Object", "Place"):
            here, pure = getattr(_hot, name), getattr(_pure, name)
            own = {member for member in vars(pure) if not member.startswith("__")} - {"_exports", "_export", "_forget", "_pin", "_pinned", "_unused"}
            own -= {"_allocate", "_refuse_exported", "_free"}
            self.assertEqual(own - set(dir(here)), set())

    @unittest.skipUnless(shutil.which("cc"), "there is no C compiler")
    def test_the_structures_are_laid_out_as_the_C_compiler_does(self) -> None:
        wanted, lines = [], []
        for name, structure in STRUCTURES.items():
            lines.append('printf("%%zu\\n", sizeof(%s));' % name)
            wanted.append(ctypes.sizeof(structure))
            for field, *_ in structure._fields_:
                lines.append('printf("%%zu\\n%%zu\\n", offsetof(%s, %s), sizeof(((%s *)0)->%s));' % (name, field, name, field))
                wanted += [getattr(structure, field).offset, getattr(structure, field).size]
        for constant in CONSTANTS:
            lines.append('printf("%%d\\n", (int)PEERMAP_%s);' % constant)
            wanted.append(getattr(_library, constant))
        source = "#include <peermap.h>\n#include <stdio.h>\nint main(void) { %s return 0; }" % "\n".join(lines)
        with tempfile.TemporaryDirectory() as folder:
            program = os.path.join(folder, "layouts")
            compile_it = ["cc", "-I", os.environ["PEERMAP_INCLUDE"], "-x", "c", "-", "-o", program]
            subprocess.run(compile_it, input=source, universal_newlines=True, check=True)
            said = subprocess.run([program], stdout=subprocess.PIPE, universal_newlines=True, check=True).stdout
        self.assertEqual([int(line) for line in said.split()], wanted)


if __name__ == "__main__":
    unittest.main()
