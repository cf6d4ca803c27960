"""Character sets: what MSH-18 declares (table 0211), and what is done when the bytes differ.

Nothing here fails, and no wrong letter comes without a Problem that says so: when the declared set
doesn't fit the bytes, the sender's agreed one, UTF-8 and Windows' variant are tried, in this order.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from hl7v2_gateway.er7.places import Place
from hl7v2_gateway.er7.problems import DATA_TYPE, TABLE, Malformed, Problem

_PLACE: Final = Place("MSH", 1, 18)
JAPANESE: Final = "iso2022_jp_ext"
_WIDE: Final = frozenset({"utf-16", "utf-32"})

_ISO_IR: Final = {  # registration numbers, with which DICOM's people name the ISO 8859 family
    "100": "iso8859-1", "101": "iso8859-2", "109": "iso8859-3", "110": "iso8859-4",
    "144": "iso8859-5", "127": "iso8859-6", "126": "iso8859-7", "138": "iso8859-8",
    "148": "iso8859-9", "203": "iso8859-15", "6": "ascii", "192": "utf-8", "149": "cp949",
    "14": JAPANESE, "87": JAPANESE, "159": JAPANESE, "13": JAPANESE,
}  # fmt: skip
CODECS: Final[dict[str, str]] = {
    "ASCII": "ascii", "USASCII": "ascii", "646": "ascii",
    "UNICODE": "utf-8", "UNICODEUTF8": "utf-8", "UTF8": "utf-8",
    "UNICODEUTF16": "utf-16", "UTF16": "utf-16", "UNICODEUTF32": "utf-32", "UTF32": "utf-32",
    "GB180302000": "gb18030", "GB18030": "gb18030", "GBK": "gb18030", "GB2312": "gb18030",
    "KSX1001": "cp949", "EUCKR": "cp949", "CP949": "cp949", "BIG5": "cp950", "CP950": "cp950",
    "2022JP": JAPANESE, "2022JPEXT": JAPANESE, "JIS": JAPANESE,
    "SHIFTJIS": "cp932", "SJIS": "cp932", "CP932": "cp932", "EUCJP": "euc_jp",
    **{f"8859{n}": f"iso8859-{n}" for n in (*range(1, 12), *range(13, 17))},
    **{f"WINDOWS{n}": f"cp{n}" for n in range(1250, 1259)},
    **{f"CP{n}": f"cp{n}" for n in range(1250, 1259)},
    **{f"IR{n}": codec for n, codec in _ISO_IR.items()},
}  # fmt: skip
"""Python's codecs by names of table 0211, and by what senders write, without spaces and signs."""

_WINDOWS: Final = {
    "iso8859-1": "cp1252", "iso8859-15": "cp1252", "iso8859-2": "cp1250", "iso8859-7": "cp1253",
    "iso8859-8": "cp1255", "iso8859-9": "cp1254", "iso8859-13": "cp1257", "ascii": "cp1252",
}  # fmt: skip
"""Windows' variants have letters where ISO has control characters that no text uses."""
_CONTROLS: Final = re.compile("[\x80-\x9f]")
_MULTIBYTE: Final = re.compile(
    rb"[\xC3-\xDF][\x80-\xBF]|[\xE0-\xEF][\x80-\xBF]{2}|[\xF0-\xF4][\x80-\xBF]{3}"
)
_THREE_BYTES: Final = re.compile(rb"[\xE0-\xEF][\x80-\xBF]{2}")
_AMBIGUOUS: Final = Problem(
    DATA_TYPE, _PLACE, "declares one character set, but the bytes may as well be UTF-8; check it"
)


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a message, the codec that gave it (for `\\X..\\`), and what was odd."""

    text: str
    codec: str
    problems: tuple[Problem, ...] = ()


@lru_cache(maxsize=512)
def codec_of(name: str) -> str | None:
    """Python's codec for a name of table 0211; None for one that nobody knows.

    >>> codec_of("8859/15"), codec_of("UNICODE UTF-8"), codec_of("ISO IR87"), codec_of("CNS 1")
    ('iso8859-15', 'utf-8', 'iso2022_jp_ext', None)
    """
    plain = re.sub(r"[^A-Z0-9]", "", name.upper())
    return CODECS.get(plain) or CODECS.get(plain.removeprefix("ISO"))


@lru_cache(maxsize=512)
def declared(names: str) -> tuple[str | None, tuple[Problem, ...]]:
    """The codec for the repetitions of MSH-18.

    The first is the default set, the others are switched to: by the escape sequences of ISO 2022,
    which only the Japanese sets have.
    """
    listed = [name.strip() for name in names.split("~")]
    known = [codec_of(name) for name in listed if name]
    problems: tuple[Problem, ...] = ()
    if None in known:
        text = "isn't a character set that is known here; send UNICODE UTF-8 (table 0211)"
        problems = (Problem(TABLE, _PLACE, text),)
    first = codec_of(listed[0]) if listed[0] else None
    if JAPANESE in known and first in {None, "ascii", JAPANESE}:
        return JAPANESE, problems
    return first, problems


def _declaration(raw: bytes) -> str:
    """MSH-18 of these bytes, its repetitions apart by `~`."""
    end = raw.find(b"\r")
    if end < 0:
        end = raw.find(b"\n")
    header = raw[: end if end >= 0 else None]
    if len(header) > 100_000:
        header = header[:100_000]
    if b"\x1b" in header:  # Kanji may hold the bytes of a delimiter
        header = header.decode(JAPANESE, "ignore").encode("ascii", "ignore")
    parts = header.split(header[3:4] or b"|", 18)
    if len(parts) < 18:
        return ""
    value = parts[17].decode("ascii", "replace").strip()
    repetition = parts[1][1:2].decode("ascii", "replace")
    return value.replace(repetition, "~") if repetition else value


def is_wide(raw: bytes) -> bool:
    """Whether these bytes are UTF-16 or UTF-32: right in a file, impossible in MLLP's frames."""
    return raw[:2] in {b"\xff\xfe", b"\xfe\xff"} or raw[:4] in {
        b"\x00\x00\xfe\xff",
        b"M\x00S\x00",
        b"\x00M\x00S",
        b"M\x00\x00\x00",
        b"\x00\x00\x00M",
    }


