"""A scheduled procedure step: an Appointment, a Task, or the order itself where it has a time.

| attribute | from |
|---|---|
| Modality | DCM code of the order, the appointment, the station; else OT |
| Scheduled Station AE Title, Name | Device or Location: identifier of AE_TITLES; name |
| Scheduled Procedure Step Start, End | start, end; executionPeriod; occurrence[x] |
| Scheduled Performing Physician's Name | participant or owner who is a practitioner |
| Scheduled Procedure Step Description | description, else what the order asks for |
| Scheduled Protocol Code Sequence | orderDetail |
| Scheduled Procedure Step ID | the id |
| Scheduled Procedure Step Location | Location, else that of the Device |
| Scheduled Procedure Step Status | status |
| Comments on the Scheduled Procedure Step | comment; note |

PS3.3 C.4.10; https://hl7.org/fhir/R4/appointment.html, task.html, servicerequest.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Final

from dicom_gateway.mapping.order_uids import short_id
from dicom_gateway.mapping.written import (
    DCM,
    codes,
    element,
    moment,
    person_name,
    short,
    words,
)
from fhirserver.model.resource import Resource

AE_TITLES: Final = "https://fhirserver.example/NamingSystem/ae-title"
"""The system of the identifier that is a station's AE title, in a Device or a Location."""

STEP_IDS: Final = "https://fhirserver.example/NamingSystem/scheduled-procedure-step"
"""The system of the Scheduled Procedure Step ID that a Procedure was performed for."""

STATUSES: Final[Mapping[str, str]] = {
    "Appointment/booked": "SCHEDULED",
    "Appointment/arrived": "ARRIVED",
    "Appointment/checked-in": "ARRIVED",
    "Task/requested": "SCHEDULED",
    "Task/received": "SCHEDULED",
    "Task/accepted": "SCHEDULED",
    "Task/ready": "READY",
    "Task/in-progress": "STARTED",
    "ServiceRequest/active": "SCHEDULED",
}
"""What is in the worklist, and how; whatever isn't here is not. PS3.3 C.4.10"""

Referred = Mapping[str, Resource]
"""Resources by reference: `Device/ct-1`."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of an order: what schedules it, and who and where is named there.

    `is_started`: somebody has begun to perform it.
    """

    resource: Resource
    referred: Referred
    is_started: bool = False

    @property
    def id(self) -> str:
        """Its Scheduled Procedure Step ID."""
        return short_id(self.resource["id"])

    @property
    def status(self) -> str | None:
        """Its Scheduled Procedure Step Status; None for what isn't to be done (any more)."""
        return STATUSES.get(f"{self.resource['resourceType']}/{self.resource.get('status')}")

    def named(self, kind: str) -> list[Resource]:
        """The resources of a type that take part."""
        found = (self.referred.get(r) for r in references(self.resource))
        return [r for r in found if r is not None and r["resourceType"] == kind]

    @property
    def stations(self) -> list[Resource]:
        """The devices and places where it is done."""
        return [*self.named("Device"), *self.named("Location")]

    @property
    def ae_titles(self) -> list[str]:
        """The AE titles of its stations, each once."""
        titles = [
            str(identifier["value"])
            for station in self.stations
            for identifier in station.get("identifier", ())
            if identifier.get("system") == AE_TITLES and identifier.get("value")
        ]
        return list(dict.fromkeys(titles))


def references(resource: Resource) -> list[str]:
    """Whom a step names: participants, owner, performers, places."""
    told: list[Any] = [p.get("actor") for p in resource.get("participant", ())]
    told += [resource.get("owner"), resource.get("location"), *resource.get("performer", ())]
    told += resource.get("locationReference", ())
    return [str(r["reference"]) for r in told if r and r.get("reference")]


def modality(step: Step, request: Resource) -> str:
    """The modality that is asked for or that the station is; empty where nobody says."""
    told: list[Resource] = [
        *request.get("orderDetail", ()),
        request.get("code", {}),
        *request.get("category", ()),
        *step.resource.get("serviceType", ()),
        *(d.get("type", {}) for d in step.named("Device")),
        *(
            s.get("systemType", {})
            for d in step.named("Device")
            for s in d.get("specialization", ())
        ),
        *(t for place in step.named("Location") for t in place.get("type", ())),
    ]
    return next(_modalities(told), "")


def _modalities(concepts: Iterable[Resource]) -> Iterator[str]:
    return (
        str(coding["code"])
        for concept in concepts
        for coding in concept.get("coding", ())
        if coding.get("system") == DCM and _is_modality(str(coding.get("code", "")))
    )


def _is_modality(code: str) -> bool:
    # The other codes of DCM are numbers.
    return 2 <= len(code) <= 16 and code.isascii() and code.isupper() and code.isalnum()


def step_item(step: Step, request: Resource, zone: tzinfo) -> dict[str, Any]:
    """The item of Scheduled Procedure Step Sequence (0040,0100)."""
    resource = step.resource
    first, last = _times(resource)
    start, end = moment(first, zone), moment(last, zone)
    people = step.named("Practitioner")
    names: Sequence[Resource] = people[0].get("name", ()) if people else ()
    description = resource.get("description") or words(
        next(iter(resource.get("serviceType", ())), None)
    )
    comment = resource.get("comment") or ""
    if resource["resourceType"] != "ServiceRequest":
        comment = comment or "; ".join(n.get("text", "") for n in resource.get("note", ()))
    return {
        "00080060": element("CS", modality(step, request) or "OT"),
        "00321070": {"vr": "LO"},  # Requested Contrast Agent
        "00400001": element("AE", *(t[:16] for t in step.ae_titles)),
        "00400002": element("DA", start[0]),
        "00400003": element("TM", start[1]),
        "00400004": element("DA", end[0]),
        "00400005": element("TM", end[1]),
        "00400006": person_name(names),
        "00400007": short("LO", description or words(request.get("code"))),
        "00400008": codes(request.get("orderDetail", ())),
        "00400009": element("SH", step.id),
        "00400010": short("SH", _station_name(step)),
        "00400011": short("SH", _place_name(step)),
        "00400012": {"vr": "LO"},  # Pre-Medication
        "00400020": element("CS", "STARTED" if step.is_started else step.status),
        "00400400": short("LT", comment),
    }


def _times(resource: Resource) -> tuple[str | None, str | None]:
    period = (
        resource.get("executionPeriod")
        or resource.get("restriction", {}).get("period")
        or resource.get("occurrencePeriod")
        or {}
    )
    start = resource.get("start") or resource.get("occurrenceDateTime") or period.get("start")
    return start, resource.get("end") or period.get("end")


def _station_name(step: Step) -> str:
    for device in step.named("Device"):
        for name in device.get("deviceName", ()):
            return str(name.get("name", ""))
    return ""


def _place_name(step: Step) -> str:
    for place in step.named("Location"):
        return str(place.get("name", ""))
    for device in step.named("Device"):
        reference = device.get("location", {}).get("reference", "")
        return str(step.referred.get(reference, {}).get("name", ""))
    return ""
