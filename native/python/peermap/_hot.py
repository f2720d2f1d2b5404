# SPDX-License-Identifier: MIT
"""What is used most, apart from the rest."""

from ._pure import Attachment, Object, Place, use

__all__ = ["Attachment", "Object", "Place", "use"]
