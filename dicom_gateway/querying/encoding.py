"""A DICOM JSON model as the bytes of a dataset: identifiers of responses, N-CREATE and N-SET.

Explicit and Implicit VR Little Endian, the two that every side takes for what isn't pixels.
PS3.5 section 7; character sets: PS3.3 C.12.1.1.2
"""

from __future__ import annotations

import base64
import binascii
import struct
from collections.abc import Callable, Mapping
from typing import Any, Final

from dicom_gateway.matching import Item

IMPLICIT: Final = "1.2.840.10008.1.2"
EXPLICIT: Final = "1.2.840.10008.1.2.1"
CHARSET: Final = "00080005"
UTF8: Final = "ISO_IR 192"

CODECS: Final[Mapping[str, str]] = {
    "": "ascii",
    "ISO_IR 6": "ascii",
    "ISO_IR 13": "shift_jis",
    "ISO_IR 100": "iso8859_1",
    "ISO_IR 101": "iso8859_2",
    "ISO_IR 109": "iso8859_3",
    "ISO_IR 110": "iso8859_4",
    "ISO_IR 126": "iso8859_7",
    "ISO_IR 127": "iso8859_6",
    "ISO_IR 138": "iso8859_8",
    "ISO_IR 144": "iso8859_5",
    "ISO_IR 148": "iso8859_9",
    "ISO_IR 166": "tis_620",
    UTF8: "utf_8",
    "GB18030": "gb18030",
    "GBK": "gbk",
}
"""Character sets that responses are written in; who asks in another one is answered in UTF-8."""

_LONG: Final = frozenset(
    {"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"}
)
_ENCODED: Final = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
"""The representations to which the character set applies (PS3.5 6.1.2.2)."""
_ONE_VALUE: Final = frozenset({"LT", "ST", "UT", "UR"})
_PACKED: Final[Mapping[str, str]] = {
    "US": "<H", "SS": "<h", "UL": "<I", "SL": "<i", "UV": "<Q", "SV": "<q", "FL": "<f", "FD": "<d",
}  # fmt: skip
_GROUPS: Final = ("Alphabetic", "Ideographic", "Phonetic")


def encoded(item: Item, transfer_syntax: str, charset: str = "") -> bytes:
    """The dataset. Raises ValueError for a transfer syntax that isn't one of the two.

    `charset` is the one that was asked in; where it can't hold the texts it is UTF-8. The dataset
    says which it is, and nothing if all is ASCII.
    """
    if transfer_syntax not in {IMPLICIT, EXPLICIT}:
        raise ValueError("datasets are written in Little Endian, explicit or implicit")
    is_explicit = transfer_syntax == EXPLICIT
    for name in dict.fromkeys((charset if charset in CODECS else "", UTF8)):
        try:
            content = _dataset({**item, CHARSET: _charset(name)}, CODECS[name], is_explicit)
        except UnicodeEncodeError:
            continue
        return content
    raise ValueError("a text can't be written")  # A lone surrogate: JSON may hold one.


def _charset(name: str) -> Mapping[str, Any] | None:
    return {"vr": "CS", "Value": [name]} if name else None


def _dataset(item: Item, codec: str, is_explicit: bool) -> bytes:
    made: list[bytes] = []
    for tag in sorted(t for t, e in item.items() if e is not None):
        element = item[tag]
        vr = str(element.get("vr") or "UN")
        value = _value(vr, element, codec, is_explicit)
        head = struct.pack("<HH", int(tag[:4], 16), int(tag[4:], 16))
        if not is_explicit:
            head += struct.pack("<I", len(value))
        elif vr in _LONG:
            head += vr.encode() + struct.pack("<HI", 0, len(value))
        else:
            value = value[:0xFFFE]
            head += vr.encode() + struct.pack("<H", len(value))
        made += (head, value)
    return b"".join(made)


def _value(vr: str, element: Mapping[str, Any], codec: str, is_explicit: bool) -> bytes:
    values = element.get("Value") or ()
    if vr == "SQ":
        items = [_dataset(i, codec, is_explicit) for i in values]
        return b"".join(b"\xfe\xff\x00\xe0" + struct.pack("<I", len(i)) + i for i in items)
    if vr in _PACKED:
        return b"".join(struct.pack(_PACKED[vr], v) for v in values if v is not None)
    if vr == "AT":
        pairs = [(int(str(v)[:4], 16), int(str(v)[4:], 16)) for v in values]
        return b"".join(struct.pack("<HH", *pair) for pair in pairs)
    if "InlineBinary" in element or vr in {"OB", "OD", "OF", "OL", "OV", "OW", "UN"}:
        return _padded(_binary(element), b"\0")
    write: Callable[[Any], str] = _name if vr == "PN" else _text
    texts = [write(v) for v in values]
    # A backslash within a value would make it two.
    text = (
        texts[0] if vr in _ONE_VALUE and texts else "\\".join(t.replace("\\", "/") for t in texts)
    )
    raw = text.encode(codec) if vr in _ENCODED else text.encode("ascii", "replace")
    return _padded(raw, b"\0" if vr == "UI" else b" ")


def _binary(element: Mapping[str, Any]) -> bytes:
    try:
        return base64.b64decode(str(element.get("InlineBinary", "")))
    except binascii.Error:
        return b""


def _padded(value: bytes, filling: bytes) -> bytes:
    return value + filling if len(value) % 2 else value


def _name(value: Any) -> str:
    if isinstance(value, Mapping):
        return "=".join(str(value.get(g) or "") for g in _GROUPS).rstrip("=")
    return _text(value)


def _text(value: Any) -> str:
    """A value as a text; numbers as short as they can be said (DS has 16 characters).

    >>> _text(1.50), _text(7.0), _text(None), _text(1 / 3)
    ('1.5', '7', '', '0.33333333333333')
    """
    if value is None:
        return ""
    if isinstance(value, float):
        text = repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
        shorter = (text, f"{value:.14g}", f"{value:.9g}")
        return next((t for t in shorter if len(t) <= 16), shorter[-1])
    return str(value)
