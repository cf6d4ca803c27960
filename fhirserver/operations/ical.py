"""`Practitioner/ID/$ical` and the like: their appointments as a calendar (RFC 5545).

The address is protected as every other one, by a bearer token in a header: a token in an address
would be in the logs of all who pass it on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from fhirserver import clock
from fhirserver.errors import Forbidden, Invalid
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.graph_reading import Reading
from fhirserver.interactions.operating.reading import instance
from fhirserver.interactions.operation import OURS, Call, Parameter, Wire, operation
from fhirserver.model.resource import Resource
from fhirserver.scheduling.appointments import actors
from fhirserver.scheduling.calendar import MEDIA_TYPE, SHOWN, Entry, calendar
from fhirserver.scheduling.hours import zone_of
from fhirserver.scheduling.reminding import place_of
from fhirserver.scheduling.times import end_of, first_of, written

BEFORE: Final = timedelta(days=30)
AFTER: Final = timedelta(days=365)
_AT_ONCE: Final = 100


@operation(
    "ical",
    definition=f"{OURS}/Resource-ical",
    levels=["instance"],
    types=["Practitioner", "PractitionerRole", "Patient", "Location", "Device"],
    parameters=[Parameter("start", "date"), Parameter("end", "date")],
    wire=Wire((MEDIA_TYPE,), formats=(("ics", MEDIA_TYPE),)),
)
def ical(ctx: Context, call: Call) -> FhirResponse:
    instance(ctx, call)
    whose = Reading(ctx, call.principal)
    found = whose.matches("Appointment", _criteria(ctx, call, whose))
    places = _places(whose, found)
    zone = ctx.site.zone
    entries = []
    for appointment in found:
        there = [places[a] for a in actors(appointment) if a in places]
        entries.append(Entry(appointment, place_of(there), zone_of(there, zone)))
    made = calendar(entries, base=ctx.settings.fhir_base, name=ctx.settings.site_name)
    return FhirResponse(200, made, media_type=MEDIA_TYPE)


def _criteria(ctx: Context, call: Call, whose: Reading) -> list[tuple[str, str]]:
    zone, now = ctx.site.zone, clock.now()
    start, end = call.inputs.text("start"), call.inputs.text("end")
    first = first_of(start, zone) if start else now - BEFORE
    last = end_of(end, zone) if end else max(now, first) + AFTER
    if first >= last:
        raise Invalid("end must be later than start", expression=call.inputs.place("end"))
    names = [f"{call.type}/{call.id}"]
    if call.type == "Practitioner":
        try:
            roles = whose.matches("PractitionerRole", [("practitioner", names[0])])
        except Forbidden:
            roles = []
        names += [f"PractitionerRole/{r['id']}" for r in roles]
    return [
        ("actor", ",".join(names)),
        ("date", f"ge{written(first, zone)}"),
        ("date", f"lt{written(last, zone)}"),
        ("status", ",".join(SHOWN)),
        ("_sort", "date"),
    ]


def _places(whose: Reading, appointments: Sequence[Resource]) -> Mapping[str, Resource]:
    """The places of appointments that the caller may see, by reference."""
    names = sorted(
        {a for found in appointments for a in actors(found) if a.startswith("Location/")}
    )
    found: dict[str, Resource] = {}
    for start in range(0, len(names), _AT_ONCE):
        wanted = {("Location", n.partition("/")[2]) for n in names[start : start + _AT_ONCE]}
        found |= {f"{k}/{i}": r for (k, i), r in whose.read(wanted).items()}
    return found
