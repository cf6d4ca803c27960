"""multipart/form-data: texts and files of a form, held in memory and never on the disk.

https://www.rfc-editor.org/rfc/rfc7578
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from dicom_gateway.web.media_types import parse_one
from dicom_gateway.web.multipart import Malformed, parts
from fhirserver.errors import TooLarge, UnsupportedMedia

_NAME: Final = re.compile(r';\s*name="?([^";]*)"?', re.IGNORECASE)
_MOST_TEXT: Final = 10_000
_FORM: Final = "multipart/form-data"


@dataclass(frozen=True, slots=True)
class Form:
    """The texts by their names, and the files in their order; their names aren't kept."""

    texts: Mapping[str, str]
    files: Sequence[bytes]


def form(read: Callable[[int], bytes], content_type: str | None, most: int) -> Form:
    """A form of `most` bytes at most. Raises UnsupportedMedia, Malformed, TooLarge."""
    sent = parse_one(content_type)
    if sent.name != _FORM:
        raise UnsupportedMedia(f"send a form: Content-Type {_FORM}")
    texts: dict[str, str] = {}
    files: list[bytes] = []
    held = 0
    for part in parts(read, sent.parameters.get("boundary")):
        found = _NAME.search(part.headers.get("content-disposition", ""))
        if found is None:
            raise Malformed(f"part {part.number + 1} has no name in its Content-Disposition")
        content = bytearray()
        for piece in part.pieces():
            held += len(piece)
            if held > most:
                raise TooLarge(f"the form has more than {most:,} bytes: send fewer files at once")
            content += piece
        name = found.group(1)
        if name == "file":
            files.append(bytes(content))
        elif name in texts:
            raise Malformed(f"{name[:40]!r} is given twice")
        else:
            texts[name] = _text(name, bytes(content))
    return Form(texts, files)


def _text(name: str, content: bytes) -> str:
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise Malformed(f"{name[:40]!r} is no UTF-8") from error
    if len(text) > _MOST_TEXT or "\0" in text:
        raise Malformed(f"{name[:40]!r} is no text, or too long")
    return text.strip()