def narrowed(raw: bytes) -> bytes:
    """The bytes of a file in UTF-8 if they are UTF-16 or UTF-32, else as they are.

    Raises Malformed for what only begins so.
    """
    return _wide(raw).text.lstrip("\ufeff").encode() if is_wide(raw) else raw


def decoded(raw: bytes, agreed: str | None = None) -> Decoded:
    """The text of a message. `agreed` is the set of a sender who declares none.

    >>> decoded(b"MSH|^~\\\\&|\\xe4").codec
    'cp1252'
    """
    if raw[:1] in {b"\xff", b"\xfe", b"\x00", b"\xef"} or raw[1:2] == b"\x00":
        if raw.startswith(codecs.BOM_UTF8):
            raw = raw[3:]
        elif is_wide(raw):
            return _wide(raw)
    codec, problems = declared(_declaration(raw))
    if codec in _WIDE:
        codec = "utf-8"  # it can't be: the header was readable byte by byte
    if raw.isascii() and b"\x1b" not in raw:
        return Decoded(
            raw.decode("ascii"), codec or (agreed and codec_of(agreed)) or "ascii", problems
        )
    fallback = codec_of(agreed) if agreed else None
    if codec is None or codec == "ascii":
        codec = fallback or codec
    if codec is None or codec == "ascii":
        return _undeclared(raw, problems)
    return _fitting(raw, codec, fallback, problems)


def _fitting(
    raw: bytes, codec: str, fallback: str | None, problems: tuple[Problem, ...]
) -> Decoded:
    text = _strictly(raw, codec)
    if text is not None:
        if codec not in {"utf-8", JAPANESE} and not raw.isascii():
            other = _strictly(raw, "utf-8")
            if other is not None:
                # Single bytes that are valid UTF-8 by chance are next to impossible; pairs of bytes
                # are not so rare in a short text.
                if codec.startswith(("iso8859", "cp125")) or _THREE_BYTES.search(raw):
                    return Decoded(other, "utf-8", (*problems, _misdeclared("UTF-8")))
                problems = (*problems, _AMBIGUOUS)
            variant = _WINDOWS.get(codec)
            if variant and _CONTROLS.search(text):
                better = _strictly(raw, variant)
                if better is not None:
                    return Decoded(better, variant, (*problems, _misdeclared("Windows' variant")))
        return Decoded(text, codec, problems)
    for candidate in (fallback, "utf-8"):
        if candidate and candidate != codec and candidate not in _WIDE:
            text = _strictly(raw, candidate)
            if text is not None:
                return Decoded(text, candidate, (*problems, _misdeclared(candidate)))
    if codec == "utf-8" and not _MULTIBYTE.search(raw):
        return _western(raw, problems)
    problem = Problem(
        DATA_TYPE,
        _PLACE,
        "some bytes aren't of the declared character set; they are shown as U+FFFD",
    )
    return Decoded(raw.decode(codec, "replace"), codec, (*problems, problem))


def _undeclared(raw: bytes, problems: tuple[Problem, ...]) -> Decoded:
    if b"\x1b$" in raw:
        text = _strictly(raw, JAPANESE)
        if text is not None:
            return Decoded(text, JAPANESE, (*problems, _misdeclared("ISO-2022-JP")))
    text = _strictly(raw, "utf-8")
    if text is not None:
        found = problems if raw.isascii() else (*problems, _misdeclared("UTF-8"))
        return Decoded(text, "utf-8", found)
    return _western(raw, problems)


def _western(raw: bytes, problems: tuple[Problem, ...]) -> Decoded:
    text = _strictly(raw, "cp1252")
    codec = "cp1252" if text is not None else "iso8859-1"
    return Decoded(
        raw.decode(codec) if text is None else text,
        codec,
        (*problems, _misdeclared("Western European text, a guess")),
    )


def _wide(raw: bytes) -> Decoded:
    if raw.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        codec = "utf-32"
    elif raw[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        codec = "utf-16"
    else:
        size = "32" if raw[:4].count(0) == 3 else "16"
        order = "be" if raw[:1] == b"\x00" else "le"
        codec = f"utf-{size}-{order}"
    try:
        return Decoded(raw.decode(codec), "utf-8")
    except UnicodeDecodeError:
        raise Malformed(
            DATA_TYPE, _PLACE, "the bytes begin as UTF-16 or UTF-32 and aren't"
        ) from None


def _strictly(raw: bytes, codec: str) -> str | None:
    try:
        return raw.decode(codec)
    except UnicodeDecodeError:
        return None


def _misdeclared(read_as: str) -> Problem:
    return Problem(
        DATA_TYPE,
        _PLACE,
        f"doesn't declare what the bytes are; read as {read_as}; declare it in MSH-18",
    )
