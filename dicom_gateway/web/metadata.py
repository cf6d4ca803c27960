"""WADO-RS metadata: the DICOM JSON models of instances. PS3.18 10.4.1.1.2

They are stored as texts, and sent as such, one after the other: nothing is parsed. Large values are
elsewhere; their addresses are stored without our own (`rendering/models.py`), which is added here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from flask import Blueprint, Response, request

from dicom_gateway.rendering.models import model
from dicom_gateway.web.counter import Counter, Done, checked, not_here
from dicom_gateway.web.levels import Address
from dicom_gateway.web.media_types import parse
from fhirserver.access.principal import Principal
from fhirserver.errors import NotAcceptable

JSON: Final = "application/dicom+json"
_RELATIVE: Final = b'"BulkDataURI":"/studies/'


def add_to(made: Blueprint, counter: Counter) -> None:
    """Add the addresses."""

    @made.get("/studies/<study>/metadata")
    def dicom_study_metadata(study: str) -> Response:
        return _serve(counter, Address(study))

    @made.get("/studies/<study>/series/<series>/metadata")
    def dicom_series_metadata(study: str, series: str) -> Response:
        return _serve(counter, Address(study, series))

    @made.get("/studies/<study>/series/<series>/instances/<instance>/metadata")
    def dicom_instance_metadata(study: str, series: str, instance: str) -> Response:
        return _serve(counter, Address(study, series, instance))


def _serve(counter: Counter, address: Address) -> Response:
    def act(principal: Principal) -> Done:
        check_accepts_json()
        for uid in (address.series, address.instance):
            if uid is not None:
                checked(uid)
        study = counter.study(principal, address.study)
        texts = _texts(counter, address)
        first = next(texts, None)
        if first is None:
            raise not_here()
        body = b"" if request.method == "HEAD" else _array(first, texts)
        return Done(Response(body, content_type=JSON), [study])

    return counter.serve("metadata", "r", "R", act)


def _array(first: bytes, others: Iterator[bytes]) -> Iterator[bytes]:
    yield b"[" + first
    for text in others:
        yield b"," + text
    yield b"]"


def check_accepts_json() -> None:
    """Raise NotAcceptable where neither JSON is welcome."""
    accepted = parse(request.args.get("accept") or request.headers.get("Accept"))
    if not any(m.includes(JSON) or m.includes("application/json") for m in accepted):
        raise NotAcceptable(f"this is sent as {JSON}")


def _texts(counter: Counter, address: Address) -> Iterator[bytes]:
    stored = counter.instances.metadata(
        address.study,
        address.series,
        address.instance,
        make=lambda instance: model(counter.instances, instance),
    )
    for text in stored:
        yield absolute(text, counter.base) if _RELATIVE in text else text


def absolute(text: bytes, base: str) -> bytes:
    """A model with whole addresses of its bulk data.

    >>> absolute(b'{"7FE00010":{"vr":"OW","BulkDataURI":"/studies/1"}}', "http://x/dicom-web")
    b'{"7FE00010":{"vr":"OW","BulkDataURI":"http://x/dicom-web/studies/1"}}'
    """
    return text.replace(_RELATIVE, b'"BulkDataURI":"' + base.encode() + b"/studies/")
