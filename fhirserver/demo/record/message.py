"""Calls about critical results, tasks on the ward, and where the record came from.

https://hl7.org/fhir/R4/communication.html
https://hl7.org/fhir/R4/task.html
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from fhirserver.demo.fhir import OURS, Resource, hl7, identifier
from fhirserver.demo.moment import HOUR, MINUTE, stamp
from fhirserver.demo.record.chart import Chart, Contact

ALERT: Final = [hl7("communication-category", "alert", "Alert")]
NOTIFICATION: Final = [hl7("communication-category", "notification", "Notification")]
BY_PHONE: Final = [hl7("v3-ParticipationMode", "PHONE", "telephone")]
WRITTEN: Final = [hl7("v3-ParticipationMode", "WRITTEN", "written")]
OPEN_FOR: Final = 10 * HOUR
VOUCHED: Final = frozenset({
    "Patient", "Encounter", "Condition", "DocumentReference", "DiagnosticReport", "Procedure",
    "AllergyIntolerance", "MedicationRequest",
})  # fmt: skip
NURSING: Final = (
    ("turn-patient", "Turn and check pressure areas"), ("fluid-balance", "Close the fluid balance"),
    ("dressing", "Change the dressing"), ("discharge-talk", "Talk with the family about discharge"),
)  # fmt: skip


def critical_result(chart: Chart, contact: Contact, result: Resource) -> list[Resource]:
    """The laboratory calls the doctor; the doctor is to acknowledge."""
    called = datetime.fromisoformat(result["issued"]) + MINUTE * 6
    if called > chart.end:
        return []
    value = result.get("valueQuantity")
    shown = f"{value['value']} {value['unit']}" if value else result["valueCodeableConcept"]["text"]
    text = f"Critical result: {result['code']['text']} {shown}"
    about = chart.ref(result)
    fresh = chart.end - called < OPEN_FOR
    call = chart.head("Communication") | {
        "status": "completed",
        "category": ALERT,
        "priority": "urgent",
        "medium": BY_PHONE,
        "subject": chart.subject,
        "about": [about],
        "encounter": contact.encounter,
        "sent": stamp(called),
        "received": stamp(called + MINUTE),
        "recipient": [contact.doctor],
        "sender": result["performer"][0],
        "payload": [{"contentString": f"{text}. Value read back."}],
    }
    task = _task(
        chart, contact, "acknowledge-critical-result", "Acknowledge critical result", called,
        done=not fresh, owner=contact.doctor, requester=result["performer"][0], focus=about,
    )  # fmt: skip
    return [call, task | {"description": text, "priority": "asap"}]


def nursing_tasks(chart: Chart, contact: Contact, admitted: datetime) -> list[Resource]:
    """What the nurses have done and still have to do during a stay."""
    return [
        _task(
            chart, contact, code, display, max(admitted + HOUR, chart.end - HOUR * back),
            done=bool(contact.stay and contact.stay.discharged) or back > 8,
            owner=contact.nurse, requester=contact.doctor, focus=contact.encounter,
        )
        for (code, display), back in zip(NURSING, (20, 12, 6, 3), strict=True)
        if not (contact.stay and contact.stay.discharged) or code == "discharge-talk"
    ]  # fmt: skip


def _task(chart: Chart, contact: Contact, code: str, display: str, at: datetime, *, done: bool,
          owner: Resource, requester: Resource, focus: Resource) -> Resource:  # fmt: skip
    last = min(at + (MINUTE * 25 if done else timedelta()), chart.end)
    head = chart.head("Task")
    return head | {
        "identifier": [identifier("task", f"T{head['id'][:8].upper()}")],
        "status": "completed" if done else "requested",
        "intent": "order",
        "priority": "routine",
        "code": {"coding": [{"system": OURS + "task", "code": code, "display": display}],
                 "text": display},
        "description": display,
        "focus": focus,
        "for": chart.subject,
        "encounter": contact.encounter,
        "executionPeriod": {"start": stamp(at), "end": stamp(last)} if done
        else {"start": stamp(at)},
        "authoredOn": stamp(at),
        "lastModified": stamp(last),
        "requester": requester,
        "owner": owner,
    }  # fmt: skip


def message(chart: Chart, contact: Contact, at: datetime, text: str) -> Resource:
    """A message from the doctor to the patient."""
    return chart.head("Communication") | {
        "status": "completed",
        "category": NOTIFICATION,
        "priority": "routine",
        "medium": WRITTEN,
        "subject": chart.subject,
        "encounter": contact.encounter,
        "sent": stamp(at),
        "recipient": [chart.subject],
        "sender": contact.doctor,
        "payload": [{"contentString": text}],
    }


def provenance(chart: Chart, resources: Iterable[Resource]) -> Resource:
    """Who vouches for the record."""
    return chart.head("Provenance") | {
        "target": [chart.ref(r) for r in resources if r["resourceType"] in VOUCHED],
        "recorded": stamp(chart.end),
        "activity": hl7("v3-DataOperation", "CREATE", "create"),
        "agent": [
            {
                "type": hl7("provenance-participant-type", "author", "Author"),
                "who": chart.physician,
                "onBehalfOf": chart.house.departments["hospital"],
            },
            {
                "type": hl7("provenance-participant-type", "custodian", "Custodian"),
                "who": chart.house.departments["hospital"],
            },
        ],
    }
