"""Who cares for whom, as resources say it, and until when.

Kinds: `treatment` of those who treat a patient, `unit` of the places and organizations where they
are, `assigned` of those who are to do something for them. Each ends: most some days after what they
come from. `member` is who belongs to a team: by that, what was shared with it reaches them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from fhirserver.access.moments import DAY, moment, period, widened, within
from fhirserver.model.resource import Resource
from fhirserver.search.hashing import reference_self
from fhirserver.search.index import LATEST
from fhirserver.search.site import Site
from fhirserver.search.types.date import Range
from fhirserver.search.types.reference import local

DAYS_AFTER: Final = 7
"""How long a relationship goes on after an encounter, an appointment or a task."""
DAYS_OF_ORDER: Final = 30
"""How long one goes on after an order; with a pharmacy for as long as it may dispense, too."""

# Days in the units of time of UCUM that a supply is counted in.
_DAYS_IN: Final = {"d": 1, "wk": 7, "mo": 31, "a": 366}
_LONGEST: Final = 3_660

MEMBER: Final = "member"
"""The kind of relationship that members have with their team."""

_ACTORS: Final = frozenset(
    ["HealthcareService", "Location", "Organization", "Practitioner", "PractitionerRole"]
)


@dataclass(frozen=True, slots=True, order=True)
class Relation:
    """A patient is in the care of an actor (digests of addresses), for a time.

    Of the kind `member` the actor belongs to a team, and `patient` is its `membership`.
    """

    patient: int
    actor: int
    kind: str
    starts: int
    ends: int


def relations(resource: Resource, site: Site) -> frozenset[Relation]:
    """The care relationships that a resource makes."""
    made = _OF.get(resource["resourceType"])
    return frozenset() if made is None else frozenset(made(resource, site))


def membership(team: str, patient: int | None) -> int:
    """What the members of a team (its id) have in common: one that is a patient's, or nobody's.

    So a team whose patient is another one now has no part in what was shared with it before.
    """
    return reference_self("CareTeam", team) ^ (patient or 0)


def _care_team(team: Resource, site: Site) -> Iterator[Relation]:
    if team.get("status", "active") != "active":
        return
    whole = period(team.get("period"), site)
    patient = _patient(team.get("subject"), site)
    if patient is None and team.get("subject"):
        return
    for participant in team.get("participant", ()):
        when = within(whole, period(participant.get("period"), site))
        who = [participant.get("member")]
        if "id" in team:
            yield from _related(membership(team["id"], patient), who, MEMBER, when, site,
                                only=("Practitioner", "PractitionerRole"))  # fmt: skip
        if patient is not None:
            yield from _related(patient, who, "treatment", when, site)
    if patient is not None:
        yield from _related(patient, team.get("managingOrganization", ()), "unit", whole, site)


def _encounter(encounter: Resource, site: Site) -> Iterator[Relation]:
    patient = _patient(encounter.get("subject"), site)
    status = encounter.get("status")
    if patient is None or status in ("cancelled", "entered-in-error"):
        return
    whole = period(encounter.get("period"), site)
    if status == "finished":
        # One that is over without an end was over when it began, as far as anybody knows.
        start = moment((encounter.get("period") or {}).get("start"), site)
        if whole[1] >= LATEST:
            if start is None:
                return
            whole = (whole[0], start[1])
    elif status in ("arrived", "in-progress", "onleave", "triaged"):
        whole = (whole[0], LATEST)
    when = widened(whole, before=DAYS_AFTER if status == "planned" else 0, after=DAYS_AFTER)
    people = [p.get("individual") for p in encounter.get("participant", ())]
    yield from _related(patient, people, "treatment", when, site)
    yield from _related(patient, [encounter.get("serviceProvider")], "unit", when, site)
    for stay in encounter.get("location", ()):
        there = when
        if stay.get("status") == "completed" or (stay.get("period") or {}).get("end"):
            there = within(when, widened(period(stay.get("period"), site), after=1)) or when
        yield from _related(patient, [stay.get("location")], "unit", there, site)


def _episode(episode: Resource, site: Site) -> Iterator[Relation]:
    patient = _patient(episode.get("patient"), site)
    if patient is None or episode.get("status") in ("cancelled", "entered-in-error"):
        return
    when = widened(period(episode.get("period"), site), after=DAYS_AFTER)
    if episode.get("status") == "finished" and when[1] >= LATEST:
        return
    yield from _related(patient, [episode.get("careManager")], "treatment", when, site)
    yield from _related(patient, [episode.get("managingOrganization")], "unit", when, site)


def _appointment(appointment: Resource, site: Site) -> Iterator[Relation]:
    if appointment.get("status") in ("cancelled", "entered-in-error", "noshow", "proposed"):
        return
    start = moment(appointment.get("start"), site)
    if start is None:
        return
    end = moment(appointment.get("end"), site) or start
    when = widened((start[0], end[1]), before=DAYS_AFTER, after=DAYS_AFTER)
    who = [
        p.get("actor") for p in appointment.get("participant", ()) if p.get("status") != "declined"
    ]
    for patient in {_patient(w, site) for w in who} - {None}:
        assert patient is not None
        places = ("HealthcareService", "Location", "Organization")
        yield from _related(patient, who, "treatment", when, site, but=places)
        yield from _related(patient, who, "unit", when, site, only=places)


def _order(order: Resource, site: Site) -> Iterator[Relation]:
    """ServiceRequest, MedicationRequest and DeviceRequest."""
    patient = _patient(order.get("subject"), site)
    if patient is None or order.get("status") in ("draft", "entered-in-error", "revoked", "stopped",
                                                  "cancelled"):  # fmt: skip
        return
    written = moment(order.get("authoredOn"), site)
    meant = moment(order.get("occurrenceDateTime"), site)
    if "occurrencePeriod" in order:
        meant = period(order["occurrencePeriod"], site)
    known = [m for m in (written, meant) if m is not None]
    if not known:
        return
    begins = min(k[0] for k in known)
    last = max(k[1] if k[1] < LATEST else k[0] for k in known)
    when = widened((begins, last), after=DAYS_OF_ORDER)
    performers = order.get("performer", ())
    performers = [performers] if isinstance(performers, dict) else list(performers)
    yield from _related(patient, [order.get("requester")], "treatment", when, site,
                        only=("Practitioner", "PractitionerRole"))  # fmt: skip
    yield from _related(patient, performers, "assigned", when, site)
    supply = order.get("dispenseRequest") or {}
    until = _supplied_until(supply, begins, site)
    if until is not None:
        # A repeat is dispensed months later, and what was dispensed is corrected after that.
        when = (when[0], max(when[1], widened((begins, until), after=DAYS_AFTER)[1]))
    yield from _related(patient, [supply.get("performer")], "assigned", when, site)


def _supplied_until(supply: Resource, begins: int, site: Site) -> int | None:
    """Until when a prescription may be dispensed; None when nothing says it.

    What says no end lasts as long as what it allows to dispense.
    https://hl7.org/fhir/R4/medicationrequest-definitions.html#MedicationRequest.dispenseRequest
    """
    starts, ends = period(supply.get("validityPeriod"), site)
    if ends < LATEST:
        return ends
    lasting = supply.get("expectedSupplyDuration") or {}
    days = _DAYS_IN.get(str(lasting.get("code") or lasting.get("unit")))
    if days is None or "value" not in lasting:
        return None
    fills = 1 + int(supply.get("numberOfRepeatsAllowed") or 0)
    return min(LATEST, max(begins, starts) + int(lasting["value"] * days * fills) * DAY)


def _task(task: Resource, site: Site) -> Iterator[Relation]:
    patient = _patient(task.get("for"), site)
    closed = ("cancelled", "draft", "entered-in-error", "rejected")
    if patient is None or task.get("status") in closed:
        return
    begun = moment(task.get("authoredOn"), site) or moment(task.get("lastModified"), site)
    if begun is None:
        return
    if task.get("status") in ("completed", "failed"):
        ended = moment(task.get("lastModified"), site) or begun
        when = widened((begun[0], max(ended[1], begun[1])), after=DAYS_AFTER)
    else:
        until = period((task.get("restriction") or {}).get("period"), site)[1]
        when = widened(begun, after=DAYS_OF_ORDER)
        if until < LATEST:
            when = widened((begun[0], max(until, begun[1])), after=DAYS_AFTER)
    yield from _related(patient, [task.get("owner")], "assigned", when, site)


_OF: Final[dict[str, Callable[[Resource, Site], Iterable[Relation]]]] = {
    "Appointment": _appointment,
    "CareTeam": _care_team,
    "DeviceRequest": _order,
    "Encounter": _encounter,
    "EpisodeOfCare": _episode,
    "MedicationRequest": _order,
    "ServiceRequest": _order,
    "Task": _task,
}
TYPES: Final = frozenset(_OF)
"""The types that care relationships come from."""


def _related(
    patient: int,
    references: Iterable[Any],
    kind: str,
    when: Range | None,
    site: Site,
    *,
    only: Iterable[str] = _ACTORS,
    but: Iterable[str] = (),
) -> Iterator[Relation]:
    wanted = _ACTORS & frozenset(only) - frozenset(but)
    for reference in references:
        found = local((reference or {}).get("reference") or "", site)
        if found and found[0] in wanted and when is not None:
            yield Relation(patient, reference_self(*found), kind, *when)


def _patient(reference: Any, site: Site) -> int | None:
    found = local((reference or {}).get("reference") or "", site)
    return reference_self(*found) if found and found[0] == "Patient" else None
