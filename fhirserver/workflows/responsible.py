"""Who is responsible for a patient now: what `alerting.chain` needs, read from the record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from zoneinfo import ZoneInfo

from fhirserver import clock
from fhirserver.alerting import Duty, chain, on_duty
from fhirserver.alerting.chain import is_running
from fhirserver.model.resource import Resource
from fhirserver.workflows.acting import Acting

GOING_ON: Final = "in-progress,arrived,triaged,onleave"
ON_CALL: Final = "https://fhirserver.example/CodeSystem/alert|on-call"
DOCTORS: Final = frozenset({"doctor", "309343006", "158965000", "112247003"})
"""practitioner-role; SNOMED CT physician, medical practitioner, medical doctor."""
_LONGEST_DUTY: Final = timedelta(days=2)
_STAYS: Final = ("IMP", "ACUTE", "NONAC", "OBSENC", "EMER", "SS")


def current_encounter(acting: Acting, patient: str, named: str | None) -> Resource | None:
    """The encounter that goes on: the one that a result names, a stay, the newest; else that."""
    own = _read(acting, named)
    if own is not None and own.get("status") in GOING_ON.split(","):
        return own
    found = acting.search(
        "Encounter", ("patient", patient), ("status", GOING_ON), ("_sort", "-date"),
        ("_count", "20"),
    )  # fmt: skip
    stays = [e for e in found if e.get("class", {}).get("code") in _STAYS]
    return next(iter((*stays, *found)), own)


def foremost(
    acting: Acting, encounter: Resource | None, orders: Sequence[str]
) -> tuple[str | None, str | None]:
    """Who is told first, and who then, as far as that is known.

    Orders and rosters are read only when nobody attends.
    """
    people = chain(encounter, [], Duty(), clock.now())
    if not people or people[0].startswith("Organization/"):
        people = list(everybody(acting, encounter, orders))
    first, then, *_ = (*people, None, None)
    return first, then


def everybody(acting: Acting, encounter: Resource | None, orders: Sequence[str]) -> Sequence[str]:
    """All who are told, in order; at last whom the site has named for when nobody answers."""
    people = chain(encounter, _requests(acting, orders), _duty(acting, encounter), clock.now())
    last = acting.settings.alert_fallback
    return [*people, last] if last and last not in people else people


def _duty(acting: Acting, encounter: Resource | None) -> Duty:
    department = (encounter or {}).get("serviceProvider", {}).get("reference")
    return Duty(
        tuple(_on_call(acting, encounter)),
        tuple(_present(acting, department)) if department else (),
    )


def _on_call(acting: Acting, encounter: Resource | None) -> list[str]:
    """Actors of the on-call Schedules that have a Slot now, those of the specialty first."""
    now = clock.now()
    found = acting.search(
        "Slot",
        ("schedule.service-type", ON_CALL),
        ("start", f"le{now.isoformat()}"),
        ("start", f"ge{(now - _LONGEST_DUTY).isoformat()}"),
        ("_include", "Slot:schedule"),
    )
    rosters = {f"Schedule/{r['id']}": r for r in found if r["resourceType"] == "Schedule"}
    wanted = _codes((encounter or {}).get("serviceType", {}))
    running = [
        rosters[reference]
        for s in found
        if s["resourceType"] == "Slot" and s.get("status") not in _NO_DUTY and is_running(s, now)
        if (reference := s["schedule"].get("reference")) in rosters
    ]
    fitting = [s for s in running if _specialty(s) & wanted] + [
        s for s in running if not _specialty(s)
    ]
    return [
        reference
        for s in fitting
        for a in s.get("actor", ())
        if (reference := a.get("reference", "")).startswith(("Practitioner/", "PractitionerRole/"))
    ]


_NO_DUTY: Final = frozenset({"busy-unavailable", "entered-in-error"})


def _specialty(schedule: Resource) -> set[str]:
    return {c for concept in schedule.get("specialty", ()) for c in _codes(concept)}


def _present(acting: Acting, department: str) -> list[str]:
    """Doctors of the department who are at work by their PractitionerRole."""
    roles = acting.search("PractitionerRole", ("organization", department), ("active", "true"))
    local = clock.now().astimezone(ZoneInfo(acting.settings.time_zone)).replace(tzinfo=None)
    return [
        r["practitioner"]["reference"]
        for r in on_duty(roles, local)
        if r.get("practitioner", {}).get("reference")
        and any(_codes(concept) & DOCTORS for concept in r.get("code", ()))
    ]


def _requests(acting: Acting, references: Sequence[str]) -> list[Resource]:
    return [r for reference in references if (r := _read(acting, reference)) is not None]


def _read(acting: Acting, reference: str | None) -> Resource | None:
    kind, _, id_ = (reference or "").partition("/")
    return acting.read(kind, id_) if id_ and "/" not in id_ else None


def _codes(concept: Resource) -> set[str]:
    return {c["code"] for c in concept.get("coding", ()) if c.get("code")}
