"""WADO-RS bulk data: single values of an instance, whole or in part. PS3.18 10.4.1.1.5

/studies/{s}/series/{e}/instances/{i}/bulkdata/7FE00010
/studies/{s}/series/{e}/instances/{i}/bulkdata/54000100/0/54001010
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from flask import Blueprint, Response, request

from dicom_gateway.rendering.locating import Dataset, Element, NotThere
from dicom_gateway.rendering.reading import opened, source
from dicom_gateway.rendering.studio import Source
from dicom_gateway.rendering.syntaxes import DEFLATED
from dicom_gateway.web.answering import multipart, single
from dicom_gateway.web.counter import Counter, Done
from dicom_gateway.web.levels import Address, one
from dicom_gateway.web.media_types import parse
from fhirserver.access.principal import Principal
from fhirserver.errors import Invalid, NotAcceptable, NotFound

OCTETS: Final = "application/octet-stream"
_PATH: Final = re.compile(r"[0-9A-Fa-f]{8}(/\d{1,6}/[0-9A-Fa-f]{8}){0,63}")
_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def add_to(made: Blueprint, counter: Counter) -> None:
    """Add the address."""

    @made.get("/studies/<study>/series/<series>/instances/<instance>/bulkdata/<path:path>")
    def dicom_bulkdata(study: str, series: str, instance: str, path: str) -> Response:
        def act(principal: Principal) -> Done:
            if not _PATH.fullmatch(path):
                raise Invalid("after bulkdata comes a tag of 8 hexadecimal digits")
            found, row = one(counter, principal, Address(study, series, instance))
            content = source(counter.instances, row)
            if row.transfer_syntax == DEFLATED:
                content = counter.studio.inflated(content)
            return Done(_response(content, _element(content, path)), [found])

        return counter.serve("bulkdata", "r", "R", act)


def _element(content: Source, path: str) -> tuple[int, int]:
    steps = path.split("/")
    numbers = [int(step, 10 if place % 2 else 16) for place, step in enumerate(steps)]
    dataset = Dataset(content.read, content.size, content.transfer_syntax)
    try:
        found = dataset.find(numbers)
    except NotThere as error:
        raise NotFound("the instance has no such element") from error
    return found.value, _length(dataset, found)


def _length(dataset: Dataset, found: Element) -> int:
    if found.length is not None:
        return found.length
    if found.vr == "SQ":
        raise NotFound("a sequence is no bulk data: ask for the metadata")
    # Encapsulated pixels: all fragments, with what is between them.
    last = found.value
    for at, length in dataset.fragments(found.value):
        last = at + length
    return last + 8 - found.value


def _response(content: Source, place: tuple[int, int]) -> Response:
    begin, length = place
    accepted = parse(request.headers.get("Accept"))
    fitting = next((m for m in accepted if m.includes(OCTETS)), None)
    if fitting is None:
        raise NotAcceptable(f"bulk data is sent as {OCTETS}, alone or in multipart/related")
    if fitting.is_multipart:
        body = content.pieces(begin, begin + length)
        return multipart(OCTETS, [({"Content-Type": OCTETS}, body)])
    asked = _asked(request.headers.get("Range"), length)
    if asked is None:
        response = single(_pieces(content, begin, begin + length), OCTETS)
        response.headers["Content-Length"] = str(length)
    elif asked[0] >= asked[1]:
        response = Response(status=416)
        response.headers["Content-Range"] = f"bytes */{length}"
    else:
        first, stop = asked
        response = single(_pieces(content, begin + first, begin + stop), OCTETS)
        response.status_code = 206
        response.headers["Content-Range"] = f"bytes {first}-{stop - 1}/{length}"
        response.headers["Content-Length"] = str(stop - first)
    response.headers["Accept-Ranges"] = "bytes"
    return response


def _pieces(content: Source, begin: int, end: int) -> Iterator[bytes]:
    return opened(content.pieces(begin, end))


def _asked(header: str | None, length: int) -> tuple[int, int] | None:
    """One range; none where there is none or several; empty where there is nothing in it.

    https://www.rfc-editor.org/rfc/rfc9110#section-14.2
    """
    found = _RANGE.fullmatch((header or "").replace(" ", ""))
    if found is None or found.group(0) == "bytes=-":
        return None
    first, last = found.groups()
    if not first:
        start, stop = max(0, length - int(last)), length
    else:
        start, stop = int(first), min(int(last) + 1 if last else length, length)
        if last and int(last) < int(first):
            return None
    return start, stop
