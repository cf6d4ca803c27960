"""A study of the record and its ImagingStudy, kept in step: one new version for a burst of images.

Whatever has happened (images came, somebody answered, a patient or an order came later) the same is
done: the study is read, it is decided whose it is, and all that it makes is written in one
transaction. It may be done again at any time: what says nothing new makes no version.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

from dicom_gateway.mapping.identifiers import Source, id_of, uid_identifier
from dicom_gateway.mapping.imaging_study import Linked, imaging_study
from dicom_gateway.mapping.patients import Claim, claim, logical
from dicom_gateway.mapping.reports.key_images import SOP_CLASS as KEY_OBJECTS
from dicom_gateway.mapping.reports.key_images import key_images, withdrawn
from dicom_gateway.mapping.studies import Study
from dicom_gateway.operating import endpoint as web
from dicom_gateway.operating.combining import combined, patient_id
from dicom_gateway.operating.deciding import Cause, Decided, decided
from dicom_gateway.operating.documents import document_entries
from dicom_gateway.operating.ordering import Orders, orders_of, procedure_of
from dicom_gateway.operating.provenance import provenance
from dicom_gateway.operating.questions import (
    Question,
    asked_again,
    is_open,
    is_question,
    settled,
    study_of,
    task_id,
    task_of,
)
from dicom_gateway.operating.reading import Found, documents, found, own_keys, whole
from dicom_gateway.operating.reconciling import Doubt, living, others, patient_of
from dicom_gateway.operating.sources import source_of
from dicom_gateway.partners import Directory
from fhirserver.access.principal import Principal, scopes
from fhirserver.engine import Engine
from fhirserver.errors import Invalid
from fhirserver.instances import Instances
from fhirserver.interactions.messages import FhirRequest, Hand
from fhirserver.model import json
from fhirserver.model.resource import Resource
from fhirserver.reactions.looking import looked_up

log = logging.getLogger(__name__)

SCOPE: Final = "system/*.cruds"


class InStep:
    """Keeps ImagingStudies in step with the record. `patient_system` is the site's own."""

    def __init__(
        self,
        engine: Engine,
        instances: Instances,
        directory: Directory,
        *,
        patient_system: str = "",
    ) -> None:
        self._engine = engine
        self._instances = instances
        self._directory = directory
        self._patient_system = patient_system
        self._has_endpoint = False

    @property
    def instances(self) -> Instances:
        return self._instances

    @property
    def engine(self) -> Engine:
        return self._engine

    def keep(self, uid: str, cause: Cause = "images") -> str | None:
        """Write what a study is by now; the id of its ImagingStudy, None where nothing is kept.

        Raises combining.Outdated when somebody has moved it meanwhile.
        """
        here = found(self._instances, uid)
        if here is None:
            return None
        selections = [
            document
            for row in documents(self._instances, here.row, [KEY_OBJECTS])
            if (document := whole(self._instances, row)) is not None
        ]
        marks = key_images(selections)
        if marks and here.row.instances > sum(len(s.images) for s in here.study.series):
            here = found(self._instances, uid, list(marks)) or here
        source = source_of(self._directory, here.first, self._patient_system)
        stored = self.stored(uid)
        task = self._task(uid)
        claimed = claim(here.study.keys, source)
        whose = decided(
            cause,
            stored,
            task,
            lambda: self._reconciled(here, source, claimed),
            lambda: self._names_others(here, source),
            here.row.patient if here.row.imaging_study is None else None,
        )
        linked, whose = self._linked(here.study, source, claimed, whose, marks)
        made = imaging_study(here.study, source, linked)
        if _is_withdrawn(here.study, withdrawn(selections)):
            made["status"] = "entered-in-error"
        id_ = self._write(here, source, made, stored, task, whose)
        self._assign(uid, id_, whose.patient, linked.encounter)
        return id_

    def end(self, uid: str, imaging_study_id: str | None) -> None:
        """A study was removed from the record: there is nothing to be had of it any more."""
        stored = self.stored(uid)
        if stored is None or self._instances.study(uid) is not None:
            return
        if imaging_study_id is not None and stored["id"] != imaging_study_id:
            return
        gone = {k: v for k, v in stored.items() if k not in {"series", "endpoint"}}
        gone |= {"numberOfSeries": 0, "numberOfInstances": 0}
        if stored.get("status") != "entered-in-error":
            gone["status"] = "cancelled"
        self._engine.handle(
            FhirRequest(
                "update", self._principal(Source()), type="ImagingStudy", id=stored["id"],
                body=gone, if_match=f'W/"{stored["meta"]["versionId"]}"', prefer_return="minimal",
            )
        )  # fmt: skip

    def follow(self, uid: str, study: Resource) -> None:
        """The record follows an ImagingStudy that somebody, or a merge, has moved."""
        row = self._instances.study(uid)
        if row is None:
            return
        patient = patient_id(study.get("subject"))
        encounter = _id_in(study.get("encounter"))
        if patient is None and row.patient is not None:
            self._instances.release(uid)
        if (row.imaging_study, row.patient, row.encounter) != (study["id"], patient, encounter):
            self._instances.assign(
                uid, imaging_study=study["id"], patient=patient, encounter=encounter
            )

    def taken_off(self, uid: str) -> None:
        """Somebody has written that a study isn't its patient's: it is asked whose it is.

        Where that is asked already, the study was taken off by the Task itself.
        """
        if not is_open(self._task(uid)):
            self.keep(uid, "taken-off")

    def stored(self, uid: str) -> Resource | None:
        """The ImagingStudy of a study."""
        identifier = uid_identifier(uid)
        query = ("identifier", f"{identifier['system']}|{identifier['value']}")
        return next(iter(looked_up(self._engine, "ImagingStudy", query)), None)

    def _task(self, uid: str) -> Resource | None:
        """The Task of a study; one that only has its id is none of ours, and answers nothing."""
        tasks = looked_up(self._engine, "Task", ("_id", task_id(uid)))
        return next((t for t in tasks if is_question(t) and study_of(t) == uid), None)

    def _reconciled(self, here: Found, source: Source, claimed: Claim) -> Resource | Doubt:
        if self._names_others(here, source):
            return Doubt(("mixed-patients",))
        return patient_of(self._engine, claimed)

    def _names_others(self, here: Found, source: Source) -> bool:
        """Whether series of a study say that they are of different people.

        What the first instance of the study has said of its patient is all that lies in the
        record; what the others say is in their files.
        """
        if not here.row.is_mixed:
            return False
        told: list[Claim] = []
        for series in here.study.series:
            ends = {series.images[0].uid, series.images[-1].uid}
            for row in self._instances.instances_named(ends).values():
                keys = own_keys(self._instances, row)
                if keys is not None:
                    told.append(claim(keys, source))
        return bool(told) and others(told[1:], told[0])

    def _linked(
        self, study: Study, source: Source, claimed: Claim, whose: Decided, marks: Any
    ) -> tuple[Linked, Decided]:
        self._ensure_endpoint()
        orders = Orders()
        if whose.patient is not None:
            current = looked_up(self._engine, "Patient", ("_id", whose.patient))
            if current:
                # Who was meant may have been merged into somebody since.
                patient = living(self._engine, current[0])["id"]
                whose = Decided(patient, whose.doubt, whose.is_found)
            orders = orders_of(self._engine, study, source, whose.patient or "")
            if orders.strangers and whose.is_found and not orders.orders:
                candidates = (whose.patient or "", *orders.strangers)
                whose = Decided(None, Doubt(("order-of-another",), candidates))
                orders = Orders()
        if whose.patient is None:
            return Linked(logical(claimed), web.REFERENCE, key_images=marks), whose
        return Linked(
            {"reference": f"Patient/{whose.patient}"},
            web.REFERENCE,
            encounter=orders.encounter,
            based_on=orders.based_on,
            procedure=procedure_of(self._engine, study, whose.patient),
            key_images=marks,
        ), whose

    def _write(
        self,
        here: Found,
        source: Source,
        made: Resource,
        stored: Resource | None,
        task: Resource | None,
        whose: Decided,
    ) -> str:
        uid = here.row.uid
        identifier = uid_identifier(uid)
        name = f"urn:uuid:{id_of('study', uid)}"
        entries = [_put(f"ImagingStudy?identifier={identifier['system']}|{identifier['value']}",
                        made, name)]  # fmt: skip
        entries += _question(uid, name, made, task, whose)
        of_documents = document_entries(self._engine, self._instances, here, source, made, name)
        if of_documents:
            try:
                return self._written(here, source, made, name, entries + of_documents, stored)
            except Invalid as error:
                # What a document says must not keep the images from being seen.
                log.warning("dicom_documents_left", extra={"why": str(error)})
        return self._written(here, source, made, name, entries, stored)

    def _written(
        self,
        here: Found,
        source: Source,
        made: Resource,
        name: str,
        entries: list[Resource],
        stored: Resource | None,
    ) -> str:
        targets = [{"reference": e["fullUrl"]} for e in entries
                   if e["resource"]["resourceType"] not in {"Task", "Binary"}]  # fmt: skip
        told = provenance(targets, here.row.uid, made, source, here.row.updated)
        entries = [*entries, _put(f"Provenance/{told['id']}", told, f"urn:uuid:{told['id']}")]
        answer = self._engine.handle(
            FhirRequest(
                "bundle",
                self._principal(source),
                body={"resourceType": "Bundle", "type": "transaction", "entry": entries},
                prefer_return="minimal",
                hand=Hand(_combine(name, (stored or {}).get("subject"), stored is None)),
            )
        )
        first = json.parse_object(answer.content or b"{}")["entry"][0]["response"]
        return str(first["location"]).split("ImagingStudy/", 1)[1].split("/", 1)[0]

    def _assign(self, uid: str, id_: str, patient: str | None, encounter: Resource | None) -> None:
        if patient is None:
            self._instances.release(uid)
        self._instances.assign(uid, imaging_study=id_, patient=patient, encounter=_id_in(encounter))

    def _ensure_endpoint(self) -> None:
        if self._has_endpoint:
            return
        self._engine.handle(
            FhirRequest(
                "update", self._principal(Source()), type="Endpoint", id=web.ID,
                body=web.endpoint(self._engine.context.settings), prefer_return="minimal",
            )
        )  # fmt: skip
        self._has_endpoint = True

    def _principal(self, source: Source) -> Principal:
        """Who writes: what a sender's images make is on record as the sender's."""
        return Principal(f"dicom:{source.id or 'web'}", scopes(SCOPE))


