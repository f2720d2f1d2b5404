# SPDX-License-Identifier: MIT
"""Types of roots, spelled as C does in every language; native/include/peermap_types.hpp and native/node/segment.ts compare them alike."""

import re
from typing import TYPE_CHECKING

from ._errors import ETYPE

if TYPE_CHECKING:
    from ._records import Root


def plain(type: str) -> str:
    """As it compares: blanks do not count beyond one between two words, nor `struct` and its kind at the beginning, which C++ leaves out."""
    spaced = re.sub(r"\s+", " ", type.strip())
    canonical = re.sub(r"(?<![\w*>]) | (?!\w)", "", spaced).replace(",", ", ")
    return re.sub(r"^(?:struct|class|union|enum) ", "", re.sub(r"__cxx11::|__1::", "", canonical))


def of_type(root: "Root", type: str) -> "Root":
    """The root, if it is of that type."""
    if not isinstance(type, str):
        raise TypeError("a root's type must be a str, not %s" % type.__class__.__name__)
    if plain(root.type) != plain(type):
        raise ETYPE('root "%s" is %s, not "%s"' % (root.name, '"%s"' % root.type if root.type else "of no type", type))
    return root
