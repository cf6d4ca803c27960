"""What is written about patients, orders and studies, and what it means for the images.

| a change of | does |
|---|---|
| Task that asks whose a study is | an answer assigns the study; opened again, it takes it off |
| ImagingStudy | the record follows its subject: merges, moves, corrections |
| Patient | studies that wait for somebody with this id are looked at again |
| ServiceRequest | studies with its accession number are linked with it |
| Procedure | studies of its patient whose images name it as their step are linked with it |
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from dicom_gateway.mapping.attributes import Keys, items, text
from dicom_gateway.mapping.identifiers import DICOM_UID
from dicom_gateway.mapping.order_uids import study_uid
from dicom_gateway.operating.combining import Outdated, is_literal, patient_id
from dicom_gateway.operating.in_step import InStep
from dicom_gateway.operating.opening import open_in_step
from dicom_gateway.operating.questions import answer_of, is_open, is_question, study_of
from dicom_gateway.reactions.studies import AGAIN_SECONDS
from fhirserver.engine import Engine
from fhirserver.instances import Exact, Wanted, any_study
from fhirserver.model.resource import Resource
from fhirserver.queues import Later
from fhirserver.reactions import Change, Connection, Item, New, Reaction, Reader, Worker, reactions
from fhirserver.reactions.written import Written, written

TOPIC: Final = "dicom.fhir"
READER: Final = TOPIC
TYPES: Final = frozenset({"Task", "ImagingStudy", "Patient", "ServiceRequest", "Procedure"})
MOST: Final = 500
"""Studies that one change has looked at again."""


@reactions.register("dicom.fhir")
def reaction(engine: Engine) -> Reaction:
    """Changes of what studies belong to, one resource at a time."""
    in_step = open_in_step(engine)

    def act(item: Item) -> None:
        react(in_step, item)

    return Reaction(readers=[Reader(READER, chosen)], workers=[Worker(TOPIC, act, threads=1)])


def chosen(connection: Connection, changes: Sequence[Change]) -> list[tuple[str, New]]:
    """What may concern a study: nothing while there is none, in a hospital without images."""
    if not any(c.type in TYPES for c in changes) or not any_study(connection):
        return []
    return [
        (
            TOPIC,
            New(
                f"{c.type}/{c.key}",
                {"type": c.type, "key": c.key, "version": c.version},
                bulk=c.bulk,
            ),
        )
        for c in changes
        if c.type in TYPES
    ]


def react(in_step: InStep, item: Item) -> None:
    """Do what one change asks for."""
    found = written(
        in_step.engine, item.content["type"], item.content["key"], item.content["version"]
    )
    if found is None:
        return
    try:
        match found.type:
            case "Task":
                _task(in_step, found)
            case "ImagingStudy":
                _imaging_study(in_step, found)
            case "Patient":
                _patient(in_step, found)
            case "Procedure":
                _procedure(in_step, found)
            case _:
                _order(in_step, found)
    except Outdated:
        raise Later("somebody has moved the study", AGAIN_SECONDS, is_attempt=False) from None


def _task(in_step: InStep, change: Written) -> None:
    task = change.resource
    if task is None or not is_question(task) or change.before is None:
        return
    uid = study_of(task)
    if uid is None or _standing(task) == _standing(change.before):
        return
    in_step.keep(uid, "task")


def _standing(task: Resource) -> tuple[object, str | None]:
    return is_open(task), answer_of(task)


def _imaging_study(in_step: InStep, change: Written) -> None:
    uid = _uid(change.resource or change.before or {})
    if uid is None:
        return
    stored = in_step.stored(uid)
    if stored is None:
        in_step.instances.release(uid)
        return
    in_step.follow(uid, stored)
    before = (change.before or {}).get("subject")
    if is_literal(before) and not is_literal(stored.get("subject")):
        in_step.taken_off(uid)


def _patient(in_step: InStep, change: Written) -> None:
    values = _numbers(change.resource)
    for uid in _waiting(in_step, "PatientID", values, only_nobodys=True):
        in_step.keep(uid)


def _procedure(in_step: InStep, change: Written) -> None:
    """A performed procedure step that comes after its images."""
    procedure = change.resource
    patient = patient_id((procedure or {}).get("subject"))
    step = _uid(procedure or {})
    if patient is None or step is None or patient_id((change.before or {}).get("subject")):
        return
    rows = in_step.instances.series(Wanted(patients=[patient], limit=MOST))
    made_by = (row.study.uid for row in rows if _names(row.keys, step))
    for uid in dict.fromkeys(made_by):
        in_step.keep(uid)


def _names(series: Keys, step: str) -> bool:
    """Whether images of a series say that a procedure step has made them."""
    return any(text(item, "00081155").strip(". ") == step for item in items(series, "00081111"))


def _order(in_step: InStep, change: Written) -> None:
    order = change.resource
    if order is None:
        return
    uids = dict.fromkeys(_waiting(in_step, "AccessionNumber", _numbers(order)))
    own = study_uid(order)
    if in_step.instances.study(own) is not None:
        uids[own] = None
    for uid in uids:
        in_step.keep(uid)


def _waiting(
    in_step: InStep, keyword: str, values: Sequence[str], *, only_nobodys: bool = False
) -> Iterable[str]:
    """The UIDs of stored studies with one of these numbers."""
    if not values:
        return []
    rows = in_step.instances.studies(Wanted(keys={keyword: Exact.of(*values)}, limit=MOST))
    return [
        row.uid
        for row in rows
        if row.imaging_study is not None and not (only_nobodys and row.patient is not None)
    ]


def _numbers(resource: Resource | None) -> list[str]:
    found = (str(i.get("value", "")) for i in (resource or {}).get("identifier", ()))
    return [value for value in found if value]


def _uid(study: Resource) -> str | None:
    """The UID of an ImagingStudy."""
    for identifier in study.get("identifier", ()):
        if identifier.get("system") == DICOM_UID:
            return str(identifier.get("value", "")).removeprefix("urn:oid:") or None
    return None
