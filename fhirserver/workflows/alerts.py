"""Raising and withdrawing alerts: what is seen, who is asked, and what is sent, all or nothing.

A repeated call makes nothing twice: each resource is created unless its identifier is there, and
says the rule, what it is about and the version.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from fhirserver import clock, ids
from fhirserver.access.labels import CLEARANCES
from fhirserver.alerting import Hit, Plan
from fhirserver.alerting import notices as n
from fhirserver.model.labels import merged
from fhirserver.model.resource import Resource
from fhirserver.workflows.acting import Acting
from fhirserver.workflows.responsible import current_encounter, foremost

log = logging.getLogger(__name__)

TIMER: Final = "alert_escalation"
PATIENCE: Final = timedelta(hours=1)
_CLOSED: Final = frozenset({*CLEARANCES, "V"})


def raise_alert(
    acting: Acting,
    plan: Plan,
    hit: Hit,
    about: n.About,
    version: str,
    *,
    standing: Resource | None = None,
    as_flag: bool = False,
) -> None:
    """Show a hit and ask the responsible clinician to take it on.

    `standing` is the issue or flag that is there already: it is amended, and its open tasks give
    way to the new one.
    """
    encounter = current_encounter(acting, about.patient, about.encounter)
    place = f"Encounter/{encounter['id']}" if encounter else about.encounter
    about = replace(about, encounter=place)
    is_open = not is_closed(about.labels)
    owner, then = foremost(acting, encounter, about.orders)
    now = stamp(clock.now())
    due = clock.now() + (plan.patience.get(hit.rule.priority) or PATIENCE)
    # A flag holds from when it was measured: that is its version.
    holder = n.flag(hit, about, version) if as_flag else n.issue(hit, about, now)
    named = n.key_of(hit, about)
    key = f"{named if is_open else n.unnamed(named)}#{version}"
    entries = [*_holder(holder, standing)]
    shown = entries[0]["fullUrl"]
    asked = n.task(hit, about, key, shown, owner, now, until=stamp(due), then=then, is_open=is_open)
    url = f"urn:uuid:{ids.new()}"
    entries += [
        created(asked, url=url),
        created(
            n.message(
                f"{hit.rule.title}: {hit.text}. {hit.rule.text}" if is_open else n.CLOSED,
                about.patient,
                [shown, *about.evidence], f"{key}.0", url, owner, hit.rule.priority, now,
                encounter=place,
            )
        ),
    ]  # fmt: skip
    if standing is not None:
        entries += [
            changed(n.cancelled(t, "The finding has changed", now))
            for t in open_tasks(acting, standing)
            if n.key_in(t) != key
        ]
    if owner is None:
        log.warning("alert_without_recipient", extra={"rule": hit.rule.name})
    # Before the task is there: one without a timer would be forgotten, a timer without one isn't.
    acting.later(TIMER, due, {"key": key, "step": 1, "plan": plan.kind})
    write(acting, entries)


def withdraw(acting: Acting, holder: Resource, why: str, *, is_error: bool, tell: bool) -> None:
    """Take an alert back: who was told is told that, too."""
    now = stamp(clock.now())
    entries = [changed(n.withdrawn(holder, is_error=is_error, now=now))]
    tasks = acting.search("Task", ("focus", _reference(holder)))
    for task in tasks:
        if task["status"] in n.ESCALATES:
            entries.append(changed(n.cancelled(task, why, now)))
        if not tell or task["status"] == "cancelled":
            continue
        entries.extend(
            created(
                n.message(
                    f"Withdrawn: {_told(holder)}. {why}",
                    task["for"]["reference"],
                    [_reference(holder)],
                    f"{n.key_in(task)}.withdrawn/{told}",
                    _reference(task),
                    told,
                    task.get("priority", "urgent"),
                    now,
                    encounter=task.get("encounter", {}).get("reference"),
                )
            )
            for told in dict.fromkeys(recipients(acting, task))
        )
    write(acting, entries)


def is_closed(labels: Iterable[Resource]) -> bool:
    """Whether what is labelled so is for those with a clearance or a consent only."""
    return any(label.get("code") in _CLOSED for label in labels)


def labels_of(*resources: Resource) -> tuple[Resource, ...]:
    """The security labels of resources, each once."""
    return tuple(merged(s for r in resources for s in r.get("meta", {}).get("security", ())))


def _told(holder: Resource) -> str:
    if is_closed(labels_of(holder)):
        return n.CLOSED
    return str(holder.get("detail") or holder["code"]["text"])


def issues(acting: Acting, kind: str, reference: str) -> list[Resource]:
    """The issues of a kind about a resource, those that were taken back too."""
    found = acting.search("DetectedIssue", ("implicated", reference), ("code", f"{n.KINDS}|{kind}"))
    suffix = f"/{reference}"
    return [i for i in found if (n.key_in(i) or "").endswith(suffix)]


def open_tasks(acting: Acting, holder: Resource) -> list[Resource]:
    """The tasks about an issue or a flag that nobody has taken on."""
    found = acting.search("Task", ("focus", _reference(holder)))
    return [t for t in found if t["status"] in n.ESCALATES]


def recipients(acting: Acting, task: Resource) -> list[str]:
    """Who was told of a task, in order, each as often as they were."""
    sent = acting.search("Communication", ("part-of", _reference(task)))
    by_time = sorted(sent, key=lambda c: (c.get("sent", ""), n.key_in(c) or ""))
    return [r["reference"] for c in by_time for r in c.get("recipient", ())]


def write(acting: Acting, entries: Sequence[Mapping[str, Any]]) -> None:
    """Carry out entries, all or none."""
    acting.transaction({"resourceType": "Bundle", "type": "transaction", "entry": [*entries]})


def escaped(text: str) -> str:
    """A value of a search parameter as it is meant."""
    for character in "\\|,$":
        text = text.replace(character, f"\\{character}")
    return text


def stamp(moment: datetime) -> str:
    """A time as FHIR writes it."""
    return moment.isoformat(timespec="milliseconds")


def created(resource: Resource, *, url: str | None = None) -> Resource:
    """An entry that creates a resource unless its identifier is there."""
    condition = {"identifier": f"{n.SYSTEM}|{escaped(n.key_in(resource) or '')}"}
    return {
        "fullUrl": url or f"urn:uuid:{ids.new()}",
        "resource": resource,
        "request": {
            "method": "POST",
            "url": resource["resourceType"],
            "ifNoneExist": urlencode(condition),
        },
    }


def changed(resource: Resource) -> Resource:
    """An entry that replaces a version, unless somebody else has."""
    return {
        "fullUrl": _reference(resource),
        "resource": resource,
        "request": {
            "method": "PUT",
            "url": _reference(resource),
            "ifMatch": f'W/"{resource["meta"]["versionId"]}"',
        },
    }


def _holder(holder: Resource, standing: Resource | None) -> Sequence[Mapping[str, Any]]:
    if standing is None:
        return [created(holder)]
    kept: Resource = {
        k: standing[k] for k in ("id", "meta", "identifier", "identifiedDateTime") if k in standing
    }
    labels = labels_of(standing, holder)
    if labels:
        kept["meta"] = {**kept.get("meta", {}), "security": [*labels]}
    status: Resource = {} if holder["resourceType"] == "Flag" else {"status": "amended"}
    return [changed({**holder, **kept, **status})]


def _reference(resource: Resource) -> str:
    return f"{resource['resourceType']}/{resource['id']}"
