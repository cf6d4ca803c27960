"""An alert that nobody takes on goes to the next who is responsible.

A Task that is accepted, in progress or done stops it; one that is rejected goes on at once. When
all have been told as often as the plan says, the Task says so, and the log does.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from fhirserver import clock
from fhirserver.alerting import notices as n
from fhirserver.alerting.plans import KINDS
from fhirserver.model.resource import Resource
from fhirserver.workflows.acting import Acting
from fhirserver.workflows.alerts import (
    PATIENCE,
    TIMER,
    changed,
    created,
    escaped,
    recipients,
    stamp,
    write,
)
from fhirserver.workflows.occasion import Elapsed, Occasion
from fhirserver.workflows.registering import timer, workflow
from fhirserver.workflows.responsible import current_encounter, everybody
from fhirserver.workflows.rules import plan

log = logging.getLogger(__name__)


@timer(TIMER)
def time_is_over(elapsed: Elapsed) -> None:
    """Nobody has answered in time."""
    escalate(elapsed, elapsed.content)


@workflow("alert_rejected", types=("Task",))
def rejected(occasion: Occasion) -> None:
    """Somebody has said that it isn't theirs: the next need not wait."""
    task = occasion.resource
    if task is None or task.get("status") != "rejected" or not _is_alert(task):
        return
    if occasion.before is not None and occasion.before.get("status") == "rejected":
        return
    content = {"key": n.key_in(task), "step": n.step_of(task) + 1, "plan": _kind(task)}
    escalate(occasion, content)


def escalate(acting: Acting, content: dict[str, Any]) -> None:
    """Pass a task on, unless somebody has taken it on or it was passed on meanwhile."""
    key = f"{n.SYSTEM}|{escaped(content['key'])}"
    task = next(iter(acting.search("Task", ("identifier", key))), None)
    if task is None or task["status"] not in n.ESCALATES or n.is_unanswered(task):
        return
    step, rules = content["step"], plan(acting, content["plan"])
    wait = rules.patience.get(task.get("priority", "urgent")) or PATIENCE
    due = clock.now() + wait
    if n.step_of(task) > step:
        return
    owner: str | None = None
    then: str | None = None
    if n.step_of(task) < step:
        people = _people(acting, task)
        told = recipients(acting, task)
        # Who was told least often is next, in the order of the chain.
        owner = min(people, key=told.count, default=None)
        if owner is None or told.count(owner) >= rules.rounds:
            log.error("alert_unanswered", extra={"task": task["id"], "told": len(told)})
            write(acting, [changed(n.unanswered(task, stamp(clock.now())))])
            return
        told.append(owner)
        then = next(iter(sorted((p for p in people if told.count(p) < rules.rounds),
                                key=told.count)), None)  # fmt: skip
    acting.later(TIMER, due, {**content, "step": step + 1})
    if owner is not None:
        asked = n.passed_on(task, step, owner, stamp(clock.now()), until=stamp(due), then=then)
        _pass_on(acting, asked, step, owner)


def _people(acting: Acting, task: Resource) -> Sequence[str]:
    place = task.get("encounter", {}).get("reference")
    encounter = current_encounter(acting, task["for"]["reference"], place)
    return everybody(acting, encounter, [r["reference"] for r in task.get("basedOn", ())])


def _pass_on(acting: Acting, task: Resource, step: int, owner: str) -> None:
    message = n.message(
        f"Nobody has answered yet: {task['description']}", task["for"]["reference"],
        [task["focus"]["reference"]], f"{n.key_in(task)}.{step}", f"Task/{task['id']}", owner,
        task.get("priority", "urgent"), task["lastModified"],
        encounter=task.get("encounter", {}).get("reference"),
    )  # fmt: skip
    write(acting, [changed(task), created(message)])


def _is_alert(task: Resource) -> bool:
    return any(c.get("code") == n.ANSWER for c in task.get("code", {}).get("coding", ()))


def _kind(task: Resource) -> str:
    codings = task.get("reasonCode", {}).get("coding", ())
    return next((c["code"] for c in codings if c.get("system") == n.KINDS), KINDS[0])
