"""Which abstract syntaxes are instances to be stored, and in what transfer syntaxes.

Every registered storage SOP class, later ones under the same root, and classes of vendors, whose
UIDs aren't under DICOM's root. What is stored stays as it came, so its transfer syntax needn't be
known.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pynetdicom import ALL_TRANSFER_SYNTAXES
from pynetdicom.sop_class import _STORAGE_CLASSES

REGISTERED: Final = frozenset(_STORAGE_CLASSES.values())
TRANSFER_SYNTAXES: Final = tuple(str(uid) for uid in ALL_TRANSFER_SYNTAXES)
# Bits are preserved (PS3.4 B.3.1): level 2 (all attributes are kept), signatures of level 3 (they
# stay valid), nothing is coerced.
EXTENDED: Final = b"\x02\x00\x03\x00\x00\x00"

_KNOWN: Final = frozenset(TRANSFER_SYNTAXES)
_STORAGE_ROOT: Final = "1.2.840.10008.5.1.4.1.1."
_DICOM_ROOT: Final = "1.2.840.10008."
_UID: Final = re.compile(r"(?=.{1,64}$)(0|[1-9]\d*)(\.(0|[1-9]\d*))+")


def is_storage(abstract_syntax: str) -> bool:
    """Whether instances of a class are stored.

    >>> is_storage("1.2.840.10008.5.1.4.1.1.2"), is_storage("1.3.46.670589.5.0.1")
    (True, True)
    >>> is_storage("1.2.840.10008.1.1"), is_storage("../etc")
    (False, False)
    """
    if abstract_syntax in REGISTERED or abstract_syntax.startswith(_STORAGE_ROOT):
        return True
    is_private = not abstract_syntax.startswith(_DICOM_ROOT)
    return is_private and _UID.fullmatch(abstract_syntax) is not None


def chosen(proposed: Sequence[str]) -> str | None:
    """The transfer syntax of a context: the first that is known, or else the first.

    >>> chosen(["1.2.3", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"])
    '1.2.840.10008.1.2.1'
    """
    known = (uid for uid in proposed if uid in _KNOWN)
    unknown = (uid for uid in proposed if _UID.fullmatch(uid))
    return next(known, None) or next(unknown, None)
