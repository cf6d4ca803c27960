"""Messages to patients about an appointment: each is sent once, and is on record.

A Communication with an identifier is there before anything is sent. Who sends takes it first, so
of two workers one sends; if that one dies, another one does it again after a while, under the same
id, by which the mail server or gateway knows it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from fhirserver import clock
from fhirserver.errors import VersionConflict
from fhirserver.interactions.messages import FhirRequest, etag
from fhirserver.model import json
from fhirserver.model.resource import Resource
from fhirserver.scheduling.appointments import actors, reference_of
from fhirserver.scheduling.hours import zone_of
from fhirserver.scheduling.reminding import Way, Written, place_of, wants_none, ways
from fhirserver.scheduling.slots import digest, taken_by
from fhirserver.scheduling.times import moment, written
from fhirserver.sending import email, sms
from fhirserver.sending.failures import Never, NotNow
from fhirserver.settings import Settings
from fhirserver.workflows.acting import Acting

MESSAGES: Final = "https://fhirserver.example/NamingSystem/appointment-message"
TASKS: Final = "https://fhirserver.example/NamingSystem/appointment-task"
CATEGORIES: Final = "https://fhirserver.example/CodeSystem/communication-category"
TASK_CODES: Final = "https://fhirserver.example/CodeSystem/task-code"
MEDIA: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationMode"
_MEDIUM: Final = {"email": "EMAILWRIT", "sms": "SMSWRIT"}
UNDER_WAY: Final = timedelta(minutes=3)
"""How long somebody who sends is left alone; longer than the time limits of sending."""
AGAIN: Final = timedelta(minutes=5)

Told = Literal["done", "later", "unreachable"]


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be told to a patient about an appointment; `kind` is told once for each start."""

    kind: str
    appointment: Resource
    patient: Resource
    text: Written

    @property
    def identifier(self) -> dict[str, str]:
        # An instant may be written in several ways.
        start = moment(self.appointment["start"]).timestamp()
        value = f"{self.kind}|{self.appointment['id']}|{self.patient['id']}|{start:.0f}"
        return {"system": MESSAGES, "value": value}

    def again(self, now: datetime) -> datetime:
        return now + AGAIN


def tell(acting: Acting, message: Message) -> Told:
    """Send a message, unless it has been sent or isn't wanted.

    `later`: nobody takes it now, or somebody else is sending it. `unreachable`: the patient has no
    address or number, or none that anybody takes.
    """
    if wants_none(message.patient) or _has_died(message.patient):
        return "done"
    zone = ZoneInfo(acting.settings.time_zone)
    open_ways = [
        w for w in ways(message.patient, clock.now(), zone) if _is_set_up(acting.settings, w)
    ]
    found = acting.create_once(_communication(message), message.identifier)
    if found["status"] in {"completed", "not-done"}:
        return "done" if found["status"] == "completed" else "unreachable"
    if found["status"] == "in-progress" and _is_under_way(found):
        return "later"
    try:
        taken = _changed(acting, found, {"status": "in-progress"})
    except VersionConflict:
        return "later"
    for way in open_ways:
        try:
            _send(acting.settings, way, taken["id"], message.text)
        except Never:
            continue
        except NotNow:
            _changed(acting, taken, {"status": "preparation"})
            return "later"
        medium = [{"coding": [{"system": MEDIA, "code": _MEDIUM[way.by]}]}]
        sent = written(clock.now(), zone)
        _changed(acting, taken, {"status": "completed", "medium": medium, "sent": sent})
        return "done"
    _changed(acting, taken, {"status": "not-done"})
    return "unreachable"


def sends(settings: Settings) -> bool:
    """Whether this server can write to anybody."""
    return bool(settings.smtp_host or settings.sms_url)


def patients_of(acting: Acting, appointment: Resource) -> list[Resource]:
    """The patients who take part."""
    return _named(acting, (a for a in actors(appointment) if a.startswith("Patient/")))


def was_booked_here(acting: Acting, appointment: Resource) -> bool:
    """Whether an appointment has a slot by the operations, not from another system."""
    mine = digest(appointment["id"])
    slots = _named(acting, (reference_of(s) for s in appointment.get("slot", ())))
    return any(mine in taken_by(s) for s in slots if s["resourceType"] == "Slot")


def place_and_zone(acting: Acting, appointment: Resource) -> tuple[str, tzinfo]:
    """Where an appointment is, and the zone there; where it is nowhere, the patient's zone."""
    places = _named(acting, (a for a in actors(appointment) if a.startswith("Location/")))
    others = places or patients_of(acting, appointment)
    return place_of(places), zone_of(others, ZoneInfo(acting.settings.time_zone))


def ask_reception(acting: Acting, appointment: Resource, code: str, text: str) -> None:
    """A Task for the reception, once for each time of the appointment."""
    patient = next((a for a in actors(appointment) if a.startswith("Patient/")), None)
    owner = acting.settings.reception
    now = written(clock.now(), ZoneInfo(acting.settings.time_zone))
    task: Resource = {
        "resourceType": "Task",
        "status": "requested",
        "intent": "order",
        "code": {"coding": [{"system": TASK_CODES, "code": code}], "text": text},
        "focus": {"reference": f"Appointment/{appointment['id']}"},
        **({"for": {"reference": patient}} if patient else {}),
        "authoredOn": now,
        "lastModified": now,
        **({"owner": {"reference": owner}} if owner else {}),
    }
    start = moment(appointment["start"]).timestamp()
    value = f"{code}|{appointment['id']}|{start:.0f}"
    acting.create_once(task, {"system": TASKS, "value": value})


def _named(acting: Acting, references: Iterable[str]) -> list[Resource]:
    found = (acting.read(*r.split("/", 1)) for r in references if r.count("/") == 1)
    return [r for r in found if r is not None]


def _has_died(patient: Resource) -> bool:
    return "deceasedDateTime" in patient or patient.get("deceasedBoolean") is True


def _communication(message: Message) -> Resource:
    who = {"reference": f"Patient/{message.patient['id']}"}
    labels = message.appointment.get("meta", {}).get("security")
    return {
        "resourceType": "Communication",
        **({"meta": {"security": labels}} if labels else {}),
        "status": "preparation",
        "category": [{"coding": [{"system": CATEGORIES, "code": message.kind.partition(":")[0]}]}],
        "subject": who,
        "about": [{"reference": f"Appointment/{message.appointment['id']}"}],
        "recipient": [who],
        "payload": [{"contentString": message.text.text}],
    }


def _is_set_up(settings: Settings, way: Way) -> bool:
    return bool(settings.smtp_host if way.by == "email" else settings.sms_url)


def _is_under_way(communication: Resource) -> bool:
    return moment(communication["meta"]["lastUpdated"]) > clock.now() - UNDER_WAY


def _send(settings: Settings, way: Way, id_: str, text: Written) -> None:
    if way.by == "email":
        email.send(settings, email.Email(id_, way.to, text.subject, text.text))
    else:
        sms.send(settings, sms.SMS(id_, way.to, text.text))


def _changed(acting: Acting, communication: Resource, elements: dict[str, Any]) -> Resource:
    request = FhirRequest(
        "update",
        acting.principal,
        type="Communication",
        id=communication["id"],
        body={**communication, **elements},
        if_match=etag(int(communication["meta"]["versionId"])),
        prefer_return="representation",
    )
    return json.parse_object(acting.handle(request).content or b"{}")
