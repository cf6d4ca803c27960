"""POST /dicom-web/studies/{study}/series/{series}/move: a series goes to another patient or study.

The scanner was still open on the patient before: some series of the study are of somebody else. A
whole study is moved by its ImagingStudy or its Task; a part of it becomes new instances here, with
the UIDs of the other study and the identity of its patient, and then the old ones are removed. What
an instance said before is in it, as Original Attributes Sequence.

Done again, after a crash or a lost answer, it goes on where it was: the new UIDs are made of the
old ones.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from flask import Blueprint, Response, request

from dicom_gateway.datasets import Unreadable, file_head, from_uuid
from dicom_gateway.datasets.elements import Tree, elements
from dicom_gateway.mapping import wrapped
from dicom_gateway.mapping.readdressed import Readdressing, readdressed
from dicom_gateway.mapping.reports import encapsulated, structured
from dicom_gateway.operating.combining import Outdated
from dicom_gateway.operating.in_step import InStep
from dicom_gateway.operating.opening import open_in_step
from dicom_gateway.querying.encoding import EXPLICIT, encoded
from dicom_gateway.web.counter import TYPE, Counter, Done, checked
from dicom_gateway.web.deleting import REASONS
from dicom_gateway.web.levels import Address, named
from dicom_gateway.web.patients import patient_named
from dicom_gateway.web.storing import Taken
from dicom_gateway.web.taking import Limits, Refused, take
from fhirserver import clock
from fhirserver.access.principal import Principal
from fhirserver.errors import Conflict, FhirError, Invalid, Unavailable, Unprocessable
from fhirserver.instances import Facts, InstanceRow, StudyRow
from fhirserver.model import json
from fhirserver.model.resource import Resource

log = logging.getLogger(__name__)

MOST_BYTES: Final = 512_000_000
"""Bytes of an instance that is written anew: it is held in memory."""
MOST_REQUEST: Final = 4_096
_MEMBERS: Final = frozenset({"patient", "study", "reason"})
_WRONG_ENTRY: Final = "113038"
_DOCUMENTS: Final = frozenset({*structured.SOP_CLASSES, *encapsulated.SOP_CLASSES})


@dataclass(frozen=True, slots=True)
class _Target:
    """The study that a series goes to, whose it is, and what instances of it say."""

    study: str
    patient: str
    item: dict[str, Any]


def add_to(made: Blueprint, counter: Counter) -> None:
    """Add the address."""
    opened = cache(lambda: open_in_step(counter.engine))

    @made.post("/studies/<study>/series/<series>/move")
    def dicom_move_series(study: str, series: str) -> Response:
        def act(principal: Principal) -> Done:
            return _move(counter, opened(), principal, Address(study, series))

        return counter.serve("move", "u", "U", act)


def _move(counter: Counter, in_step: InStep, principal: Principal, address: Address) -> Done:
    asked = _asked()
    source, there = named(counter, principal, address)
    counter.require_change(principal, source, "u")
    principal.require("c", TYPE)
    if any(i.sop_class in _DOCUMENTS for i in there):
        raise Unprocessable(
            "a series of reports or documents isn't moved, since what they made stays in the "
            "record: delete it, and have it made for the right patient"
        )
    if any(i.size > MOST_BYTES for i in there):
        raise Unprocessable(f"an instance has more than {MOST_BYTES} bytes: move the whole study")
    target = _target(counter, principal, asked, source)
    ours = (there[0].series.uid, *(i.uid for i in there))
    new = {uid: _made_of(uid, target.study) for uid in ours}
    _copy(counter, principal, there, target, new)
    if counter.instances.study(target.study) is None:
        raise Unavailable("the new study is gone already: somebody is removing it")
    if "patient" in asked:
        counter.instances.assign(target.study, patient=target.patient)
    filed = _in_step(in_step, target.study)
    counter.instances.delete(source.uid, address.series, with_promised=True)
    _in_step(in_step, source.uid)
    series = new[there[0].series.uid]
    told = {
        "study": target.study,
        "series": series,
        "instances": len(there),
        **({} if filed is None else {"imagingStudy": f"ImagingStudy/{filed}"}),
    }
    response = Response(json.dump(told), content_type="application/json")
    response.headers["Location"] = counter.base + Address(target.study, series).path
    now = counter.instances.study(target.study)
    studies = [source, *([] if now is None else [now])]
    return Done(response, studies, patients=(target.patient,), note=asked["reason"])


def _asked() -> dict[str, str]:
    """What the body says. Raises Invalid."""
    try:
        body = json.parse_object(request.stream.read(MOST_REQUEST))
    except FhirError as error:
        raise Invalid('the body is JSON, such as {"patient": "Patient/1"}') from error
    if unknown := sorted(body.keys() - _MEMBERS):
        raise Invalid(f"{unknown[0][:40]!r} is none of {', '.join(sorted(_MEMBERS))}")
    if not all(isinstance(v, str) for v in body.values()):
        raise Invalid("patient, study and reason are texts")
    if ("patient" in body) == ("study" in body):
        raise Invalid("say where it goes: to a new study of a patient, or to a study that is there")
    reason = body.get("reason", _WRONG_ENTRY)
    if reason not in REASONS:
        raise Invalid(f"the reason is one of {', '.join(REASONS)}")
    return {**body, "reason": f"{reason} {REASONS[reason]}"}


def _target(
    counter: Counter, principal: Principal, asked: dict[str, str], source: StudyRow
) -> _Target:
    if "study" in asked:
        row = counter.study(principal, checked(asked["study"]))
        if row.number == source.number:
            raise Conflict("the series is in this study already")
        if row.patient is None:
            raise Conflict("nobody has said yet whose the other study is: answer its task first")
        counter.require_change(principal, row, "u")
        return _Target(row.uid, row.patient, wrapped.study_of(row.keys))
    patient = patient_named(counter, principal, asked["patient"])
    if patient["id"] == source.patient:
        raise Conflict("the study is this patient's already")
    # Another series that goes the same way comes into the same study.
    uid = _made_of(source.uid, f"Patient/{patient['id']}")
    before = counter.instances.study(uid)
    if before is not None and before.patient not in {None, patient["id"]}:
        raise Conflict("what was moved to this patient before is another one's by now: move that")
    return _Target(uid, patient["id"], _new_study(counter, patient, source))


def _new_study(counter: Counter, patient: Resource, source: StudyRow) -> dict[str, Any]:
    """What a new study of a patient says; day, time and description are those of the old one."""
    system = counter.settings.dicom_patient_system
    whose = wrapped.patient_identity(patient, system)
    kept = {t: source.keys[t] for t in ("00080020", "00080030", "00081030") if t in source.keys}
    empty = {"00080050": {"vr": "SH"}, "00080090": {"vr": "PN"}, "00200010": {"vr": "SH"}}
    return {**empty, **kept, **whose}


def _made_of(uid: str, target: str) -> str:
    """A UID that is the same every time."""
    return from_uuid(uuid5(NAMESPACE_URL, f"{uid}>{target}"))


def _copy(
    counter: Counter,
    principal: Principal,
    there: Sequence[InstanceRow],
    target: _Target,
    new: dict[str, str],
) -> None:
    """Keep the new instances, all in one transaction; those that are there already stay."""
    identity = _tree(target.item)
    to = Readdressing(target.study, identity, new, clock.now())
    known = counter.instances.instances_named([new[i.uid] for i in there])
    taken = Taken()
    try:
        for one in there:
            if new[one.uid] in known:
                continue
            pieces = _pieces(counter, one, to)
            limits = Limits(target.study, MOST_BYTES * 2)
            caller = principal.client or principal.subject
            taken.arrivals.append(take(counter.instances, pieces, limits, caller))
        arrivals = list(taken.arrivals)
        taken.arrivals.clear()
        counter.instances.keep(arrivals)
    except Refused as error:
        raise Unavailable("there is no room for it") from error
    finally:
        taken.discard()


def _pieces(counter: Counter, one: InstanceRow, to: Readdressing) -> tuple[bytes, bytes]:
    data = b"".join(counter.instances.read(one, one.dataset_at))
    try:
        dataset, syntax = readdressed(data, one.transfer_syntax, to)
    except Unreadable as error:
        raise Unprocessable(f"instance {one.uid} can't be read: {error}") from error
    uids = (to.study, to.uids[one.series.uid], to.uids[one.uid])
    return file_head(Facts(*uids, one.sop_class, syntax, {})), dataset


def _tree(item: dict[str, Any]) -> Tree:
    return elements(encoded(item, EXPLICIT, "ISO_IR 192"), EXPLICIT)[0]


def _in_step(in_step: InStep, uid: str) -> str | None:
    """The id of the study's ImagingStudy; None where the worker has to write it, a moment later."""
    try:
        return in_step.keep(uid)
    except (FhirError, Outdated) as error:
        log.warning("dicom_moved_left", extra={"error": type(error).__name__})
        return None
