"""Texts in the character sets of (0008,0005): PS3.3 C.12.1.1.2, code extensions by PS3.5 6.1.2.5.

Nothing here fails: bytes that fit no declared set become U+FFFD.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_G1: Final = {  # registration numbers of the sets that have 128 to 255 for themselves
    "100": "iso8859-1", "101": "iso8859-2", "109": "iso8859-3", "110": "iso8859-4",
    "144": "iso8859-5", "127": "iso8859-6", "126": "iso8859-7", "138": "iso8859-8",
    "148": "iso8859-9", "203": "iso8859-15", "166": "tis-620", "13": "shift_jis",
    "149": "euc_kr", "58": "gb2312",
}  # fmt: skip
_ALONE: Final = {"192": "utf-8", "UTF8": "utf-8", "GB18030": "gb18030", "GBK": "gbk"}
"""Sets that know no code extensions; ESC is no more than a character there."""

_ESCAPES: Final = {  # what follows ESC (PS3.3 tables C.12-3 and C.12-4): which half, which set
    b"(B": (0, None), b"(J": (0, None), b"$B": (0, b"$B"), b"$@": (0, b"$@"), b"$(D": (0, b"$(D"),
    b"-A": (1, "iso8859-1"), b"-B": (1, "iso8859-2"), b"-C": (1, "iso8859-3"),
    b"-D": (1, "iso8859-4"), b"-L": (1, "iso8859-5"), b"-G": (1, "iso8859-6"),
    b"-F": (1, "iso8859-7"), b"-H": (1, "iso8859-8"), b"-M": (1, "iso8859-9"),
    b"-b": (1, "iso8859-15"), b"-T": (1, "tis-620"), b")I": (1, "shift_jis"),
    b"$)C": (1, "euc_kr"), b"$)A": (1, "gb2312"),
}  # fmt: skip
_ESCAPE: Final = re.compile(rb"\x1b(\([BJ]|-[A-DF-HLMTb]|\)I|\$(?:[B@]|\(D|\)[AC]))")
_RESETS: Final = {True: re.compile(rb"[\\^=\t\n\f\r]"), False: re.compile(rb"[\\\t\n\f\r]")}
"""After these the sets of the beginning hold again (PS3.5 6.1.2.5.3); `^` and `=` in names."""
_CONTROLS: Final = re.compile(rb"[\t\n\f\r]")
_HALVES: Final = re.compile(rb"[\x00-\x7f]+|[\x80-\xff]+")


@dataclass(frozen=True, slots=True)
class Charset:
    """What a dataset declares: the set of the beginning, and whether escapes may change it.

    `codec` is None where only ASCII is declared.
    """

    codec: str | None = None
    extensions: bool = True

    def text(self, raw: bytes, *, name: bool = False) -> str:
        """The text of a value's bytes; `name` for person names, whose parts end escapes."""
        if 27 not in raw:
            return raw.decode("ascii") if raw.isascii() else _plain(raw, self.codec)
        if not self.extensions:
            return _plain(raw, self.codec).replace("\x1b", "\ufffd")
        return _extended(raw, self.codec, _RESETS[name]).replace("\x1b", "\ufffd")


def _plain(raw: bytes, codec: str | None) -> str:
    if codec is not None:
        return raw.decode(codec, "replace")
    try:  # Nothing is declared, and it isn't ASCII: what happens to be UTF-8 was meant so.
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("iso8859-1")


def _extended(raw: bytes, initial: str | None, resets: re.Pattern[bytes]) -> str:
    """Decode runs between escapes; lower and upper half (G0, G1) are told apart."""
    low: bytes | None = None  # the escape of a two-byte set, None for ASCII
    high = initial
    text: list[str] = []

    def run(piece: bytes) -> None:
        nonlocal low, high
        if low is not None:
            end = _CONTROLS.search(piece)
            cut = len(piece) if end is None else end.start()
            text.append(_two_byte(piece[:cut], low, high))
            if end is None:
                return
            low, high, piece = None, initial, piece[cut:]
        end = resets.search(piece)
        cut = len(piece) if end is None else end.start()
        text.append(_plain(piece[:cut], high))
        if end is not None:
            high = initial
            text.append(_plain(piece[cut:], high))

    at = 0
    for found in _ESCAPE.finditer(raw):
        run(raw[at : found.start()])
        half, designated = _ESCAPES[found[1]]
        if half == 0:
            low = designated if isinstance(designated, bytes) else None
        elif isinstance(designated, str):
            high = designated
        at = found.end()
    run(raw[at:])
    return "".join(text)


def _two_byte(piece: bytes, low: bytes, high: str | None) -> str:
    """A run in which JIS X 0208 or 0212 is the lower half."""
    return "".join(
        (b"\x1b" + low + half[0]).decode("iso2022_jp_2", "replace")
        if half[0][0] < 128
        else _plain(half[0], high)
        for half in _HALVES.finditer(piece)
    )


@lru_cache(maxsize=256)
def charset_of(*names: str) -> Charset:
    """The character set that the values of (0008,0005) declare, however they are spelt.

    >>> charset_of("ISO_IR 192"), charset_of("", "ISO 2022 IR 87").codec
    (Charset(codec='utf-8', extensions=False), None)
    """
    first = _plain_name(names[0]) if names else ""
    if first in _ALONE:
        return Charset(_ALONE[first], extensions=False)
    return Charset(_G1.get(first))


def _plain_name(name: str) -> str:
    letters = re.sub(r"[^A-Z0-9]", "", name.upper())
    return re.sub(r"^(?:ISO)?(?:2022)?(?:IR)?", "", letters)


DEFAULT: Final = Charset()
