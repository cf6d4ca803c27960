"""POST /dicom-web/wrap: pictures and PDFs of a patient become DICOM instances.

A photograph of a wound, a picture of a device that has no DICOM, a scanned letter: Secondary
Capture and Encapsulated PDF, with the identity of a Patient. They are kept as any instance is.
PS3.3 A.8.1 and A.45.1
"""

from __future__ import annotations

import logging
import re
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request

from dicom_gateway.datasets import file_head, from_uuid
from dicom_gateway.mapping import wrapped
from dicom_gateway.mapping.attributes import count
from dicom_gateway.mapping.wrapped import Item, Pixels, Place, Wrapping
from dicom_gateway.operating.combining import Outdated
from dicom_gateway.operating.in_step import InStep
from dicom_gateway.operating.opening import open_in_step
from dicom_gateway.querying.encoding import EXPLICIT, encoded
from dicom_gateway.rendering.limits import Undecodable
from dicom_gateway.web.building import encapsulated
from dicom_gateway.web.counter import TYPE, Counter, Done, checked
from dicom_gateway.web.forms import Form, form
from dicom_gateway.web.levels import Address
from dicom_gateway.web.patients import patient_named
from dicom_gateway.web.storing import Taken
from dicom_gateway.web.taking import Limits, Refused, take
from fhirserver import clock, ids
from fhirserver.access.principal import Principal
from fhirserver.access.scopes import ScopeContext
from fhirserver.errors import (
    Conflict,
    FhirError,
    Forbidden,
    Invalid,
    Unavailable,
    Unprocessable,
    UnsupportedMedia,
)
from fhirserver.instances import Facts, SeriesRow, Wanted
from fhirserver.model import json
from fhirserver.model.resource import Resource

log = logging.getLogger(__name__)

TYPES: Final = (TYPE, "Media")
"""Who may create one of these may wrap: photographs are taken by whoever documents, too."""
_OF_ANY_PATIENT: Final[tuple[ScopeContext, ...]] = ("user", "system")
MOST_BYTES: Final = 100_000_000
MOST_FILES: Final = 200
_CODE: Final = re.compile(r"[A-Z0-9][A-Z0-9_ ]{0,15}")
_FIELDS: Final = frozenset(
    {
        "patient",
        "study",
        "description",
        "accession",
        "modality",
        "bodySite",
        "laterality",
        "taken",
    }
)
_LONGEST_ACCESSION: Final = 16
_JPEG: Final = b"\xff\xd8\xff"
_PNG: Final = b"\x89PNG\r\n\x1a\n"
_LOOKED_AT: Final = 1024
_DICM: Final = slice(128, 132)


@dataclass(frozen=True, slots=True)
class _Study:
    """Where the files go: a study that is there, or a new one."""

    uid: str
    keys: Item
    series: Sequence[SeriesRow]


def add_to(made: Blueprint, counter: Counter) -> None:
    """Add the address."""
    opened = cache(lambda: open_in_step(counter.engine))

    @made.post("/wrap")
    def dicom_wrap() -> Response:
        def act(principal: Principal) -> Done:
            sent = form(request.stream.read, request.headers.get("Content-Type"), MOST_BYTES)
            return _wrap(counter, opened(), principal, sent)

        return counter.serve("wrap", "c", "C", act, "dicom-transfer", TYPES)


