"""Reading a request's body within the limits, unzipped when it is zipped."""

from __future__ import annotations

import zlib

from flask import Request

from fhirserver.errors import NotUnderstood, TooLarge, UnsupportedMedia

_CHUNK = 1 << 20


def read_body(request: Request, limit: int) -> bytes:
    """The whole body; never holds more than `limit` bytes, so a gzip bomb doesn't go off."""
    if request.content_length is not None and request.content_length > limit:
        raise _too_large(limit)
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding == "identity":
        body = request.stream.read(limit + 1)
        if len(body) > limit:
            raise _too_large(limit)
        return body
    if encoding not in {"gzip", "deflate"}:
        raise UnsupportedMedia("the body's Content-Encoding must be gzip, deflate or identity")
    return _inflated(request, limit)


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
                chunk = inflate.unconsumed_tail
    except zlib.error as error:
        raise NotUnderstood("the body isn't what its Content-Encoding says") from error
    if not inflate.eof:
        raise NotUnderstood("the zipped body ends too early")
    if inflate.unused_data:
        raise NotUnderstood("the zipped body goes on after its end")
    return b"".join(parts)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"the body is larger than {limit:,} bytes: send it in parts")
