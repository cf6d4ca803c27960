"""Workitems of the worklist service (Unified Procedure Step) as Tasks, and back.

A Task holds the whole workitem as JSON and says of it what FHIR has words for; its status is the
procedure step's state, so what becomes of the Task becomes of the workitem.
PS3.4 annex CC; PS3.18 section 11; https://hl7.org/fhir/R4/task.html
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final

from dicom_gateway.mapping.attributes import items, text
from dicom_gateway.mapping.identifiers import id_of, uid_identifier
from fhirserver.model import json
from fhirserver.model.resource import Resource

Workitem = Mapping[str, Any]

KINDS: Final = "https://fhirserver.example/CodeSystem/dicom-workitem"
SOP_CLASS: Final = "1.2.840.10008.5.1.4.34.6.1"
STATE: Final = "00741000"
TRANSACTION: Final = "00081195"
CANCELLATION: Final = "00741238"
"""Reason For Cancellation."""
MOST_BYTES: Final = 500_000
"""Of a workitem as JSON: a string of FHIR has a million characters at most."""

SCHEDULED: Final = "SCHEDULED"
IN_PROGRESS: Final = "IN PROGRESS"
COMPLETED: Final = "COMPLETED"
CANCELED: Final = "CANCELED"

_STATUS: Final[Mapping[str, str]] = {
    SCHEDULED: "requested",
    IN_PROGRESS: "in-progress",
    COMPLETED: "completed",
    CANCELED: "cancelled",
}
_STATES: Final[Mapping[str, str]] = {
    **{status: state for state, status in _STATUS.items()},
    "received": SCHEDULED,
    "accepted": SCHEDULED,
    "ready": SCHEDULED,
    "draft": SCHEDULED,
    "on-hold": IN_PROGRESS,
    "rejected": CANCELED,
    "failed": CANCELED,
    "entered-in-error": CANCELED,
}
_PRIORITY: Final[Mapping[str, str]] = {"HIGH": "urgent", "MEDIUM": "routine", "LOW": "routine"}
_NEEDED: Final[Mapping[str, str]] = {
    "00404005": "ScheduledProcedureStepStartDateTime",
    "00404041": "InputReadinessState",
    "00741200": "ScheduledProcedureStepPriority",
    "00741204": "ProcedureStepLabel",
}
"""What a new workitem has to have (PS3.4 table CC.2.5-3), beside what has a usual value."""
_PERFORMED: Final = "00741216"
_NEEDED_AT_END: Final[Mapping[str, str]] = {
    "00404018": "PerformedWorkitemCodeSequence",
    "00404028": "PerformedStationNameCodeSequence",
    "00404050": "PerformedProcedureStepStartDateTime",
    "00404051": "PerformedProcedureStepEndDateTime",
}
"""What the performed procedure has to have when it is completed (the final states of CC.2.5-3)."""
_FIXED: Final[Mapping[str, str]] = {
    "00080016": "SOPClassUID",
    "00080018": "SOPInstanceUID",
    "00100010": "PatientName",
    "00100020": "PatientID",
    "00100021": "IssuerOfPatientID",
    "00100030": "PatientBirthDate",
    "00100040": "PatientSex",
    "0020000D": "StudyInstanceUID",
    "0040A370": "ReferencedRequestSequence",
    STATE: "ProcedureStepState",
}
"""What isn't changed once it is there (the column N-SET of CC.2.5-3)."""
_TAG: Final = re.compile(r"[0-9A-F]{8}")
_REPRESENTATION: Final = re.compile(r"[A-Z]{2}")
_MOST_DEEP: Final = 16


class Wrong(Exception):
    """The workitem breaks a rule; the text says which, without patient data."""


def checked(model: Any) -> Workitem:
    """A dataset in the DICOM JSON model. Raises Wrong."""
    _check(model, 0)
    found: Workitem = {tag: e for tag, e in model.items() if not tag.startswith("0002")}
    if len(json.dump(dict(found))) > MOST_BYTES:
        raise Wrong(f"a workitem has at most {MOST_BYTES:,} bytes")
    return found


def _check(model: Any, depth: int) -> None:
    if not isinstance(model, dict) or depth > _MOST_DEEP:
        raise Wrong("a dataset is an object of the DICOM JSON model")
    for tag, element in model.items():
        if not (_TAG.fullmatch(tag) and isinstance(element, dict)):
            raise Wrong("an attribute is named by its tag of 8 digits, and is an object")
        representation = element.get("vr")
        if not (isinstance(representation, str) and _REPRESENTATION.fullmatch(representation)):
            raise Wrong(f"{tag} has no value representation")
        values = element.get("Value", [])
        if not isinstance(values, list):
            raise Wrong(f"{tag}: Value is an array")
        if representation == "SQ":
            for item in values:
                _check(item, depth + 1)


def new(uid: str, model: Workitem, now: str) -> Workitem:
    """A workitem to begin with. `now` is a DT. Raises Wrong."""
    told = text(model, "00080018")
    if told not in {"", uid}:
        raise Wrong("the SOP Instance UID isn't that of the address")
    if text(model, STATE) != SCHEDULED:
        raise Wrong(f"the Procedure Step State of a new workitem is {SCHEDULED}")
    if text(model, TRANSACTION):
        raise Wrong("a new workitem has no Transaction UID")
    for tag, name in _NEEDED.items():
        if not text(model, tag):
            raise Wrong(f"{name} ({tag}) is missing")
    _check_priority(model)
    made = {
        "00741202": {"vr": "LO", "Value": ["Worklist"]},
        **{tag: e for tag, e in model.items() if tag != TRANSACTION},
        "00080016": {"vr": "UI", "Value": [SOP_CLASS]},
        "00080018": {"vr": "UI", "Value": [uid]},
    }
    return _dated(made, now)


