"""ED and RP: documents in a message, or where to fetch them."""

from __future__ import annotations

from typing import Any, Final

from hl7v2_gateway.outbound.segments import Repetition, repetition
from hl7v2_gateway.outbound.writing import Writing, writer

# Tables 0191 and 0291 for the first half of a media type.
_KIND: Final = {"text": "TEXT", "image": "IM", "audio": "AU", "video": "IM"}


@writer("ED", "Attachment")
def ed(value: Any, writing: Writing) -> Repetition | None:
    """The data itself, in base64."""
    if not value.get("data"):
        return None
    return repetition(
        writing.wishes.sending_application,
        *_type(value.get("contentType")),
        "Base64",
        value["data"],
    )


@writer("RP", "Attachment")
def rp(value: Any, writing: Writing) -> Repetition | None:
    """Where the data lie."""
    if not value.get("url"):
        return None
    return repetition(
        value["url"], writing.wishes.sending_application, *_type(value.get("contentType"))
    )


def _type(media: str | None) -> tuple[str, str | None]:
    first, _, second = (media or "").partition(";")[0].strip().partition("/")
    return _KIND.get(first, "AP"), second.upper() or None
