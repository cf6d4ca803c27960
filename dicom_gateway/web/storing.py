"""STOW-RS: instances are stored. PS3.18 10.5

All of a request are kept together, when it has come to its end: of one that breaks off nothing is
kept. 200: all are kept. 202: some are, and the answer tells of the others. 409: none is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from flask import Blueprint, Response, request

from dicom_gateway.web.building import Built, built
from dicom_gateway.web.counter import TYPE, Counter, Done, checked
from dicom_gateway.web.levels import Address
from dicom_gateway.web.media_types import MediaType, parse_one
from dicom_gateway.web.metadata import JSON, check_accepts_json
from dicom_gateway.web.multipart import Part, parts
from dicom_gateway.web.retrieving import DICOM
from dicom_gateway.web.taking import (
    DUPLICATE,
    NO_RESOURCES,
    NOT_ALLOWED,
    Limits,
    Refused,
    take,
)
from fhirserver.access.principal import Principal
from fhirserver.errors import Forbidden, Unavailable, UnsupportedMedia
from fhirserver.instances import Arrival, Facts, StudyRow, Wanted
from fhirserver.model import json

MOST_BYTES: Final = 4_000_000_000
_PIECE: Final = 1 << 18
_MOST_LOOKED_AT: Final = 20


@dataclass(slots=True)
class Taken:
    """What has come of a request so far."""

    arrivals: list[Arrival] = field(default_factory=list)
    failed: list[Refused] = field(default_factory=list)

    def discard(self) -> None:
        """Nothing of it is kept."""
        for arrival in self.arrivals:
            arrival.upload.discard()
        self.arrivals.clear()


def add_to(made: Blueprint, counter: Counter) -> None:
    """Add the addresses."""

    @made.post("/studies")
    def dicom_store() -> Response:
        return _serve(counter, None)

    @made.post("/studies/<study>")
    def dicom_store_in_study(study: str) -> Response:
        return _serve(counter, study)


def _serve(counter: Counter, study: str | None) -> Response:
    def act(principal: Principal) -> Done:
        if not any(principal.may("c", TYPE, context=c) for c in ("user", "system")):
            # Whose images they are shows when they are there only.
            raise Forbidden("storing takes a scope such as user/ImagingStudy.c")
        check_accepts_json()
        limits = Limits(None if study is None else checked(study), MOST_BYTES)
        taken = Taken()
        try:
            _take_all(counter, principal, limits, taken)
            return _kept(counter, principal, taken)
        except BaseException:
            taken.discard()
            raise

    return counter.serve("store", "c", "C", act, "dicom-transfer")


def _take_all(counter: Counter, principal: Principal, limits: Limits, taken: Taken) -> None:
    sent = parse_one(request.headers.get("Content-Type"))
    if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise UnsupportedMedia("instances are sent without a Content-Encoding")
    caller = _caller(principal)
    read = request.stream.read

    def add(pieces: Iterator[bytes]) -> None:
        try:
            taken.arrivals.append(take(counter.instances, pieces, limits, caller))
        except Refused as error:
            taken.failed.append(error)

    if sent.name == DICOM:
        add(iter(lambda: read(_PIECE), b""))
    elif sent.is_multipart and sent.inner in {DICOM, "*/*"}:
        for part in parts(read, sent.parameters.get("boundary")):
            _check_type(part)
            add(part.pieces())
    elif sent.name == JSON or (sent.is_multipart and sent.inner == JSON):
        for one in built(read, sent):
            if isinstance(one, Built):
                add(iter(one.pieces))
            else:
                taken.failed.append(one)
    else:
        raise UnsupportedMedia(
            f'instances are sent as multipart/related; type="{DICOM}", or with type="{JSON}"'
        )


def _check_type(part: Part) -> None:
    sent: MediaType = parse_one(part.headers.get("content-type", DICOM))
    if sent.name not in {DICOM, "application/octet-stream"}:
        raise UnsupportedMedia(f"part {part.number + 1} is no {DICOM}")


def _kept(counter: Counter, principal: Principal, taken: Taken) -> Done:
    there = {a.facts.study: counter.instances.study(a.facts.study) for a in taken.arrivals}
    known = [s for s in there.values() if s is not None]
    if known and principal.user is not None:
        # Nobody adds to a study that they may not see, but to one that they have begun, and that
        # is nobody's yet: its files may come one by one.
        caller = _caller(principal)
        seen = {
            s.number
            for s in known
            if counter.is_seen(principal, s) or _is_begun(counter, s, caller)
        }
        _refuse(taken, {s.uid for s in known if s.number not in seen})
    arrivals = list(taken.arrivals)
    try:
        kept = counter.instances.keep(arrivals) if arrivals else []
    except Unavailable:
        # Nothing is kept; who knows whether the files are needed is the record.
        taken.arrivals.clear()
        raise
    taken.arrivals.clear()
    stored = [a.facts for a, k in zip(arrivals, kept, strict=True) if k.state != "conflict"]
    taken.failed += [
        Refused(DUPLICATE, a.facts)
        for a, k in zip(arrivals, kept, strict=True)
        if k.state == "conflict"
    ]
    studies = [s for u in dict.fromkeys(f.study for f in stored) if (s := _study(counter, u))]
    return Done(_response(counter, stored, taken.failed), studies)


def _caller(principal: Principal) -> str:
    """Who has stored an instance, in the record."""
    return principal.client or principal.subject


def _is_begun(counter: Counter, study: StudyRow, caller: str) -> bool:
    """Whether a study is nobody's yet, and what is in it was stored by the caller's client."""
    if study.patient is not None:
        return False
    there = counter.instances.instances(Wanted(studies=[study.uid], limit=_MOST_LOOKED_AT))
    return bool(there) and all(i.source == "stow" and i.caller == caller for i in there)


def _study(counter: Counter, uid: str) -> StudyRow | None:
    return counter.instances.study(uid)


def _refuse(taken: Taken, hidden: set[str]) -> None:
    for arrival in [a for a in taken.arrivals if a.facts.study in hidden]:
        taken.arrivals.remove(arrival)
        arrival.upload.discard()
        taken.failed.append(Refused(NOT_ALLOWED, arrival.facts))


def _response(counter: Counter, stored: Sequence[Facts], failed: Sequence[Refused]) -> Response:
    """PS3.18 table 10.5.3-2 and annex I."""
    told: dict[str, Any] = {}
    studies = {f.study for f in stored}
    if len(studies) == 1:
        told["00081190"] = _url(counter, Address(next(iter(studies))))
    if known := [f for f in failed if f.about is not None]:
        told["00081198"] = _sequence(
            {**_named(f.about), "00081197": _reason(f.reason)} for f in known if f.about is not None
        )
    if stored:
        told["00081199"] = _sequence(
            {**_named(f), "00081190": _url(counter, Address(f.study, f.series, f.instance))}
            for f in stored
        )
    if others := [f for f in failed if f.about is None]:
        told["0008119A"] = _sequence({"00081197": _reason(f.reason)} for f in others)
    status = 409 if not stored else 202 if failed else 200
    if not stored and failed and all(f.reason == NO_RESOURCES for f in failed):
        status = 503
    response = Response(json.dump(told), status=status, content_type=JSON)
    if status == 503:
        response.headers["Retry-After"] = "30"
    return response


def _named(facts: Facts) -> dict[str, Any]:
    return {
        "00081150": {"vr": "UI", "Value": [facts.sop_class]},
        "00081155": {"vr": "UI", "Value": [facts.instance]},
    }


def _url(counter: Counter, address: Address) -> dict[str, Any]:
    return {"vr": "UR", "Value": [counter.base + address.path]}


def _reason(reason: int) -> dict[str, Any]:
    return {"vr": "US", "Value": [reason]}


def _sequence(items: Iterable[dict[str, Any]]) -> dict[str, Any]:
    return {"vr": "SQ", "Value": list(items)}