def _wrap(counter: Counter, in_step: InStep, principal: Principal, sent: Form) -> Done:
    if unknown := sorted(sent.texts.keys() - _FIELDS):
        raise Invalid(f"{unknown[0][:40]!r} is no field of the form")
    if not 0 < len(sent.files) <= MOST_FILES:
        raise Invalid(f"send 1 to {MOST_FILES} files, each as a part of the name 'file'")
    kinds = [_kind(number, content) for number, content in enumerate(sent.files, 1)]
    patient = _patient(counter, principal, sent.texts.get("patient", ""))
    told = _told(counter, sent.texts)
    study = _study(counter, principal, sent.texts.get("study", ""), patient, told)
    taken = Taken()
    try:
        _make(counter, principal, zip(kinds, sent.files, strict=True), study, told, taken)
        kept = _keep(counter, taken)
    finally:
        taken.discard()
    if not study.series:
        # Who has named the patient knows: nothing has to be found by the ids of the instances.
        counter.instances.assign(study.uid, patient=patient["id"])
    imaging_study = _filed(in_step, study.uid)
    row = counter.instances.study(study.uid)
    return Done(
        _response(counter, study.uid, kept, imaging_study),
        [] if row is None else [row],
        patients=(patient["id"],),
    )


def _kind(number: int, content: bytes) -> str:
    beginning = content[:_LOOKED_AT]
    if beginning.startswith((_JPEG, _PNG)):
        return "picture"
    if b"%PDF-" in beginning:
        if b"%%EOF" not in content[-2 * _LOOKED_AT :]:
            raise Unprocessable(f"file {number} is a PDF that is cut off")
        return "document"
    if beginning[_DICM] == b"DICM":
        raise UnsupportedMedia(
            f"file {number} is DICOM already: store it by POST /dicom-web/studies"
        )
    raise UnsupportedMedia(f"file {number} is no JPEG, PNG or PDF")


def _patient(counter: Counter, principal: Principal, named: str) -> Resource:
    """The Patient, whom the caller may see. Raises Invalid, Forbidden, NotFound."""
    is_whole = any(principal.may("c", one, context=c) for one in TYPES for c in _OF_ANY_PATIENT)
    if named and not is_whole and principal.patient != named.removeprefix("Patient/"):
        raise Forbidden("it isn't the patient whose chart was launched")
    return patient_named(counter, principal, named)


def _told(counter: Counter, texts: Mapping[str, str]) -> Wrapping:
    zone = ZoneInfo(counter.settings.time_zone)
    accession, modality = texts.get("accession", ""), texts.get("modality", "") or "OT"
    if len(accession) > _LONGEST_ACCESSION or "\\" in accession:
        raise Invalid(f"an accession number has up to {_LONGEST_ACCESSION} characters")
    if not _CODE.fullmatch(modality):
        raise Invalid("the modality is a code such as XC, ES or OT")
    site = texts.get("bodySite", "")
    part = wrapped.body_part(site) if site else ""
    if part is None:
        raise Invalid(
            "bodySite is a term of Body Part Examined (PS3.16 annex L), or its SNOMED CT code"
        )
    side = texts.get("laterality", "").upper()
    if side not in {"", "R", "L", "B", "U"}:
        raise Invalid("the laterality is R, L, B (both) or U (unpaired)")
    return Wrapping(
        _moment(texts.get("taken", ""), zone),
        texts.get("description", ""),
        accession,
        modality,
        part,
        side,
    )


def _moment(text: str, zone: ZoneInfo) -> datetime:
    if not text:
        return clock.now().astimezone(zone)
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid("taken is a time such as 2026-07-01T08:30:00+02:00") from error
    at = at.replace(tzinfo=zone) if at.tzinfo is None else at.astimezone(zone)
    if at > clock.now():
        raise Invalid("taken lies in the future")
    return at


def _study(
    counter: Counter, principal: Principal, uid: str, patient: Resource, told: Wrapping
) -> _Study:
    if not uid:
        system = counter.settings.dicom_patient_system
        return _Study(_new_uid(), wrapped.study_of_patient(patient, told, system), ())
    row = counter.study(principal, checked(uid))
    if row.patient != patient["id"]:
        raise Conflict("the study isn't this patient's")
    if told.accession:
        raise Invalid("a study that is there keeps its accession number: leave it out")
    return _Study(uid, wrapped.study_of(row.keys), counter.instances.series(Wanted(studies=[uid])))


