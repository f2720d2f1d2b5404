# SPDX-License-Identifier: MIT
"""The compiled module, or what does the same by ctypes where there is none for this Python."""

import contextlib
import os
import sys
from typing import TYPE_CHECKING

compiled = False

# The stable ABI has buffers from 3.11 on.
if not TYPE_CHECKING and sys.version_info >= (3, 11) and os.environ.get("PEERMAP_PURE", "0") == "0":
    with contextlib.suppress(ImportError):
        from ._native import Attachment, Object, Place, use

        compiled = True

if not compiled:
    from ._pure import Attachment, Object, Place, use

__all__ = ["Attachment", "Object", "Place", "compiled", "use"]
