"""Performed procedure steps: a modality begins one, and completes or discontinues it.

Each is a Procedure of the order that the worklist named. In its transaction the Appointment or
Task goes on, too; the order stays. Who names no order of ours, or another patient than the order's,
gets a Procedure whose subject is only named, for people to look at: never the wrong patient.
PS3.4 F.7 (state machine), IHE RAD-6 and RAD-7
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from dicom_gateway.mapping.identifiers import DICOM_UID, literal
from dicom_gateway.mapping.order_uids import request_id
from dicom_gateway.mapping.procedure_steps import (
    Scheduled,
    begun,
    changed,
    check_begun,
    check_ended,
    is_wrong_entry,
    procedure_id,
)
from dicom_gateway.mapping.scheduled_steps import STEP_IDS, Step
from dicom_gateway.matching import Item
from dicom_gateway.matching.items import first
from dicom_gateway.partners import Peer
from dicom_gateway.querying.asking import Asking
from dicom_gateway.querying.worklist import open_steps
from fhirserver.access.principal import Principal, scopes
from fhirserver.engine import Engine
from fhirserver.errors import Conflict, Gone, NotFound, PreconditionFailed, VersionConflict
from fhirserver.interactions.messages import FhirRequest
from fhirserver.model import json
from fhirserver.model.resource import Resource

AGAIN: Final = 5
"""How often a step is tried again when somebody else changes the same resources."""
_NEXT: Final[Mapping[str, Mapping[str, str]]] = {
    "Appointment": {
        "in-progress": "arrived",
        "completed": "fulfilled",
        "entered-in-error": "booked",
    },
    "Task": {
        "in-progress": "in-progress",
        "completed": "completed",
        "stopped": "failed",
        "entered-in-error": "ready",
    },
}
"""What becomes of what was planned, by the status of the Procedure."""


class AlreadyThere(Exception):
    """There is a step with this UID."""


class Unknown(Exception):
    """There is no step with this UID."""


class Over(Exception):
    """The step has been completed or discontinued: it can't be changed any more."""