def updated(stored: Workitem, changes: Workitem, now: str) -> Workitem:
    """A workitem with other values of some attributes. Raises Wrong."""
    for tag, name in _FIXED.items():
        if tag in changes and changes[tag].get("Value") != stored.get(tag, {}).get("Value"):
            raise Wrong(f"{name} ({tag}) can't be changed")
    for tag, name in _NEEDED.items():
        if tag in changes and not text(changes, tag):
            raise Wrong(f"{name} ({tag}) can't be empty")
    _check_priority({**stored, **changes})
    rest = {tag: e for tag, e in changes.items() if tag != TRANSACTION}
    return _dated({**stored, **rest}, now)


def check_complete(model: Workitem) -> None:
    """Raise Wrong unless a workitem says what completing it needs."""
    performed = next(iter(items(model, _PERFORMED)), None)
    if performed is None:
        raise Wrong(f"there is no UnifiedProcedureStepPerformedProcedureSequence ({_PERFORMED})")
    for tag, name in _NEEDED_AT_END.items():
        if not (text(performed, tag) or items(performed, tag)):
            raise Wrong(f"of what was performed {name} ({tag}) is missing")


def _check_priority(model: Workitem) -> None:
    if text(model, "00741200") not in _PRIORITY:
        raise Wrong("ScheduledProcedureStepPriority (00741200) is HIGH, MEDIUM or LOW")


def _dated(model: Workitem, now: str) -> Workitem:
    return {**model, "00404010": {"vr": "DT", "Value": [now]}}


def task_id(uid: str) -> str:
    """The id of the Task of a workitem."""
    return id_of("workitem", uid)


def task_of(
    uid: str, model: Workitem, state: str, subject: Resource, started: str | None
) -> Resource:
    """The Task of a workitem. `started` is its scheduled start as a dateTime."""
    kept = {tag: e for tag, e in model.items() if tag not in {STATE, TRANSACTION}}
    made: Resource = {
        "resourceType": "Task",
        "id": task_id(uid),
        "identifier": [uid_identifier(uid)],
        "status": _STATUS[state],
        "intent": "order",
        "priority": _PRIORITY.get(text(model, "00741200"), "routine"),
        "code": {"coding": [{"system": KINDS, "code": "workitem"}], "text": "DICOM workitem"},
        "description": text(model, "00741204"),
        "for": subject,
        "input": [_input("dataset", json.dump(kept).decode())],
    }
    if started is not None:
        made["executionPeriod"] = {"start": started}
    return made


def changed(task: Resource, model: Workitem, state: str, key: str | None = None) -> Resource:
    """The Task of a workitem that has changed; `key` is that of who claims it."""
    kept = {tag: e for tag, e in model.items() if tag not in {STATE, TRANSACTION}}
    inputs = [i for i in task.get("input", ()) if _name(i) not in {"dataset", "claim"}]
    inputs.append(_input("dataset", json.dump(kept).decode()))
    held = key or claim_of(task)
    if held is not None:
        inputs.append(_input("claim", held))
    made = {
        **task,
        "status": task["status"] if state == state_of(task) else _STATUS[state],
        "priority": _PRIORITY.get(text(model, "00741200"), "routine"),
        "description": text(model, "00741204"),
        "input": inputs,
    }
    reason = text(model, CANCELLATION)
    if state == CANCELED and reason:
        made["statusReason"] = {"text": reason}
    return made


def is_workitem(task: Resource) -> bool:
    """Whether a Task is the one of a workitem."""
    return any(
        c.get("system") == KINDS and c.get("code") == "workitem"
        for c in task.get("code", {}).get("coding", ())
    )


def workitem_of(task: Resource) -> Workitem:
    """The workitem of a Task, with the state that the Task has, and without a Transaction UID."""
    told = next((i["valueString"] for i in task.get("input", ()) if _name(i) == "dataset"), "{}")
    model = json.parse_object(str(told).encode())
    made = {**model, STATE: {"vr": "CS", "Value": [state_of(task)]}}
    return dict(sorted(made.items()))


def state_of(task: Resource) -> str:
    """The Procedure Step State of a Task."""
    return _STATES.get(str(task.get("status")), SCHEDULED)


def key_of(transaction: str) -> str:
    """What is kept of a Transaction UID: who reads the Task can't act with it."""
    return hashlib.sha256(transaction.encode()).hexdigest()


def claim_of(task: Resource) -> str | None:
    """The key of who has claimed a workitem."""
    return next((i["valueString"] for i in task.get("input", ()) if _name(i) == "claim"), None)


def statuses_of(states: list[str]) -> list[str]:
    """The statuses of Tasks that are in one of some states."""
    return [status for status, state in _STATES.items() if state in states]


def _name(part: Resource) -> str:
    codings = part.get("type", {}).get("coding", ())
    return next((str(c.get("code", "")) for c in codings if c.get("system") == KINDS), "")


def _input(code: str, value: str) -> Resource:
    return {"type": {"coding": [{"system": KINDS, "code": code}]}, "valueString": value}
