"""A code that nobody knows as a question to the integrator: a Task, one for each sender and code.

    question = Question("lab", "AdministrativeSex", "W", ...)
    task_of(question)                  # what is asked, with the codes that FHIR allows there
    answer_of(task)                    # what the integrator has said: the coding in Task.output
https://hl7.org/fhir/R4/task.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from fhirserver.model.resource import Resource

KINDS: Final = "https://fhirserver.example/CodeSystem/hl7v2-question"
TRANSLATE: Final = "translate-code"
MOST_ALLOWED: Final = 200
"""Of a longer list the Task names none: a language has no list to choose from."""
_ANSWERED: Final = "completed"
OPEN: Final = "requested,received,accepted,ready,in-progress,on-hold"
CLOSED: Final = frozenset({"rejected", "cancelled", "failed", "entered-in-error", _ANSWERED})


@dataclass(frozen=True, slots=True)
class Question:
    """A code of a sender that no table translates. `allowed` are the codes that FHIR has there."""

    sender: str
    vocabulary: str
    code: str
    text: str = ""
    position: str = ""
    allowed: Mapping[str, str] | None = None

    @property
    def id(self) -> str:
        """The id of its Task: the same for every message that asks it."""
        asked = "|".join(p.replace("|", "||") for p in (self.sender, self.vocabulary, self.code))
        return str(uuid5(NAMESPACE_URL, f"{KINDS}|{asked}"))


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question was answered with."""

    question: Question
    system: str
    code: str
    display: str = ""


def task_of(question: Question) -> Resource:
    """The Task that asks it."""
    inputs = [
        _input("sender", "valueString", question.sender),
        _input("vocabulary", "valueString", question.vocabulary),
        _input("code", "valueString", question.code),
    ]
    if question.text:
        inputs.append(_input("text", "valueString", question.text))
    if question.position:
        inputs.append(_input("position", "valueString", question.position))
    if question.allowed and len(question.allowed) <= MOST_ALLOWED:
        inputs += [
            _input("allowed", "valueCoding", {"system": system, "code": code})
            for code, system in question.allowed.items()
        ]
    return {
        "resourceType": "Task",
        "id": question.id,
        "status": "requested",
        "intent": "order",
        "code": {
            "coding": [{"system": KINDS, "code": TRANSLATE}],
            "text": "Say what a code of a sender means",
        },
        "description": f"{question.vocabulary}: what does the code of {question.sender} mean?",
        "performerType": [{"text": "Integrator"}],
        "input": inputs,
    }


def is_question(task: Resource) -> bool:
    """Whether a Task asks for a code."""
    codings = task.get("code", {}).get("coding", ())
    return any(c.get("system") == KINDS and c.get("code") == TRANSLATE for c in codings)


def question_of(task: Resource) -> Question | None:
    """What a Task asks; None when it doesn't say that."""
    said = {name: values[0] for name, values in _said(task, "input").items()}
    if not all(isinstance(said.get(n), str) for n in ("sender", "vocabulary", "code")):
        return None
    allowed = {
        c["code"]: c.get("system", "")
        for c in _said(task, "input").get("allowed", ())
        if isinstance(c, dict) and "code" in c
    }
    return Question(
        said["sender"],
        said["vocabulary"],
        said["code"],
        str(said.get("text", "")),
        str(said.get("position", "")),
        allowed or None,
    )


def answer_of(task: Resource) -> Answer | None:
    """What a Task was answered with; None while it isn't, or when nobody can use what it says."""
    question = question_of(task)
    if question is None or task.get("status") != _ANSWERED or task.get("id") != question.id:
        return None
    for output in task.get("output", ()):
        coding = output.get("valueCoding")
        if coding is None:
            coding = next(iter(output.get("valueCodeableConcept", {}).get("coding", ())), None)
        if coding and coding.get("code"):
            found = Answer(
                question, coding.get("system", ""), coding["code"], coding.get("display", "")
            )
            return found if problem_of(found) is None else None
    return None


def problem_of(answer: Answer) -> str | None:
    """Why an answer can't be used."""
    allowed = answer.question.allowed
    if allowed is not None and answer.code not in allowed:
        return f"FHIR allows only {', '.join(sorted(allowed))} there"
    if allowed is None and not answer.system:
        return "a code needs the system that it is from"
    return None


def answered(task: Resource, answer: Answer) -> Resource:
    """A Task with its answer."""
    allowed = answer.question.allowed or {}
    coding = {
        "system": answer.system or allowed.get(answer.code, ""),
        "code": answer.code,
        "display": answer.display,
    }
    output = {
        "type": _type("answer"),
        "valueCoding": {name: value for name, value in coding.items() if value},
    }
    return {**task, "status": _ANSWERED, "output": [output]}


def seen(task: Resource, count: int, newest: int | None, positions: Sequence[str]) -> Resource:
    """A Task that says how often and where its code was met."""
    kept = [i for i in task.get("input", ()) if _name(i) not in {"count", "message", "position"}]
    kept += [_input("position", "valueString", p) for p in positions[:20]]
    kept.append(_input("count", "valueInteger", count))
    if newest is not None:
        kept.append(_input("message", "valueString", str(newest)))
    return {**task, "input": kept}


def _said(task: Resource, member: str) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for part in task.get(member, ()):
        value = next((v for k, v in part.items() if k.startswith("value")), None)
        if value is not None:
            found.setdefault(_name(part), []).append(value)
    return found


def _name(part: Resource) -> str:
    codings = part.get("type", {}).get("coding", ())
    return next((str(c.get("code", "")) for c in codings if c.get("system") == KINDS), "")


def _type(code: str) -> Resource:
    return {"coding": [{"system": KINDS, "code": code}]}


def _input(code: str, kind: str, value: Any) -> Resource:
    return {"type": _type(code), kind: value}