@dataclass(frozen=True, slots=True)
class Steps:
    """The performed procedure steps of one modality."""

    engine: Engine
    peer: Peer

    def begin(self, uid: str, item: Item) -> None:
        """N-CREATE. Raises Missing, Wrong, AlreadyThere."""
        scheduled = check_begun(item)
        orders = [order for one in scheduled for order in self._orders(one, item)]
        if not orders:
            orders = [{"subject": self._unknown(item)}]
        same = [o for o in orders if o.get("subject") == orders[0].get("subject")]
        unique = list({o.get("id"): o for o in same}.values())
        procedure = begun(uid, item, scheduled, unique, self._zone)
        put = _put(procedure)
        new = {**put, "request": {**put["request"], "ifNoneMatch": "*"}}
        for attempt in range(AGAIN):
            moved = _moved(self._planned(procedure), procedure["status"])
            try:
                self._write([new, *moved])
            except (Conflict, PreconditionFailed, VersionConflict) as error:
                if self._stored(uid) is not None:
                    raise AlreadyThere from error
                if attempt == AGAIN - 1:
                    raise
            else:
                return

    def change(self, uid: str, item: Item) -> None:
        """N-SET. Raises Unknown, Over, Missing, Wrong."""
        for attempt in range(AGAIN):
            stored = self._stored(uid)
            if stored is None:
                raise Unknown
            if stored["status"] != "in-progress":
                raise Over
            check_ended(item, stored)
            procedure = changed(stored, item, self._zone)
            entries = [_put(procedure, stored["meta"]["versionId"])]
            if procedure["status"] != "in-progress":
                entries += _moved(self._planned(stored), procedure["status"])
                if not is_wrong_entry(item):
                    entries += self._pictured(procedure)
            try:
                self._write(entries)
            except (Conflict, PreconditionFailed, VersionConflict):
                if attempt == AGAIN - 1:
                    raise
            else:
                return

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.peer.time_zone or self.engine.context.settings.time_zone)

    @property
    def _principal(self) -> Principal:
        return Principal(self.peer.subject, scopes("system/*.cruds"), client=self.peer.subject)

    @property
    def _asking(self) -> Asking:
        return Asking(self.engine, self._principal)

    def _orders(self, scheduled: Scheduled, item: Item) -> list[Resource]:
        """The orders that the worklist has named so, if they are the patient's."""
        asking = self._asking
        found: list[Resource] = []
        by_id = request_id(scheduled.study)
        if by_id is not None:
            found = list(asking.search("ServiceRequest", ("_id", by_id)))
        if not found:
            uid = f"{DICOM_UID}|urn:oid:{literal(scheduled.study)}"
            found = list(asking.search("ServiceRequest", ("identifier", uid)))
        if not found and scheduled.accession:
            system = self.peer.accession_system
            number = literal(scheduled.accession)
            told = f"{literal(system)}|{number}" if system else number
            found = list(asking.search("ServiceRequest", ("identifier", told)))
            found = found if len(found) == 1 else []
        return [order for order in found if self._is_of_patient(order, item)]

    def _is_of_patient(self, order: Resource, item: Item) -> bool:
        """Whether the modality means the order's patient, as far as it says whom it means."""
        number = first(item, "00100020").strip()
        reference = order.get("subject", {}).get("reference")
        patient = self._asking.referred([reference]).get(reference or "")
        if patient is None:
            return False
        known = {str(i.get("value")) for i in patient.get("identifier", ())} | {patient["id"]}
        return not number or number in known

    def _unknown(self, item: Item) -> Resource:
        """A subject that is only named: whom the modality means, nobody here knows."""
        number = first(item, "00100020").strip()
        identifier: Resource = {"value": number or "unknown"}
        if self.peer.patient_system:
            identifier["system"] = self.peer.patient_system
        return {"type": "Patient", "identifier": identifier}

    def _planned(self, procedure: Resource) -> list[Resource]:
        """The Appointments and Tasks that a Procedure is performed for."""
        steps = {i["value"] for i in procedure["identifier"] if i.get("system") == STEP_IDS}
        orders = [b["reference"].partition("/")[2] for b in procedure.get("basedOn", ())]
        if not steps or not orders:
            return []
        return [s for s in open_steps(self._asking, orders) if Step(s, {}).id in steps]

    def _pictured(self, procedure: Resource) -> list[Resource]:
        """The ImagingStudies of its orders that don't name a procedure yet."""
        subject = procedure["subject"].get("reference")
        orders = ",".join(b["reference"] for b in procedure.get("basedOn", ()))
        if not subject or not orders:
            return []
        reference = {"reference": f"Procedure/{procedure['id']}"}
        return [
            _put({**study, "procedureReference": reference}, study["meta"]["versionId"])
            for study in self._asking.search("ImagingStudy", ("basedon", orders))
            if "procedureReference" not in study
            and study.get("subject", {}).get("reference") == subject
        ]

    def _stored(self, uid: str) -> Resource | None:
        request = FhirRequest("read", self._principal, type="Procedure", id=procedure_id(uid))
        try:
            return json.parse_object(self.engine.handle(request).content or b"{}")
        except (NotFound, Gone):
            return None

    def _write(self, entries: Sequence[Resource]) -> None:
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}
        self.engine.handle(FhirRequest("bundle", self._principal, body=bundle))


def _moved(planned: Sequence[Resource], status: str) -> list[Resource]:
    """What was planned, as it goes on."""
    entries = []
    for resource in planned:
        following = _NEXT.get(resource["resourceType"], {}).get(status)
        if following is not None and following != resource["status"]:
            moved: dict[str, Any] = {**resource, "status": following}
            entries.append(_put(moved, resource["meta"]["versionId"]))
    return entries


def _put(resource: Resource, version: str | None = None) -> Resource:
    url = f"{resource['resourceType']}/{resource['id']}"
    request: Resource = {"method": "PUT", "url": url}
    if version is not None:
        request["ifMatch"] = f'W/"{version}"'
    return {"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource, "request": request}