def _question(
    uid: str, name: str, made: Resource, task: Resource | None, whose: Decided
) -> list[Resource]:
    """The Task that asks, asks again, or needn't ask any more."""
    if whose.doubt is None:
        if task is None or not is_open(task):
            return []
        return [_put(f"Task/{task['id']}", settled(task), f"urn:uuid:{task['id']}")]
    said = made["subject"] if "reference" not in made["subject"] else None
    asked = task_of(
        Question(uid, {"reference": name}, whose.doubt.reasons, whose.doubt.candidates, said)
    )
    if task is not None and not is_open(task) and not _asks_again(task, whose.doubt):
        # Somebody has said that nobody can tell: it isn't asked for the same reason again.
        return []
    body = asked if task is None else asked_again(task, asked)
    return [_put(f"Task/{asked['id']}", body, f"urn:uuid:{asked['id']}")]


def _asks_again(task: Resource, doubt: Doubt) -> bool:
    return task.get("status") in {"cancelled", "completed"} or "taken-off" in doubt.reasons


def _combine(
    name: str, expected: Resource | None, is_new: bool
) -> Callable[[str, Resource, Resource], Resource]:
    def combine(full_url: str, given: Resource, stored: Resource) -> Resource:
        if full_url == name:
            return combined(given, stored, None if is_new else expected)
        return given

    return combine


def _put(url: str, resource: Resource, full_url: str) -> Resource:
    return {
        "fullUrl": full_url,
        "resource": resource,
        "request": {"method": "PUT", "url": url},
    }


def _is_withdrawn(study: Study, gone: frozenset[str]) -> bool:
    """Whether all images of a study are withdrawn; the selection that says so is one of its own."""
    images = [i.uid for s in study.series for i in s.images if i.sop_class != KEY_OBJECTS]
    whole_ = all(len(s.images) == s.count for s in study.series)
    return bool(images) and whole_ and gone.issuperset(images)


def _id_in(reference: Resource | None) -> str | None:
    told = str((reference or {}).get("reference", ""))
    return told.rpartition("/")[2] or None
