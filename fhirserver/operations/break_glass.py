"""`Patient/ID/$break-glass`: in an emergency a clinician sees the whole record, for an hour.

It asks for a reason and for a sign-in of a moment ago. The patient and the privacy officer are
told, a Task asks for its review, and every request of that time is on record with its purpose. What
is labelled V stays with those whom a consent names.

https://hl7.org/fhir/R4/security-labels.html#break-the-glass
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from fhirserver import clock, ids
from fhirserver.access.compile import BREAK_GLASS, Granted
from fhirserver.access.principal import User
from fhirserver.errors import Forbidden, Invalid, NotFound
from fhirserver.interactions.commit import commit
from fhirserver.interactions.context import Context
from fhirserver.interactions.intents import Intent
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.answers import answered
from fhirserver.interactions.operation import OURS, Call, Parameter, operation
from fhirserver.model.parameters import parameters, value
from fhirserver.model.resource import Resource
from fhirserver.search.hashing import reference_self
from fhirserver.storage.content import instant
from fhirserver.storage.emergencies import open_emergency
from fhirserver.storage.guard import WHOLE
from fhirserver.storage.holding import held
from fhirserver.storage.sessions import authenticated_at

PURPOSES: Final = {
    "BTG": "break the glass",
    "ETREAT": "emergency treatment",
}
"""https://terminology.hl7.org/CodeSystem-v3-ActReason.html"""
_REASON_SYSTEM: Final = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
TASK_CODES: Final = "https://fhirserver.example/CodeSystem/task-code"
REVIEW: Final = "break-glass-review"
TASK_INPUTS: Final = "https://fhirserver.example/CodeSystem/task-input"
"""What `emergency-access` among the inputs of the review's Task says: when the record was open."""
CATEGORIES: Final = "https://fhirserver.example/CodeSystem/communication-category"
EMERGENCY: Final = "emergency-access"
LEAST_REASON: Final = 10
LONGEST_REASON: Final = 1_000


@operation(
    "break-glass",
    definition=f"{OURS}/Patient-break-glass",
    levels=["instance"],
    types=["Patient"],
    parameters=[
        Parameter("purpose", "code", min=1),
        Parameter("reason", "string", min=1),
        Parameter("reasonCode", "CodeableConcept"),
    ],
    affects_state=True,
)
def break_glass(ctx: Context, call: Call) -> FhirResponse:
    assert call.id is not None
    user, actor = _clinician(ctx)
    purpose, reason = _why(call)
    _refuse_old_sign_in(ctx, call)
    own = replace(ctx, store=replace(ctx.store, guard=WHOLE))
    there = held(own.store, "Patient", call.id)
    if there is None or there.version.is_deleted:
        raise NotFound(f"Patient/{call.id} doesn't exist")
    minutes = ctx.settings.break_glass_minutes
    now = clock.now()
    ends = instant(now + timedelta(minutes=minutes))
    opened = {"start": instant(now), "end": ends}
    task = _task(call, user, purpose, reason, ctx.settings.privacy_officer, opened)
    notice = _notice(call.id, user, purpose, ctx.settings.privacy_officer, minutes, instant(now))
    intents = [Intent("create", r["resourceType"], id=r["id"], resource=r) for r in (task, notice)]
    commit(
        own,
        intents,
        then=lambda: open_emergency(
            ctx.store.database,
            patient=reference_self("Patient", call.id or ""),
            actor=actor,
            minutes=minutes,
            purpose=purpose,
            user=user.id,
            task=task["id"],
        ),
    )
    review = {"reference": f"Task/{task['id']}"}
    return answered(
        parameters([value("expires", "instant", ends), value("review", "Reference", review)])
    )


def _clinician(ctx: Context) -> tuple[User, int]:
    """The user, and the digest of who they are here."""
    guard = ctx.store.guard
    if not isinstance(guard, Granted) or guard.caller.user is None:
        raise Forbidden("$break-glass is for people who have signed in")
    if BREAK_GLASS not in guard.powers or not guard.caller.actor.persons:
        raise Forbidden("$break-glass is for clinicians: no access policy of yours allows it")
    return guard.caller.user, guard.caller.actor.persons[0]


def _why(call: Call) -> tuple[str, str]:
    purpose = call.inputs.text("purpose") or ""
    if purpose not in PURPOSES:
        raise Invalid(
            "the purpose is BTG (break the glass) or ETREAT (emergency treatment)",
            expression=call.inputs.place("purpose"),
        )
    reason = (call.inputs.text("reason") or "").strip()
    if not LEAST_REASON <= len(reason) <= LONGEST_REASON:
        raise Invalid(
            f"a reason in {LEAST_REASON} to {LONGEST_REASON} characters is needed",
            expression=call.inputs.place("reason"),
        )
    return purpose, reason


def _refuse_old_sign_in(ctx: Context, call: Call) -> None:
    minutes = ctx.settings.reauthentication_minutes
    session = call.principal.session
    when = None if session is None else authenticated_at(ctx.store.database, session)
    if when is None or when < clock.now() - timedelta(minutes=minutes):
        raise Forbidden(
            f"$break-glass takes a sign-in of the last {minutes} minutes: sign in again",
            headers={
                "WWW-Authenticate": 'Bearer error="insufficient_user_authentication", '
                f"max_age={minutes * 60}"
            },
        )


def _task(
    call: Call,
    user: User,
    purpose: str,
    reason: str,
    officer: str | None,
    opened: Resource,
) -> Resource:
    concept: Any = call.inputs.one("reasonCode")
    return {
        "resourceType": "Task",
        "id": ids.new(),
        "status": "requested",
        "intent": "order",
        "priority": "urgent",
        "code": {"coding": [{"system": TASK_CODES, "code": REVIEW}], "text": "Review of an "
                 "access in an emergency"},
        "description": reason,
        "for": {"reference": f"Patient/{call.id}"},
        "authoredOn": opened["start"],
        "lastModified": opened["start"],
        **({"requester": {"reference": user.fhir_user}} if user.fhir_user else {}),
        **({"owner": {"reference": officer}} if officer else {}),
        "reasonCode": {
            **(concept or {}),
            "coding": [
                {"system": _REASON_SYSTEM, "code": purpose, "display": PURPOSES[purpose]},
                *(concept or {}).get("coding", ()),
            ],
        },
        "input": [
            {
                "type": {"coding": [{"system": TASK_INPUTS, "code": "emergency-access"}]},
                "valuePeriod": opened,
            }
        ],
    }  # fmt: skip


def _notice(
    patient: str, user: User, purpose: str, officer: str | None, minutes: int, now: str
) -> Resource:
    who = {"reference": f"Patient/{patient}"}
    text = (
        f"{user.name} opened this record in an emergency ({PURPOSES[purpose]}) for {minutes} "
        "minutes. The access is on record and will be reviewed."
    )
    return {
        "resourceType": "Communication",
        "id": ids.new(),
        "status": "completed",
        "category": [{"coding": [{"system": CATEGORIES, "code": EMERGENCY}]}],
        "priority": "urgent",
        "subject": who,
        "recipient": [who, *([{"reference": officer}] if officer else [])],
        "sent": now,
        "payload": [{"contentString": text}],
    }
