"""What people see of a hit: an issue or a flag, a task to answer it, and a message.

The task is what somebody takes on (`accepted`, `in-progress`); the message says who was told when,
and `received` that it was read. All carry identifiers that follow from rule, finding and version,
so that what is made twice is there once.

https://hl7.org/fhir/R4/detectedissue.html, https://hl7.org/fhir/R4/flag.html
https://hl7.org/fhir/R4/task.html, https://hl7.org/fhir/R4/communication.html
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from fhirserver.alerting.hits import Hit
from fhirserver.alerting.plans import OURS
from fhirserver.model.resource import Resource

SYSTEM: Final = f"{OURS}/alert"
"""The system of the identifiers of alerts."""
KINDS: Final = f"{OURS}/CodeSystem/alert"
TASKS: Final = f"{OURS}/CodeSystem/task-code"
ANSWER: Final = "acknowledge-alert"
AGAIN: Final = "~"
"""What comes after the time of a flag that was taken back and is raised again."""
OPEN: Final = frozenset({"draft", "requested", "received", "ready"})
"""A Task that nobody has taken on."""
ESCALATES: Final = OPEN | {"rejected"}
STEP: Final = "escalation-step"
NEXT: Final = "escalation-next"
CLOSED: Final = "A finding about this patient calls for somebody: it is in what this is about"
"""What is said of a finding that not everybody may see who is told that there is one."""
UNANSWERED: Final = "unanswered"
_SEVERITY: Final = {"stat": "high", "asap": "high", "urgent": "moderate", "routine": "low"}
_OVER: Final = frozenset({"cancelled", "entered-in-error"})


@dataclass(frozen=True, slots=True)
class About:
    """Whom and what an alert is about, as references; `key` names the finding: `Observation/1`.

    `labels` are the security labels of what it was found in.
    """

    key: str
    patient: str
    evidence: tuple[str, ...]
    encounter: str | None = None
    orders: tuple[str, ...] = ()
    labels: tuple[Resource, ...] = ()


def key_of(hit: Hit, about: About) -> str:
    """What an alert is known by: its rule and what it is about."""
    return f"{hit.rule.name}/{about.key}"


def unnamed(key: str) -> str:
    """A key that doesn't say by which rule something was found."""
    return sha256(key.encode()).hexdigest()[:32]


def identifier(key: str) -> Resource:
    """An identifier of an alert's resource."""
    return {"system": SYSTEM, "value": key}


def key_in(resource: Resource) -> str | None:
    """The alert that a resource belongs to."""
    return next(
        (i["value"] for i in resource.get("identifier", ()) if i.get("system") == SYSTEM), None
    )


def is_standing(holder: Resource) -> bool:
    """Whether an issue or a flag still says what it said."""
    return holder.get("status") not in _OVER | {"inactive"}


def issue(hit: Hit, about: About, now: str) -> Resource:
    """A finding about a result or a medicine."""
    evidence = tuple(dict.fromkeys((*about.evidence, *hit.evidence)))
    return {
        "resourceType": "DetectedIssue",
        **_labelled(about),
        "identifier": [identifier(key_of(hit, about))],
        "status": "final",
        "code": _code(hit),
        "severity": _SEVERITY[hit.rule.priority],
        "patient": _to(about.patient),
        "identifiedDateTime": now,
        "implicated": [_to(r) for r in evidence],
        "detail": hit.text,
    }


def flag(hit: Hit, about: About, now: str) -> Resource:
    """A state of the patient that everybody at the bed should know."""
    found: Resource = {
        "resourceType": "Flag",
        **_labelled(about),
        "identifier": [identifier(f"{hit.rule.plan}/{about.key}@{now}")],
        "status": "active",
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/flag-category",
                        "code": "clinical",
                    }
                ]
            }
        ],
        "code": {**_code(hit), "text": f"{hit.rule.title}: {hit.text}"},
        "subject": _to(about.patient),
        "period": {"start": now.partition(AGAIN)[0]},
    }
    return found | ({"encounter": _to(about.encounter)} if about.encounter else {})


def task(
    hit: Hit,
    about: About,
    key: str,
    holder: str,
    owner: str | None,
    now: str,
    *,
    until: str,
    then: str | None = None,
    is_open: bool = True,
) -> Resource:
    """What the responsible person is asked: to take the finding on.

    It is passed on `until` nobody has, and `then` is who is next, as far as that is known.

    One that isn't `open` doesn't say what was found: it is in the issue, for those who may see it.
    """
    found: Resource = {
        "resourceType": "Task",
        "identifier": [identifier(key)],
        "status": "requested",
        "intent": "order",
        "priority": hit.rule.priority,
        "code": {"coding": [{"system": TASKS, "code": ANSWER}], "text": "Acknowledge an alert"},
        "description": f"{hit.text}. {hit.rule.text}" if is_open else CLOSED,
        "focus": _to(holder),
        "for": _to(about.patient),
        "authoredOn": now,
        "lastModified": now,
        "reasonCode": _code(hit) if is_open else {"coding": [_kind(hit)]},
        **_clock([_step(0)], until, then),
    }
    return found | _known(
        encounter=_to(about.encounter) if about.encounter else None,
        owner=_to(owner) if owner else None,
        basedOn=[_to(o) for o in about.orders],
    )


