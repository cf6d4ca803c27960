r"""Escape sequences of text (HL7 v2.8.2, 2.7).

Delimiters (`\F\ \S\ \T\ \R\ \E\ \P\`) and bytes (`\Xdd..\`) become what they stand for; formatting
commands of FT become line ends and spaces; highlighting is dropped. What is unknown, local
(`\Z..\`) or switches character sets (`\Cxxyy\ \Mxxyyzz\`) stays as it was written,
so that a reader sees it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from hl7v2_gateway.er7.delimiters import Delimiters

_NEW_LINE: Final = re.compile(r"\.(?:br|ce)", re.IGNORECASE)
_MOST_SPACES: Final = 50
"""What one command makes: more than a page has would be memory for nothing."""
_LONG: Final = 100_000
_AT_ONCE: Final = 1000
_SPACED: Final = re.compile(r"\.(sp|sk)\s?\+?(\d{0,3})", re.IGNORECASE)


@lru_cache(maxsize=64)
def _pattern(escape: str) -> re.Pattern[str]:
    e = re.escape(escape)
    return re.compile(
        rf"(?:{e}X(?:[0-9A-Fa-f]{{2}})+{e})+"
        rf"|{e}(?:[FSTREPHN]"
        rf"|\.(?:br|ce|fi|nf|(?:sp|sk)\s?\+?\d{{0,3}}|(?:in|ti)\s?[+-]?\d{{0,4}}))\s?{e}",
        re.IGNORECASE,
    )


def unescape(text: str, delimiters: Delimiters, codec: str) -> str:
    """The text that is meant.

    >>> from hl7v2_gateway.er7.delimiters import STANDARD
    >>> unescape("a\\\\T\\\\b\\\\.br\\\\c\\\\X41\\\\ C:\\\\x", STANDARD, "ascii")
    'a&b\\ncA C:\\\\x'
    """
    escape = delimiters.escape
    if not escape or escape not in text:
        return text
    letters = {
        "F": delimiters.field,
        "S": delimiters.component,
        "T": delimiters.subcomponent,
        "R": delimiters.repetition,
        "E": escape,
        "P": delimiters.truncation,
        "H": "",
        "N": "",
    }

    def meant(match: re.Match[str]) -> str:
        sequence = match[0].strip(escape).rstrip()
        if not sequence.startswith("."):
            if sequence[0] in "Xx" and len(sequence) > 1:
                return _bytes(match[0], escape, codec)
            if sequence in "FSTRP":
                # A delimiter that the header doesn't declare can't be meant by its letter.
                return letters[sequence] or match[0]
            return letters.get(sequence, match[0])
        if _NEW_LINE.fullmatch(sequence):
            return "\n"
        if spaced := _SPACED.fullmatch(sequence):
            return ("\n" if spaced[1].lower() == "sp" else " ") * min(
                int(spaced[2] or 1), _MOST_SPACES
            )
        return ""  # indentation and filling: nothing that plain text has

    if len(text) < _LONG:
        return _pattern(escape).sub(meant, text)
    # `sub` holds each part as a string of its own, which may take ten times what the text does.
    done: list[str] = []
    parts: list[str] = []
    at = 0
    for match in _pattern(escape).finditer(text):
        parts += (text[at : match.start()], meant(match))
        at = match.end()
        if len(parts) > _AT_ONCE:
            done.append("".join(parts))
            parts.clear()
    return "".join([*done, *parts, text[at:]])


def _bytes(sequences: str, escape: str, codec: str) -> str:
    """What a run of `\\X..\\` means in the character set of the message."""
    octets = bytes.fromhex("".join(part[1:] for part in sequences.split(escape) if part))
    for candidate in (codec, "utf-8"):
        try:
            return octets.decode(candidate)
        except UnicodeDecodeError:
            continue
    return sequences


@lru_cache(maxsize=64)
def _reserved(delimiters: Delimiters) -> dict[int, str]:
    e = delimiters.escape
    # Bytes that would end a segment or a frame, or that no text has.
    table = {n: f"{e}X{n:02X}{e}" for n in range(32) if n != 9}
    table |= {0x7F: f"{e}X7F{e}", 0x0A: f"{e}.br{e}"}
    for letter, character in (
        ("F", delimiters.field),
        ("S", delimiters.component),
        ("T", delimiters.subcomponent),
        ("R", delimiters.repetition),
        ("E", e),
        ("P", delimiters.truncation),
    ):
        if character:
            table[ord(character)] = f"{e}{letter}{e}"
    return table


def escape(text: str, delimiters: Delimiters) -> str:
    """The text as it may stand in a field: every delimiter and control character escaped.

    >>> from hl7v2_gateway.er7.delimiters import STANDARD
    >>> escape("a|b&c\\nd", STANDARD)
    'a\\\\F\\\\b\\\\T\\\\c\\\\.br\\\\d'
    """
    if not delimiters.escape:
        reserved = {
            delimiters.field,
            delimiters.component,
            delimiters.repetition,
            delimiters.subcomponent,
        }
        if any(c < " " or c in reserved for c in text):
            raise ValueError(
                "a delimiter in the text can't be escaped: no escape character is declared"
            )
        return text
    return text.translate(_reserved(delimiters))
