# SPDX-License-Identifier: MIT
"""Makes a wheel of this package with the shared library in it, without any tool but Python.

    python3 native/python/wheel.py build/native/libpeermap.so build

With a C compiler (CC, or cc; CFLAGS is added) and the headers of a Python of 3.11 or later, those of the one that runs this, the compiled module is in it as well: one for all Pythons from
3.11 on.  Otherwise it says what is missing, and the package does the same by ctypes.  The observer is in that module, if libobserver.a lies beside the library.

It is for the kind of system that the library was built on; for others, install the package from its folder and the library beside it.
"""

import base64
import configparser
import glob
import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from typing import List, Tuple

here = os.path.dirname(os.path.abspath(__file__))


def record_of(name: str, data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return "%s,sha256=%s,%d\n" % (name, digest, len(data))


def metadata_of(config: configparser.ConfigParser) -> str:
    meta = config["metadata"]
    lines = ["Metadata-Version: 2.1"]
    lines += ["%s: %s" % (key.capitalize(), meta[key]) for key in ("name", "version", "license")]
    lines += ["Summary: " + meta["description"], "Requires-Python: " + config["options"]["python_requires"]]
    lines += ["Classifier: " + one for one in meta["classifiers"].split("\n") if one]
    for extra, needed in config["options.extras_require"].items():
        lines += ["Provides-Extra: " + extra, 'Requires-Dist: %s; extra == "%s"' % (needed, extra)]
    with open(os.path.join(here, "README.md"), encoding="utf-8") as readme:
        return "\n".join(lines + ["Description-Content-Type: text/markdown", "", readme.read()])


def lacks() -> str:
    """What the compiled module needs and there is not."""
    if sys.version_info < (3, 11):
        return "the headers of Python 3.11 or later: this is %d.%d" % sys.version_info[:2]
    headers = sysconfig.get_path("include")
    if not os.path.exists(os.path.join(headers, "Python.h")):
        return "the headers of Python: there is no Python.h in %s (Debian has it in python3-dev)" % headers
    return "" if shutil.which(compiler()[0]) else "a C compiler: there is no %s" % compiler()[0]


def compiler() -> List[str]:
    return shlex.split(os.environ.get("CC", "cc"))


def compile_into(folder: str, observer: str) -> str:
    """With the observer, if its static library is there."""
    module = os.path.join(folder, "_native.abi3.so")
    watches = os.path.exists(observer)
    sources = [source for source in sorted(glob.glob(os.path.join(here, "compiled", "*.c"))) if watches or not source.endswith("observer.c")]
    native = os.path.join(here, "..")
    include = ["-I" + os.path.join(native, part) for part in ("include", "base", "observer")] + ["-I" + sysconfig.get_path("include")]
    flags = ["-std=c11", "-D_GNU_SOURCE", "-O2", "-fPIC", "-shared", "-fvisibility=hidden", "-pthread", "-Wall", "-Wextra", "-Wconversion"]
    linked = ["-DPEERMAP_OBSERVER", observer, "-Wl,--exclude-libs,ALL", "-Wl,-z,nodelete"] if watches else []
    subprocess.run([*compiler(), *flags, *shlex.split(os.environ.get("CFLAGS", "")), *include, *sources, *linked, "-o", module], check=True)
    return module


def files_of(library: str) -> List[Tuple[str, str]]:
    names = sorted(name for name in os.listdir(os.path.join(here, "peermap")) if name.endswith((".py", ".typed")))
    return [("peermap/" + name, os.path.join(here, "peermap", name)) for name in names] + [("peermap/libpeermap.so.0.2", library)]


def main(library: str, folder: str) -> None:
    config = configparser.ConfigParser()
    config.read(os.path.join(here, "setup.cfg"))
    name, version = config["metadata"]["name"], config["metadata"]["version"]
    tag = "py3-none-" + sysconfig.get_platform().replace("-", "_").replace(".", "_")
    info = "%s-%s.dist-info" % (name, version)
    path = os.path.join(folder, "%s-%s-%s.whl" % (name, version, tag))
    contents = {}
    with tempfile.TemporaryDirectory() as beside:
        files = files_of(library)
        if lacks():
            print("without the compiled module, for which is needed: " + lacks(), file=sys.stderr)
        else:
            files.append(("peermap/_native.abi3.so", compile_into(beside, os.path.join(os.path.dirname(library), "libobserver.a"))))
        for inside, outside in files:
            with open(outside, "rb") as file:
                contents[inside] = file.read()
    contents[info + "/METADATA"] = metadata_of(config).encode()
    contents[info + "/WHEEL"] = ("Wheel-Version: 1.0\nGenerator: wheel.py\nRoot-Is-Purelib: false\nTag: %s\n" % tag).encode()
    contents[info + "/RECORD"] = ("".join(record_of(*item) for item in contents.items()) + info + "/RECORD,,\n").encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for inside, data in contents.items():
            wheel.writestr(inside, data)
    print(path)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