def message(
    text: str,
    patient: str,
    evidence: Iterable[str],
    key: str,
    part_of: str,
    recipient: str | None,
    priority: str,
    now: str,
    *,
    encounter: str | None = None,
) -> Resource:
    """A message to one person; `received` is theirs to set."""
    found: Resource = {
        "resourceType": "Communication",
        "identifier": [identifier(key)],
        "partOf": [_to(part_of)],
        "status": "in-progress",
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/communication-category",
                        "code": "alert",
                    }
                ]
            }
        ],
        "priority": priority,
        "subject": _to(patient),
        "about": [_to(r) for r in evidence],
        "sent": now,
        "payload": [{"contentString": text}],
    }
    return found | _known(
        encounter=_to(encounter) if encounter else None,
        recipient=[_to(recipient)] if recipient else [],
    )


def step_of(asked: Resource) -> int:
    """How often a task has been passed on."""
    return next((i["valueInteger"] for i in asked.get("input", ()) if _is(i, STEP)), 0)


def passed_on(
    asked: Resource, step: int, owner: str, now: str, *, until: str, then: str | None = None
) -> Resource:
    """A task in the hands of the next, until it goes to whoever is next `then`."""
    others = [i for i in asked.get("input", ()) if not _is(i, STEP, NEXT)]
    return {
        **asked,
        "status": "requested",
        "owner": _to(owner),
        "lastModified": now,
        **_clock([*others, _step(step)], until, then),
    }


def unanswered(asked: Resource, now: str) -> Resource:
    """A task that everybody has been asked and nobody has taken on."""
    return {
        **{k: v for k, v in asked.items() if k != "restriction"},
        "lastModified": now,
        "input": [i for i in asked.get("input", ()) if not _is(i, NEXT)],
        "businessStatus": {
            "coding": [{"system": KINDS, "code": UNANSWERED}],
            "text": "Everybody responsible was told, and nobody has answered",
        },
    }


def is_unanswered(asked: Resource) -> bool:
    """Whether a task was given up so; a business status that people set says something else."""
    codings = asked.get("businessStatus", {}).get("coding", ())
    return any(c.get("system") == KINDS and c.get("code") == UNANSWERED for c in codings)


def cancelled(asked: Resource, why: str, now: str) -> Resource:
    """A task that nobody needs to answer any more."""
    return {**asked, "status": "cancelled", "statusReason": {"text": why}, "lastModified": now}


def withdrawn(holder: Resource, *, is_error: bool, now: str) -> Resource:
    """An issue or a flag that holds no longer."""
    if holder["resourceType"] == "Flag":
        period = {**holder.get("period", {}), "end": now}
        return {**holder, "status": "entered-in-error" if is_error else "inactive",
                "period": period}  # fmt: skip
    return {**holder, "status": "entered-in-error" if is_error else "cancelled"}


def _labelled(about: About) -> Resource:
    """What a finding rests on may be for few: then so is the finding."""
    return {"meta": {"security": [*about.labels]}} if about.labels else {}


def _kind(hit: Hit) -> Resource:
    return {"system": KINDS, "code": hit.rule.plan}


def _code(hit: Hit) -> Resource:
    rule = {"system": KINDS + "-rule", "code": hit.rule.name}
    return {"coding": [_kind(hit), rule], "text": hit.rule.title}


def rule_in(holder: Resource) -> str | None:
    """The rule that an issue or a flag comes from, with its plan: `early-warning.high`."""
    codings = holder.get("code", {}).get("coding", ())
    return next((c["code"] for c in codings if c.get("system") == KINDS + "-rule"), None)


def _step(step: int) -> Resource:
    return {"type": {"coding": [{"system": KINDS, "code": STEP}]}, "valueInteger": step}


def _clock(inputs: list[Resource], until: str, then: str | None) -> Resource:
    """Until when an answer is sought, and who is asked then."""
    if then is not None:
        coding = {"system": KINDS, "code": NEXT}
        inputs = [*inputs, {"type": {"coding": [coding]}, "valueReference": _to(then)}]
    return {"input": inputs, "restriction": {"period": {"end": until}}}


def _is(one: Resource, *codes: str) -> bool:
    return any(c.get("code") in codes for c in one.get("type", {}).get("coding", ()))


def _to(reference: str) -> Resource:
    return {"reference": reference}


def _known(**elements: Any) -> Resource:
    return {name: value for name, value in elements.items() if value}
