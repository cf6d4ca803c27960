"""WADO-URI: `/dicom-web/wado?requestType=WADO&studyUID=...&seriesUID=...&objectUID=...`.

PS3.18 section 9.
"""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, Response, request

from dicom_gateway.rendering.reading import opened
from dicom_gateway.rendering.syntaxes import EXPLICIT
from dicom_gateway.web.answering import described, single
from dicom_gateway.web.counter import Counter, Done
from dicom_gateway.web.levels import Address, one
from dicom_gateway.web.media_types import parse
from dicom_gateway.web.rendered import FORMATS, picture, wanted_of
from dicom_gateway.web.retrieving import DICOM, pieces, target
from fhirserver.access.principal import Principal
from fhirserver.errors import Invalid, NotAcceptable
from fhirserver.instances import InstanceRow

_UIDS: Final = ("studyUID", "seriesUID", "objectUID")
_USUAL: Final = "image/jpeg"


def add_to(made: Blueprint, counter: Counter) -> None:
    """Add the address."""

    @made.get("/wado")
    def dicom_wado_uri() -> Response:
        def act(principal: Principal) -> Done:
            given = request.args
            if given.get("requestType") != "WADO":
                raise Invalid("requestType is WADO")
            if missing := [name for name in _UIDS if not given.get(name)]:
                raise Invalid(f"{missing[0]} is missing")
            study, row = one(counter, principal, Address(*(given[name] for name in _UIDS)))
            return Done(_response(counter, row), [study])

        return counter.serve("wado-uri", "r", "R", act, "dicom-transfer")


def _response(counter: Counter, row: InstanceRow) -> Response:
    given = request.args
    accepted = parse(given.get("contentType") or _USUAL)
    if any(m.name == DICOM for m in accepted):
        syntax = target(row, [given.get("transferSyntax") or EXPLICIT])
        return single(opened(pieces(counter, row, syntax)), described(DICOM, syntax))
    name = next((n for m in accepted for n in FORMATS if m.includes(n)), None)
    if name is None:
        raise NotAcceptable(f"contentType is {DICOM} or {' or '.join(FORMATS)}")
    number = given.get("frameNumber")
    if number is not None and not (number.isdecimal() and len(number) < 10):
        raise Invalid("frameNumber is a number from 1 on")
    how = {**_wanted(given), "format": FORMATS[name]}
    return single(picture(counter, row, None if number is None else int(number), how), name)


def _wanted(given: Any) -> dict[str, Any]:
    """The parameters under the names of WADO-RS."""
    found: dict[str, str] = {}
    if "windowCenter" in given or "windowWidth" in given:
        found["window"] = f"{given.get('windowCenter', '')},{given.get('windowWidth', '')}"
    if "rows" in given or "columns" in given:
        width, height = given.get("columns", "8192"), given.get("rows", "8192")
        found["viewport"] = f"{width},{height}"
    if "imageQuality" in given:
        found["quality"] = given["imageQuality"]
    return wanted_of(found)