def _make(
    counter: Counter,
    principal: Principal,
    files: Iterable[tuple[str, bytes]],
    study: _Study,
    told: Wrapping,
    taken: Taken,
) -> None:
    """Make an instance of each file; pictures are one series, documents another."""
    caller = principal.client or principal.subject
    first = 1 + max((count(s.keys, "00200011") or 0 for s in study.series), default=0)
    series: dict[str, str] = {}
    for number, (kind, content) in enumerate(files, 1):
        uid = series.setdefault(kind, _new_uid())
        place = Place(study.uid, uid, _new_uid(), first + list(series).index(kind), number)
        make = _picture if kind == "picture" else _document
        try:
            pieces = make(counter, study.keys, place, told, content)
            taken.arrivals.append(
                take(counter.instances, pieces, Limits(None, MOST_BYTES * 4), caller)
            )
        except Undecodable as error:
            raise Unprocessable(f"file {number}: {error}") from error
        except Refused as error:
            raise Unavailable("there is no room for it") from error


def _picture(
    counter: Counter, study: Item, place: Place, told: Wrapping, content: bytes
) -> tuple[bytes, ...]:
    made = counter.studio.photograph(content)
    about = dict(made.about)
    syntax = str(about.pop("transfer_syntax"))
    item = wrapped.picture(study, place, told, Pixels(**about))
    if syntax == EXPLICIT:
        representation = b"OW" if about["bits"] > 8 else b"OB"
        head = struct.pack("<HH2sHI", 0x7FE0, 0x0010, representation, 0, len(made.content))
        pixels: tuple[bytes, ...] = (head, made.content)
    else:
        pixels = (encapsulated(made.content),)
    return (_head(item, syntax), _encoded(item), *pixels)


def _document(
    counter: Counter, study: Item, place: Place, told: Wrapping, content: bytes
) -> tuple[bytes, ...]:
    del counter
    item = wrapped.document(study, place, told, len(content))
    content += b"\0" * (len(content) % 2)
    head = struct.pack("<HH2sHI", 0x0042, 0x0011, b"OB", 0, len(content))
    before = {tag: e for tag, e in item.items() if tag < wrapped.DOCUMENT}
    after = {tag: e for tag, e in item.items() if tag > wrapped.DOCUMENT}
    return (_head(item, EXPLICIT), _encoded(before), head, content, encoded(after, EXPLICIT))


def _encoded(item: Item) -> bytes:
    return encoded(item, EXPLICIT, "ISO_IR 192")


def _head(item: Item, syntax: str) -> bytes:
    study, series, instance, sop_class = (
        str(item[tag]["Value"][0]) for tag in ("0020000D", "0020000E", "00080018", "00080016")
    )
    return file_head(Facts(study, series, instance, sop_class, syntax, {}))


def _keep(counter: Counter, taken: Taken) -> list[Facts]:
    arrivals = list(taken.arrivals)
    # From here on the files are the record's, whatever comes of it.
    taken.arrivals.clear()
    counter.instances.keep(arrivals)
    return [a.facts for a in arrivals]


def _filed(in_step: InStep, uid: str) -> str | None:
    """The id of the study's ImagingStudy; None where the worker has to write it, a moment later."""
    try:
        return in_step.keep(uid)
    except (FhirError, Outdated) as error:
        log.warning("dicom_wrapped_left", extra={"error": type(error).__name__})
        return None


def _response(
    counter: Counter, study: str, kept: Sequence[Facts], imaging_study: str | None
) -> Response:
    told: dict[str, Any] = {
        "study": study,
        "instances": [
            {
                "series": f.series,
                "instance": f.instance,
                "sopClass": f.sop_class,
                "url": counter.base + Address(f.study, f.series, f.instance).path,
            }
            for f in kept
        ],
    }
    if imaging_study is not None:
        told["imagingStudy"] = f"ImagingStudy/{imaging_study}"
    response = Response(json.dump(told), status=201, content_type="application/json")
    response.headers["Location"] = counter.base + Address(study).path
    return response


def _new_uid() -> str:
    return from_uuid(UUID(ids.new()))
