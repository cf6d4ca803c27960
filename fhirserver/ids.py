"""The only source of new logical ids."""

from __future__ import annotations

import os
from typing import Final

# What stands for the two bits of the variant, for each digit that might be there.
_VARIANT: Final = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))
_DIGITS: Final = 32
_AT_ONCE: Final = 64

# Random digits that nobody has used yet. Asking the system for each id alone would let another
# thread go first each time.
_ready: Final[list[str]] = []
os.register_at_fork(after_in_child=_ready.clear)


def new() -> str:
    """A fresh logical id: a random UUID in lower case.

    https://hl7.org/fhir/R4/datatypes.html#id
    https://www.rfc-editor.org/rfc/rfc9562#section-5.4

    >>> import uuid
    >>> uuid.UUID(new()).version, uuid.UUID(new()).variant == uuid.RFC_4122
    (4, True)
    """
    try:
        digits = _ready.pop()
    except IndexError:
        digits, *more = _random()
        _ready.extend(more)
    return (
        f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-"
        f"{_VARIANT[digits[16]]}{digits[17:20]}-{digits[20:]}"
    )


def _random() -> list[str]:
    text = os.urandom(_AT_ONCE * _DIGITS // 2).hex()
    return [text[at : at + _DIGITS] for at in range(0, len(text), _DIGITS)]
