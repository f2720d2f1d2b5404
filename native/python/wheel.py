# SPDX-License-Identifier: MIT
"""Makes a wheel of this package with the shared library in it, without any tool but Python.

    python3 native/python/wheel.py build/native/libpeermap.so build

It is for the kind of system that the library was built on; for others, install the package from its folder and the library beside it.
"""

import base64
import configparser
import hashlib
import os
import sys
import sysconfig
import zipfile

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
    with open(os.path.join(here, "README.md")) as readme:
        return "\n".join(lines + ["Description-Content-Type: text/markdown", "", readme.read()])


def files_of(library: str) -> "list[tuple[str, str]]":
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
    for inside, outside in files_of(library):
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
