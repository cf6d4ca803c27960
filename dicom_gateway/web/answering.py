"""Answers: multiparts and single parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flask import Response, request

from dicom_gateway.web.media_types import MediaType
from dicom_gateway.web.multipart import new_boundary

Parts = Iterable[tuple[Mapping[str, str], Iterable[bytes]]]


def multipart(inner: str, parts: Parts) -> Response:
    """A multipart/related answer; no part is made for HEAD."""
    boundary = new_boundary()
    body = () if request.method == "HEAD" else boundary.joined(parts)
    return Response(body, content_type=boundary.content_type(inner))


def single(content: bytes | Iterable[bytes], media_type: str) -> Response:
    """A single part."""
    body = b"" if request.method == "HEAD" else content
    response = Response(body, content_type=media_type)
    response.headers["Content-Disposition"] = "attachment"
    return response


def described(media_type: str, transfer_syntax: str | None = None) -> str:
    """The Content-Type of a part."""
    return (
        media_type
        if transfer_syntax is None
        else f"{media_type}; transfer-syntax={transfer_syntax}"
    )


def wanted(accept: MediaType, names: Iterable[str]) -> str | None:
    """The first of the names that the range includes."""
    return next((n for n in names if accept.includes(n)), None)
