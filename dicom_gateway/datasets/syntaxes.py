"""Transfer syntaxes (PS3.5 section 10): how a dataset's elements are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

IMPLICIT_LITTLE: Final = "1.2.840.10008.1.2"
EXPLICIT_LITTLE: Final = "1.2.840.10008.1.2.1"
EXPLICIT_BIG: Final = "1.2.840.10008.1.2.2"
DEFLATED: Final = "1.2.840.10008.1.2.1.99"

_DEFLATED: Final = frozenset({
    DEFLATED,
    "1.2.840.10008.1.2.4.95",  # JPIP Referenced Deflate
    "1.2.840.10008.1.2.4.205",  # JPIP HTJ2K Referenced Deflate
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Encoding:
    """How elements lie in the bytes, inflated first where the syntax is a deflated one."""

    explicit: bool = True
    little: bool = True
    deflated: bool = False


_EXPLICIT: Final = Encoding()
_KINDS: Final = {
    IMPLICIT_LITTLE: Encoding(explicit=False),
    "1.2.840.113619.5.2": Encoding(explicit=False),  # GE: implicit, but its pixels are big endian
    EXPLICIT_BIG: Encoding(little=False),
    **{uid: Encoding(deflated=True) for uid in _DEFLATED},
}


def encoding_of(transfer_syntax: str) -> Encoding:
    """Every other syntax, encapsulated or not yet known to us, is explicit little endian (10.1)."""
    return _KINDS.get(transfer_syntax, _EXPLICIT)
