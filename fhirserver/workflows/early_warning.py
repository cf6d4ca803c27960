"""The early warning score follows the vital signs; somebody is called when its level rises.

A round of vital signs is several Observations, so the score is worked out by patient, one after
the other: the lane of the timer. It is lowered only by a whole set, or when a value was corrected
that had raised it.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any, Final

from fhirserver import clock
from fhirserver.alerting import Person, person_of, readings, taken_at, warning
from fhirserver.alerting import notices as n
from fhirserver.alerting.early_warning import Caution, is_for
from fhirserver.alerting.plans import Plan
from fhirserver.alerting.readings import SAID, patient_of
from fhirserver.model.resource import Resource
from fhirserver.workflows.acting import Acting
from fhirserver.workflows.alerts import (
    changed,
    labels_of,
    open_tasks,
    raise_alert,
    stamp,
    withdraw,
    write,
)
from fhirserver.workflows.occasion import Elapsed, Occasion
from fhirserver.workflows.registering import timer
from fhirserver.workflows.rules import plan

log = logging.getLogger(__name__)

KIND: Final = "early-warning"
TIMER: Final = "early_warning"
AHEAD: Final = timedelta(minutes=15)
"""How far a device's clock may be ahead. What is later than that would hide all that comes."""
_SIGNS: Final = (
    "respiration", "saturation", "oxygen-flow", "oxygen-share", "systolic", "pulse",
    "consciousness", "temperature",
)  # fmt: skip


def act(occasion: Occasion) -> None:
    rules = plan(occasion, KIND)
    result = occasion.resource or occasion.before
    if result is None or not rules.rules or not _is_sign(result, rules):
        return
    patient, at = patient_of(result), taken_at(result)
    if patient is None or at is None or at < clock.now() - rules.fresh:
        return
    if at > clock.now() + AHEAD:
        log.warning("vital_sign_from_the_future", extra={"observation": occasion.change.id})
        return
    said = [list(readings(r)) if r else [] for r in (occasion.before, occasion.resource)]
    is_corrected = occasion.before is not None and said[0] != said[1]
    content = {"patient": patient, "at": at.isoformat(), "corrected": is_corrected}
    occasion.later(TIMER, clock.now(), content, lane=patient)


@timer(TIMER)
def work_out(elapsed: Elapsed) -> None:
    content: dict[str, Any] = elapsed.content
    rules, patient = plan(elapsed, KIND), f"Patient/{content['patient']}"
    since = datetime.fromisoformat(content["at"]) - rules.window
    found = elapsed.search(
        "Observation",
        ("patient", patient),
        ("combo-code", ",".join(f"{s}|{c}" for s, c in sorted(_codes(rules)))),
        ("date", f"ge{since.isoformat()}"),
        ("date", f"le{(clock.now() + AHEAD).isoformat()}"),
        ("_include", "Observation:patient"),
    )
    signs = [r for r in found if r["resourceType"] == "Observation" and r.get("status") in SAID]
    at = max((t for s in signs if (t := taken_at(s)) is not None), default=clock.now())
    person = person_of(next((r for r in found if r["resourceType"] == "Patient"), None), at)
    all_flags = elapsed.search("Flag", ("patient", patient))
    flags = [f for f in all_flags if f["status"] == "active"]
    standing = next((f for f in flags if _is_ours(f)), None)
    is_scale_2 = any(_codings(f) & rules.inputs.get("scale-2", frozenset()) for f in flags)
    state = warning(rules, at, signs, is_scale_2=is_scale_2)
    may_fall = not state.score.missing
    if content["corrected"] and standing is not None and not may_fall:
        may_fall = _was_wrong(rules, standing, signs, since, is_scale_2=is_scale_2)
    if state.hit is not None and not is_for(
        rules, person, is_pregnant=_is_pregnant(elapsed, rules, patient, person)
    ):
        return
    _follow(
        elapsed,
        rules,
        patient,
        state,
        standing,
        may_fall=may_fall,
        is_corrected=content["corrected"],
        signs=signs,
        version=_version(all_flags, at),
    )


