"""Whose is this study? A Task for a person, one for each study.

    task_of(question)              # what is asked: who is meant, and why nobody could tell
    answer_of(task)                # the Patient that somebody has said, in Task.output
It is answered by completing it with a Patient, and undone by setting it to `requested` again.
https://hl7.org/fhir/R4/task.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dicom_gateway.mapping.identifiers import id_of, uid_identifier
from fhirserver.model.resource import Resource

KINDS: Final = "https://fhirserver.example/CodeSystem/dicom-question"
ASSIGN: Final = "assign-study"
OPEN: Final = frozenset({"requested", "received", "accepted", "ready", "in-progress", "on-hold"})
TAKEN_OFF: Final = "taken-off"
"""The reason of a question that a person wants to answer: nothing answers it by itself."""
_ANSWERED: Final = "completed"

REASONS: Final[Mapping[str, str]] = {
    "no-id": "the images have no patient id",
    "no-system": "whose number the patient id is isn't known: enter the sender's patient-system",
    "unknown-patient": "nobody is known by this patient id",
    "several-patients": "the ids of the images are of several patients",
    "mixed-patients": "the images of the study name several patients",
    "order-of-another": "the order that the images name is another patient's",
    "family": "the family name differs",
    "given": "the given name differs",
    "birth-date": "the birth date differs",
    "sex": "the sex differs",
    "too-little": "name, birth date and sex are too little to be certain",
    "taken-off": "somebody has taken the study off its patient",
}


@dataclass(frozen=True, slots=True)
class Question:
    """Whose is this study? `study` is its UID, `imaging_study` a reference to its ImagingStudy."""

    study: str
    imaging_study: Resource
    reasons: Sequence[str]
    candidates: Sequence[str] = ()
    said: Resource | None = None
    """A reference to the patient by what the images say."""


def task_id(study: str) -> str:
    """The id of the Task of a study."""
    return id_of("question", study)


def task_of(question: Question) -> Resource:
    """The Task that asks it."""
    inputs = [_input("reason", "valueCode", reason) for reason in question.reasons]
    if question.said is not None:
        inputs.append(_input("said", "valueReference", question.said))
    inputs += [
        _input("candidate", "valueReference", {"reference": f"Patient/{id_}"})
        for id_ in question.candidates
    ]
    told = "; ".join(REASONS.get(reason, reason) for reason in question.reasons)
    return {
        "resourceType": "Task",
        "id": task_id(question.study),
        "identifier": [uid_identifier(question.study)],
        "status": "requested",
        "intent": "order",
        "priority": "urgent",
        "code": {
            "coding": [{"system": KINDS, "code": ASSIGN}],
            "text": "Say whose images they are",
        },
        "description": f"Whose images are these? {told[:1].upper()}{told[1:]}.",
        "focus": question.imaging_study,
        "performerType": [{"text": "Whoever reconciles patients and images"}],
        "input": inputs,
    }


def is_question(task: Resource) -> bool:
    """Whether a Task asks whose a study is."""
    codings = task.get("code", {}).get("coding", ())
    return any(c.get("system") == KINDS and c.get("code") == ASSIGN for c in codings)


def study_of(task: Resource) -> str | None:
    """The UID of the study that a Task is about; None when it isn't the Task of that study."""
    for identifier in task.get("identifier", ()):
        uid = str(identifier.get("value", "")).removeprefix("urn:oid:")
        if identifier == uid_identifier(uid) and task.get("id") == task_id(uid):
            return uid
    return None


def is_open(task: Resource | None) -> bool:
    return task is not None and task.get("status") in OPEN


def is_by_hand(task: Resource | None) -> bool:
    """Whether only a person may answer: somebody has taken the study off a patient."""
    return task is not None and is_open(task) and TAKEN_OFF in reasons_of(task)


def reasons_of(task: Resource) -> list[str]:
    return [str(part.get("valueCode")) for part in task.get("input", ()) if _name(part) == "reason"]


def answer_of(task: Resource | None) -> str | None:
    """The id of the Patient that a Task was answered with."""
    if task is None or task.get("status") != _ANSWERED:
        return None
    for part in task.get("output", ()):
        reference = str(part.get("valueReference", {}).get("reference", ""))
        kind, _, id_ = reference.rpartition("/")
        if kind == "Patient" or kind.endswith("/Patient"):
            return id_ or None
    return None


def answered(task: Resource, patient: str) -> Resource:
    """A Task with its answer, as a client would write it."""
    output = {"type": _type("patient"), "valueReference": {"reference": f"Patient/{patient}"}}
    return {**task, "status": _ANSWERED, "output": [output]}


def settled(task: Resource) -> Resource:
    """A Task that nobody has to answer any more: the study's patient is known."""
    return {**task, "status": "cancelled", "statusReason": {"text": "the patient is known by now"}}


def asked_again(task: Resource, asked: Resource) -> Resource:
    """A Task that is open, or open again: what somebody added to it stays."""
    status = task["status"] if is_open(task) else "requested"
    kept = {k: v for k, v in task.items() if k not in {"output", "statusReason"}}
    renewed: Resource = {k: v for k, v in asked.items() if k in {"description", "focus", "input"}}
    return {**kept, **renewed, "status": status}


def _name(part: Resource) -> str:
    codings = part.get("type", {}).get("coding", ())
    return next((str(c.get("code", "")) for c in codings if c.get("system") == KINDS), "")


def _type(code: str) -> Resource:
    return {"coding": [{"system": KINDS, "code": code}]}


def _input(code: str, kind: str, value: Any) -> Resource:
    return {"type": _type(code), kind: value}
