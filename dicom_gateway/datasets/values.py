"""Values by value representation (PS3.5 section 6.2) as the DICOM JSON model has them (PS3.18 F.2).

No value fails: what doesn't fit its representation is given as the text it is, or as far as whole
numbers go.
"""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Callable
from struct import Struct
from typing import Any, Final

from dicom_gateway.datasets.charsets import Charset

Values = list[Any]

LONG: Final = frozenset({
    b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV",
})  # fmt: skip
"""Value representations whose explicit length has four bytes (PS3.5 7.1.2)."""
SHORT: Final = frozenset({
    b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT", b"PN",
    b"SH", b"SL", b"SS", b"ST", b"TM", b"UI", b"UL", b"US",
})  # fmt: skip
BINARY: Final = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})
NUMERIC: Final = frozenset({"US", "SS", "UL", "SL", "UV", "SV", "FL", "FD", "AT"})
_WIDTHS: Final = {"OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8}
_GROUPS: Final = ("Alphabetic", "Ideographic", "Phonetic")


def _words(raw: bytes, charset: Charset) -> Values:
    return [part.strip(" ") or None for part in charset.text(raw).replace("\0", "").split("\\")]


def _prose(raw: bytes, charset: Charset) -> Values:
    text = charset.text(raw).replace("\0", "").rstrip(" ")
    return [text] if text else []


def _codes(raw: bytes, charset: Charset) -> Values:
    text = raw.decode("iso8859-1").replace("\0", "")
    if "\\" in text:
        return [part.strip(" ") or None for part in text.split("\\")]
    text = text.strip(" ")
    return [text] if text else []


def _link(raw: bytes, charset: Charset) -> Values:
    text = raw.decode("iso8859-1").replace("\0", "").strip(" ")
    return [text] if text else []


def person(text: str) -> dict[str, str] | None:
    """A name's groups: `Yamada^Tarou=\u5c71\u7530^\u592a\u90ce`; None for an empty one."""
    groups = zip(_GROUPS, text.split("="), strict=False)
    return {group: name for group, part in groups if (name := part.strip(" "))} or None


def _names(raw: bytes, charset: Charset) -> Values:
    return [person(part) for part in charset.text(raw, name=True).replace("\0", "").split("\\")]


def _decimal(text: str) -> float | str | None:
    text = text.strip(" ")
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        return text
    return number if math.isfinite(number) and "_" not in text else text


def _integer(text: str) -> int | str | None:
    text = text.strip(" ")
    if not text:
        return None
    try:
        number = int(text)
    except ValueError:
        return _whole(text)
    return number if -(2**63) <= number < 2**63 and "_" not in text else text


def _whole(text: str) -> int | str:
    """`12.0` is written for integers, too."""
    number = _decimal(text)
    return (
        int(number)
        if isinstance(number, float) and number.is_integer() and abs(number) < 2**53
        else text
    )


def _decimals(raw: bytes, charset: Charset) -> Values:
    return [_decimal(p) for p in raw.decode("iso8859-1").replace("\0", "").split("\\")]


def written_decimals(raw: bytes) -> Values:
    """Decimal strings as they are written: 1.50 has been measured more exactly than 1.5.

    >>> written_decimals(b"1.50\\ 2 ")
    ['1.50', '2']
    """
    parts = raw.decode("iso8859-1").replace("\0", "").split("\\")
    return [part.strip(" ") or None for part in parts]


def _integers(raw: bytes, charset: Charset) -> Values:
    return [_integer(p) for p in raw.decode("iso8859-1").replace("\0", "").split("\\")]


TEXTS: Final[dict[str, Callable[[bytes, Charset], Values]]] = {
    **dict.fromkeys(("AE", "AS", "CS", "DA", "DT", "TM", "UI"), _codes),
    **dict.fromkeys(("LO", "SH", "UC"), _words),
    **dict.fromkeys(("LT", "ST", "UT"), _prose),
    "UR": _link, "PN": _names, "DS": _decimals, "IS": _integers,
}  # fmt: skip

_LETTERS: Final = {
    "US": "H",
    "SS": "h",
    "UL": "I",
    "SL": "i",
    "UV": "Q",
    "SV": "q",
    "FL": "f",
    "FD": "d",
}
_ONE: Final = {
    little: {vr: Struct(order + letter) for vr, letter in _LETTERS.items()}
    for little, order in ((True, "<"), (False, ">"))
}


def numbers(raw: bytes, vr: str, little: bool) -> Values:
    """The numbers of a binary value; bytes left over at its end are no number."""
    if vr == "AT":
        parts = numbers(raw[: len(raw) // 4 * 4], "US", little)
        return [f"{g:04X}{e:04X}" for g, e in zip(parts[::2], parts[1::2], strict=True)]
    one = _ONE[little][vr]
    size = one.size
    if len(raw) == size:
        values = list(one.unpack(raw))
    else:
        count = len(raw) // size
        values = list(Struct(f"{one.format[0]}{count}{one.format[1]}").unpack_from(raw))
    if vr in {"FL", "FD"}:
        return [n if math.isfinite(n) else _unusual(n) for n in values]
    return values


def _unusual(number: float) -> str:
    """JSON has no such numbers; PS3.18 F.2.3 lets them be texts."""
    return "NaN" if math.isnan(number) else "inf" if number > 0 else "-inf"


def inline(raw: bytes, vr: str, little: bool) -> str:
    """Base64 of the bytes in little endian order (PS3.18 F.2.7)."""
    width = 1 if little else _WIDTHS.get(vr, 1)
    if width > 1:
        whole = len(raw) // width * width
        swapped = bytearray(raw[:whole])
        for byte in range(width):
            swapped[byte::width] = raw[width - 1 - byte : whole : width]
        raw = bytes(swapped)
    return b64encode(raw).decode("ascii")