def _follow(
    acting: Acting,
    rules: Plan,
    patient: str,
    state: Caution,
    standing: Resource | None,
    *,
    may_fall: bool,
    is_corrected: bool,
    signs: list[Resource],
    version: str,
) -> None:
    """Let the flag say what the score says, and call somebody when the level has risen."""
    level = _level(rules, standing)
    if state.hit is not None and state.level > level:
        place = next((s["encounter"]["reference"] for s in signs if "encounter" in s), None)
        about = n.About(patient, patient, state.hit.evidence, place, labels=labels_of(*signs))
        raise_alert(acting, rules, state.hit, about, version, standing=standing,
                    as_flag=True)  # fmt: skip
    elif standing is None or (state.level < level and not may_fall):
        return
    elif state.hit is None:
        withdraw(acting, standing, "The score has fallen", is_error=False, tell=is_corrected)
    elif n.rule_in(standing) != state.hit.rule.name or _text(standing) != _said(state):
        now = stamp(clock.now())
        shown = n.flag(state.hit, n.About(patient, patient, ()), now)
        meta = standing["meta"]
        labels = labels_of(standing, *signs)
        meta = {**meta, "security": [*labels]} if labels else meta
        entries = [changed({**standing, "meta": meta, "code": shown["code"]})]
        if state.level < level:
            entries += [
                changed(n.cancelled(t, "The score has fallen", now))
                for t in open_tasks(acting, standing)
            ]
        write(acting, entries)


def _version(flags: list[Resource], at: datetime) -> str:
    """The time of the measurement; another one each time that its flag was taken back."""
    time = stamp(at)
    before = sum((n.key_in(f) or "").rpartition("@")[2].startswith(time) for f in flags)
    return f"{time}{n.AGAIN}{before}" if before else time


def _was_wrong(
    rules: Plan, standing: Resource, signs: list[Resource], since: datetime, *, is_scale_2: bool
) -> bool:
    """Whether a flag wouldn't have been raised, had the value been right that was corrected.

    One that was measured in another hour has nothing to do with the flag.
    """
    # It is written in milliseconds.
    raised = datetime.fromisoformat(standing["period"]["start"]) + timedelta(milliseconds=1)
    measured = since + rules.window
    if not raised - rules.window <= measured <= raised:
        return False
    then = warning(rules, raised, signs, is_scale_2=is_scale_2)
    return then.level < _level(rules, standing)


def _is_sign(result: Resource, rules: Plan) -> bool:
    wanted = _codes(rules)
    parts = (result, *result.get("component", ()))
    return any(
        (c.get("system") or "", c.get("code")) in wanted
        for p in parts
        for c in p.get("code", {}).get("coding", ())
    )


def _codes(rules: Plan) -> frozenset[tuple[str, str]]:
    empty: frozenset[tuple[str, str]] = frozenset()
    return empty.union(*(rules.inputs.get(name, empty) for name in _SIGNS))


def _is_pregnant(acting: Acting, rules: Plan, patient: str, person: Person) -> bool:
    codes = rules.inputs.get("pregnancy")
    if not codes or person.gender == "male":
        return False
    return bool(
        acting.search(
            "Condition",
            ("patient", patient),
            ("clinical-status", "active,recurrence"),
            ("code", ",".join(f"{s}|{c}" for s, c in sorted(codes))),
            ("_count", "1"),
        )
    )


def _is_ours(flag: Resource) -> bool:
    return (n.KINDS, KIND) in _codings(flag)


def _codings(flag: Resource) -> frozenset[tuple[str, str]]:
    return frozenset(
        (c.get("system") or "", c.get("code") or "") for c in flag["code"].get("coding", ())
    )


def _level(rules: Plan, standing: Resource | None) -> int:
    if standing is None:
        return 0
    names = [r.name for r in rules.rules]
    rule = n.rule_in(standing)
    return names.index(rule) + 1 if rule in names else 0


def _text(standing: Resource) -> str:
    return str(standing["code"].get("text"))


def _said(state: Caution) -> str:
    assert state.hit is not None
    return f"{state.hit.rule.title}: {state.hit.text}"
