"""Reading a request's body within the limits, unzipped when it is zipped, as JSON or XML."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

from flask import Request

from fhirserver.errors import NotUnderstood, TooLarge, UnsupportedMedia
from fhirserver.interactions.messages import PatchFormat, Source
from fhirserver.model import json, xml
from fhirserver.settings import Settings
from fhirserver.web import negotiation
from fhirserver.web.protection.limits import ENVIRON

_CHUNK = 1 << 20


def read_body(request: Request, limit: int) -> bytes:
    """The whole body; never holds more than `limit` bytes, so a gzip bomb doesn't go off."""
    if request.content_length is not None and request.content_length > limit:
        raise _too_large(limit)
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding == "identity":
        # A buffer of the size that is asked for is made first: that of the limit takes 15 us.
        length = request.content_length
        body = request.stream.read(limit + 1 if length is None else length)
        if len(body) > limit:
            raise _too_large(limit)
        if length is None:
            _hold(request, len(body))
        return body
    if encoding not in {"gzip", "deflate"}:
        raise UnsupportedMedia("the body's Content-Encoding must be gzip, deflate or identity")
    return _inflated(request, limit)


def read_resource(request: Request, settings: Settings) -> Any:
    """The body's value, from JSON or XML, whichever the Content-Type says."""
    sent = negotiation.sent(request.headers.get("Content-Type"))
    return _parsed(read_body(request, settings.max_body_bytes), sent, settings)


def read_source(
    request: Request, settings: Settings, text_types: Sequence[str] = ()
) -> tuple[Any, Source | None]:
    """The body's value and its text; None and None without a body.

    What XML has that can't be understood is left out and told with the text. Of a body of one
    of the `text_types` the value is its text.
    """
    if negotiation.is_one_of(request.headers.get("Content-Type"), text_types):
        try:
            return _present(read_body(request, settings.max_body_bytes)).decode(), None
        except UnicodeDecodeError as error:
            raise NotUnderstood("the body is not UTF-8") from error
    sent = negotiation.sent(request.headers.get("Content-Type"))
    text = read_body(request, settings.max_body_bytes)
    if not text.strip():
        return None, None
    if sent == "xml":
        value, issues = xml.survey(text, max_depth=settings.max_depth)
        return value, Source(text, sent, tuple(issues))
    return _parsed(text, sent, settings), Source(text, sent)


def read_patch(
    request: Request, resource_type: str | None, settings: Settings
) -> tuple[Any, PatchFormat]:
    """A patch and how it is meant; an XML Patch stays text."""
    content_type = request.headers.get("Content-Type")
    meant = negotiation.patch_format(content_type)
    text = read_body(request, settings.max_body_bytes)
    match meant:
        case "xml-patch":
            return _present(text), meant
        case "fhirpath-patch":
            return _parsed(text, negotiation.sent(content_type), settings), meant
    body = _parsed(text, "json", settings)
    # Plain JSON with a Parameters is FHIR's own form of a patch; for anything but a Parameters
    # it can't be meant to be merged, as that would change the type.
    is_parameters = isinstance(body, dict) and body.get("resourceType") == "Parameters"
    if meant == "merge-patch" and is_parameters and resource_type != "Parameters":
        return body, "fhirpath-patch"
    return body, meant


def _parsed(text: bytes, sent: negotiation.Format, settings: Settings) -> Any:
    parse = xml.read if sent == "xml" else json.parse
    return parse(_present(text), max_depth=settings.max_depth)


def _present(text: bytes) -> bytes:
    if not text.strip():
        raise NotUnderstood("the request has no body")
    return text


def _inflated(request: Request, limit: int) -> bytes:
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 32)  # gzip or zlib, whichever it is
    parts: list[bytes] = []
    left = limit
    try:
        while chunk := request.stream.read(_CHUNK):
            while chunk:
                part = inflate.decompress(chunk, left + 1)
                left -= len(part)
                if left < 0:
                    raise _too_large(limit)
                parts.append(part)
                _hold(request, len(part))
                chunk = inflate.unconsumed_tail
    except zlib.error as error:
        raise NotUnderstood("the body isn't what its Content-Encoding says") from error
    if not inflate.eof:
        raise NotUnderstood("the zipped body ends too early")
    if inflate.unused_data:
        raise NotUnderstood("the zipped body goes on after its end")
    return b"".join(parts)


def _hold(request: Request, size: int) -> None:
    """Count what its length didn't tell; see protection/memory.py."""
    if (admission := request.environ.get(ENVIRON)) is not None:
        admission.hold(size)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"the body is larger than {limit:,} bytes: send it in parts")
