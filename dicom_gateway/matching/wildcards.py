"""Wild cards: `*` is any text, also none, `?` is one character (PS3.4 C.2.2.2.4)."""

from __future__ import annotations

import re
from typing import Final

ALLOWED: Final = frozenset({"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"})
"""The value representations whose keys may have them."""


def has_wildcards(key: str) -> bool:
    return "*" in key or "?" in key


def pattern(key: str) -> re.Pattern[str]:
    """A regular expression for a key.

    Each run of `*` is one, and only one of them ever waits: matching stays linear in the number
    of them, so a key of a thousand stars is harmless.

    >>> bool(pattern("a*b?").fullmatch("axxxbc"))
    True
    """
    pieces = re.split(r"\*+", key)
    texts = ["".join("." if c == "?" else re.escape(c) for c in piece) for piece in pieces]
    if len(texts) == 1:
        return re.compile(texts[0], re.DOTALL)
    # Each piece is found at its first place after the one before, and never sought again.
    middle = "".join(f"(?>.*?{t})" for t in texts[1:-1])
    return re.compile(f"{texts[0]}{middle}.*{texts[-1]}", re.DOTALL)
