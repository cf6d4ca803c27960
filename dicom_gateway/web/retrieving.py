"""WADO-RS: studies, series and instances as DICOM files. PS3.18 10.4.1.1

What is stored is sent as it came, unless another transfer syntax is asked for; the standard's
default is Explicit VR Little Endian. `transfer-syntax=*` gets it as it is stored.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from flask import Blueprint, Response, request

from dicom_gateway.datasets import file_head
from dicom_gateway.rendering.reading import opened, source
from dicom_gateway.rendering.syntaxes import (
    DECODED,
    ENCODED,
    EXPLICIT,
    IMPLICIT,
    JPEG_EXTENDED,
    NATIVE,
)
from dicom_gateway.web.answering import described, multipart, single
from dicom_gateway.web.counter import Counter, Done
from dicom_gateway.web.levels import Address, named
from dicom_gateway.web.media_types import MediaType, parse
from fhirserver.access.principal import Principal
from fhirserver.errors import NotAcceptable
from fhirserver.instances import Facts, InstanceRow

DICOM: Final = "application/dicom"
_EIGHT: Final = 8


@dataclass(frozen=True, slots=True)
class Chosen:
    """How instances are sent: `syntaxes` in the order in which they are welcome, `*` for any."""

    syntaxes: tuple[str, ...]
    is_multipart: bool


def add_to(made: Blueprint, counter: Counter) -> None:
    """Add the addresses."""

    @made.get("/studies/<study>")
    def dicom_study(study: str) -> Response:
        return _serve(counter, Address(study))

    @made.get("/studies/<study>/series/<series>")
    def dicom_series(study: str, series: str) -> Response:
        return _serve(counter, Address(study, series))

    @made.get("/studies/<study>/series/<series>/instances/<instance>")
    def dicom_instance(study: str, series: str, instance: str) -> Response:
        return _serve(counter, Address(study, series, instance))


def _serve(counter: Counter, address: Address) -> Response:
    def act(principal: Principal) -> Done:
        chosen = choose(parse(request.args.get("accept") or request.headers.get("Accept")))
        study, there = named(counter, principal, address)
        if not chosen.is_multipart and len(there) > 1:
            raise NotAcceptable(
                'several instances are sent as multipart/related; type="application/dicom"'
            )
        planned = [(i, target(i, chosen.syntaxes)) for i in there]
        return Done(_response(counter, planned, chosen), [study])

    return counter.serve("retrieve", "r", "R", act, "dicom-transfer")


def choose(accepted: Sequence[MediaType]) -> Chosen:
    """What of an Accept header can be sent. Raises NotAcceptable."""
    fitting = [
        m for m in accepted if m.includes(DICOM) and (m.is_multipart or "multipart" not in m.name)
    ]
    if not fitting:
        raise NotAcceptable(f'instances are sent as multipart/related; type="{DICOM}", or {DICOM}')
    is_multipart = fitting[0].name != DICOM
    syntaxes = tuple(
        dict.fromkeys(
            m.transfer_syntax or EXPLICIT for m in fitting if (m.name != DICOM) == is_multipart
        )
    )
    return Chosen(syntaxes, is_multipart)


def target(instance: InstanceRow, syntaxes: Sequence[str]) -> str:
    """The transfer syntax that an instance is sent in. Raises NotAcceptable.

    None of a study is left out: where one instance can't be sent, nothing is.
    """
    kept = instance.transfer_syntax
    for wanted in syntaxes:
        if wanted in {"*", kept}:
            return kept
        if _is_possible(instance, wanted):
            return wanted
    raise NotAcceptable(
        f"an instance is stored in the transfer syntax {kept} and can't be sent in those that you "
        "ask for: ask for transfer-syntax=*"
    )


def _is_possible(instance: InstanceRow, wanted: str) -> bool:
    kept, has_pixels = instance.transfer_syntax, "00280010" in instance.keys
    if kept not in DECODED or wanted not in ENCODED | {IMPLICIT}:
        return False
    bits = instance.keys.get("00280101", instance.keys.get("00280100", {})).get("Value") or [0]
    if kept == JPEG_EXTENDED and int(bits[0]) > _EIGHT:
        return False
    return wanted in NATIVE or has_pixels


def _response(
    counter: Counter, planned: Sequence[tuple[InstanceRow, str]], chosen: Chosen
) -> Response:
    if not chosen.is_multipart:
        instance, syntax = planned[0]
        body = opened(pieces(counter, instance, syntax))
        return single(body, described(DICOM, syntax))
    # What keeps the first one from being sent shows before the answer has begun.
    parts = _parts(counter, planned)
    return multipart(DICOM, chain([next(parts)], parts))


def _parts(
    counter: Counter, planned: Iterable[tuple[InstanceRow, str]]
) -> Iterator[tuple[Mapping[str, str], Iterable[bytes]]]:
    for instance, syntax in planned:
        head = {"Content-Type": described(DICOM, syntax)}
        yield head, opened(pieces(counter, instance, syntax))


def pieces(counter: Counter, instance: InstanceRow, syntax: str) -> Iterator[bytes]:
    """The file of an instance in a transfer syntax. Raises Undecodable."""
    if syntax == instance.transfer_syntax:
        yield from counter.instances.read(instance)
        return
    rewritten = counter.studio.whole(source(counter.instances, instance), syntax)
    facts = Facts(
        instance.study.uid, instance.series.uid, instance.uid, instance.sop_class, syntax, {}
    )
    yield file_head(facts, instance.caller)
    yield rewritten
