"""How attributes are compared: the same for what is stored and for what is asked for.

https://dicom.nema.org/medical/dicom/current/output/chtml/part04/sect_C.2.2.2.html
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

_SPACES: Final = re.compile(r"[\s\x00-\x1f]+")
_MOST_CHARACTERS: Final = 256


@lru_cache(maxsize=16_384)
def fold(text: str) -> str:
    """A text as it is compared: without case, accents and needless spaces.

    >>> fold("  DOE^Zoë  Anne")
    'doe^zoe anne'
    """
    plain = text.casefold()
    if not plain.isascii():
        decomposed = unicodedata.normalize("NFKD", plain)
        plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    return _SPACES.sub(" ", plain).strip()[:_MOST_CHARACTERS]


def name(text: str) -> str:
    """A person's name as it is compared: folded, without empty components at its end.

    >>> name("Doe^Jane^^^")
    'doe^jane'
    """
    return "^".join(part.strip() for part in fold(text).split("^")).rstrip("^")


def plain(text: str) -> str:
    """A code or an identifier as it is compared: without spaces around, and without controls.

    >>> plain(" 4711\\0")
    '4711'
    """
    return _SPACES.sub(" ", text).strip()[:_MOST_CHARACTERS]


def date(text: str) -> str:
    """A date (DA) as it is compared, empty where it is none. Old ones have points.

    >>> date("2024.05.01"), date("2024"), date("yesterday")
    ('20240501', '', '')
    """
    digits = text.replace(".", "").replace("-", "")
    return digits if re.fullmatch(r"[0-9]{8}", digits) else ""


def time(text: str) -> str:
    """A time (TM) as it is compared, the lowest that it may be; empty where it is none.

    >>> time("0930"), time("09:30:15.5"), time("noon")
    ('093000.000000', '093015.500000', '')
    """
    found = re.fullmatch(r"([0-9]{2}(?:[0-9]{2}){0,2})(?:\.([0-9]{1,6}))?", text.replace(":", ""))
    return f"{found[1]:0<6}.{found[2] or '':0<6}" if found else ""


def number(text: str) -> int | None:
    """An integer string (IS) as a number.

    >>> number(" 3 "), number("three")
    (3, None)
    """
    found = re.fullmatch(r"\s*([+-]?[0-9]{1,12})(?:\.0*)?\s*", text)
    return int(found[1]) if found else None
