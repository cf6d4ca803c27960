"""Who and what can be at one place at a time, and which schedules and slots tell of it.

https://hl7.org/fhir/R4/schedule.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Final

from fhirserver.interactions.context import Context
from fhirserver.interactions.own_searching import all_matches, named
from fhirserver.model.resource import Resource
from fhirserver.scheduling.appointments import reference_of
from fhirserver.scheduling.slots import span_of
from fhirserver.scheduling.times import Span, written

LONGEST: Final = timedelta(hours=24)
"""A slot that is longer isn't seen where it overlaps others; nor is an appointment."""
_ONE_AT_A_TIME: Final = frozenset({"ro", "bd", "ve"})
"""A room, a bed, a vehicle: https://hl7.org/fhir/R4/valueset-location-physical-type.html"""
_PERSONS: Final = frozenset({"Practitioner", "PractitionerRole"})


def related(ctx: Context, schedule: Resource) -> list[Resource]:
    """The schedules that one person, room or device of this one has, it itself included.

    A place where several work at a time, such as a clinic, doesn't tie their schedules together.
    """
    single = exclusive(ctx, [reference_of(a) for a in schedule.get("actor", ())])
    if not single:
        return [schedule]
    others = all_matches(ctx, "Schedule", [("actor", ",".join(sorted(single)))])
    return [schedule, *(s for s in others if s["id"] != schedule["id"])]


def exclusive(ctx: Context, texts: Iterable[str]) -> set[str]:
    """Of those who take part, who can be at one place at a time; a person in every role they have.

    `texts` are references, such as `PractitionerRole/1`.
    """
    texts = list(texts)
    found = named(ctx, [t for t in texts if t.startswith(("Location/", "PractitionerRole/"))])
    single = {t for t in texts if _is_one_at_a_time(t, found)}
    persons = {t for t in texts if t.startswith("Practitioner/")} | {
        reference_of(role.get("practitioner"))
        for role in found.values()
        if role["resourceType"] == "PractitionerRole"
    }
    persons.discard("")
    if persons:
        roles = all_matches(ctx, "PractitionerRole", [("practitioner", ",".join(sorted(persons)))])
        single |= persons | {f"PractitionerRole/{r['id']}" for r in roles}
    return single


def _is_one_at_a_time(text: str, found: Mapping[str, Resource]) -> bool:
    kind = text.partition("/")[0]
    if kind != "Location":
        return kind in _PERSONS or kind in {"Device", "Patient", "RelatedPerson"}
    codings = found.get(text, {}).get("physicalType", {}).get("coding", ())
    return any(c.get("code") in _ONE_AT_A_TIME for c in codings)


def overlapping(ctx: Context, schedules: Iterable[Resource], span: Span) -> list[Resource]:
    """The slots of these schedules, whatever their status, that share some time with a stretch."""
    names = ",".join(sorted(f"Schedule/{s['id']}" for s in schedules))
    zone = ctx.site.zone
    pairs = [
        ("schedule", names),
        ("start", f"lt{written(span.end, zone)}"),
        ("start", f"ge{written(span.start - LONGEST, zone)}"),
    ]
    found = all_matches(ctx, "Slot", pairs)
    return [s for s in found if s["status"] != "entered-in-error" and span_of(s).overlaps(span)]
