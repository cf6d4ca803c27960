"""Media types as DICOMweb writes them, in Accept and Content-Type, with their parameters.

Both `type="application/dicom"` and the unquoted `type=application/dicom`, which breaks RFC 9110 but
is what many clients send, are understood. https://dicom.nema.org/medical/dicom/current/output/html/part18.html#sect_8.7
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from fhirserver.errors import Invalid

MOST_RANGES: Final = 100
MOST_LENGTH: Final = 8_000


@dataclass(frozen=True, slots=True)
class MediaType:
    """A media type or range; names in lower case.

    >>> parse('multipart/related; type="application/dicom"; transfer-syntax=*')[0].inner
    'application/dicom'
    """

    name: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    quality: float = 1.0

    @property
    def is_multipart(self) -> bool:
        return self.name == "multipart/related"

    @property
    def inner(self) -> str:
        """The type of the parts of a multipart, else the type itself."""
        return self.parameters.get("type", "*/*").lower() if self.is_multipart else self.name

    @property
    def transfer_syntax(self) -> str | None:
        """The UID that is asked for, `*` for as it is kept, None where nothing is said."""
        return self.parameters.get("transfer-syntax")

    def includes(self, name: str) -> bool:
        """Whether the inner type is this one, or a range that has it.

        >>> parse("image/*")[0].includes("image/png")
        True
        """
        kind, _, rest = self.inner.partition("/")
        other, _, _ = name.partition("/")
        return (
            (kind == "*" and rest == "*") or self.inner == name or (kind == other and rest == "*")
        )


def parse(text: str | None) -> tuple[MediaType, ...]:
    """The ranges of an Accept header, the most wanted first; everything when there is none.

    >>> [m.name for m in parse("image/png;q=0.5, image/jpeg")]
    ['image/jpeg', 'image/png']
    """
    if text is None or not text.strip():
        return (MediaType("*/*"),)
    if len(text) > MOST_LENGTH:
        raise Invalid("the Accept header is too long")
    pieces = [p for p in _split(text, ",") if p.strip()]
    if len(pieces) > MOST_RANGES:
        raise Invalid("the Accept header has too many media types")
    found = [_one(piece) for piece in pieces]
    return tuple(sorted((m for m in found if m.quality > 0), key=lambda m: -m.quality))


def parse_one(text: str | None) -> MediaType:
    """The media type of a Content-Type header."""
    return _one(text or "")


def _one(text: str) -> MediaType:
    name, *rest = _split(text, ";")
    parameters: dict[str, str] = {}
    for piece in rest:
        key, is_there, value = piece.partition("=")
        if is_there:
            parameters.setdefault(key.strip().lower(), _unquoted(value.strip()))
    quality = parameters.pop("q", "1")
    try:
        return MediaType(name.strip().lower(), parameters, min(max(float(quality), 0.0), 1.0))
    except ValueError as error:
        raise Invalid("Accept: q is a number from 0 to 1") from error


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] == '"':
        return value[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return value


def _split(text: str, at: str) -> list[str]:
    """Split, but not inside quotes."""
    pieces, begins, quoted, escaped = [], 0, False, False
    for place, letter in enumerate(text):
        if escaped:
            escaped = False
        elif quoted and letter == "\\":
            escaped = True
        elif letter == '"':
            quoted = not quoted
        elif letter == at and not quoted:
            pieces.append(text[begins:place])
            begins = place + 1
    return [*pieces, text[begins:]]
