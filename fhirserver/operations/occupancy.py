"""Location/$occupancy: which beds are taken, by ward, and how many will be.

Beds are counted as their Locations say, so the counts tell nothing that the caller couldn't read
there. The forecast knows the planned discharges of the encounters that the caller may see; who is
hidden stays in bed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from zoneinfo import ZoneInfo

from fhirserver import clock
from fhirserver.errors import Invalid
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.answers import answered
from fhirserver.interactions.operating.places import encounters_at, require_staff, wards
from fhirserver.interactions.operation import OURS, Call, Parameter, operation
from fhirserver.model.parameters import parameters, parts, value
from fhirserver.model.resource import Resource
from fhirserver.wards import Counts, Ward, counted, forecast, places
from fhirserver.wards.forecast import will_be_at
from fhirserver.wards.moves import GOING_ON

MOST_DAYS: Final = 14
DAYS: Final = 3
_COUNTS: Final = (
    "beds", "occupied", "free", "cleaning", "contaminated", "isolated", "closed", "unknown",
)  # fmt: skip


@operation(
    "occupancy",
    definition=f"{OURS}/Location-occupancy",
    levels=["type", "instance"],
    types=["Location"],
    parameters=[Parameter("days", "positiveInt")],
    right="s",
)
def occupancy(ctx: Context, call: Call) -> FhirResponse:
    require_staff(call, "occupancy")
    days = _days(call)
    found = wards(ctx, call)
    beds = [f"Location/{b['id']}" for w in found for b in w.beds]
    known = encounters_at(
        ctx, call.principal, [*beds, *(w.reference for w in found)], GOING_ON | {"planned"}
    )
    now, zone = clock.now(), ZoneInfo(ctx.settings.time_zone)
    total = counted(b for w in found for b in w.beds)
    made = [value("time", "instant", now.isoformat(timespec="milliseconds")),
            parts("total", _counts(total))]  # fmt: skip
    for ward in found:
        counts = counted(ward.beds)
        own = [e for e in known if _is_in(e, ward)]
        coming = forecast(counts.occupied, counts.beds - counts.closed, own, now, zone, days)
        made.append(
            parts(
                "ward",
                [
                    value("location", "Reference", _named(ward.location)),
                    *_counts(counts),
                    *(
                        parts(
                            "forecast",
                            [
                                value("date", "date", day.date.isoformat()),
                                value("discharges", "integer", day.discharges),
                                value("arrivals", "integer", day.arrivals),
                                value("occupied", "integer", day.occupied),
                            ],
                        )
                        for day in coming
                    ),
                ],
            )
        )
    return answered(parameters(made))


def _days(call: Call) -> int:
    text = call.inputs.text("days")
    days = DAYS if text is None else int(text)
    if days > MOST_DAYS:
        raise Invalid(
            f"a forecast has at most {MOST_DAYS} days", expression=call.inputs.place("days")
        )
    return days


def _is_in(encounter: Resource, ward: Ward) -> bool:
    """Whether somebody lies in a bed of the ward, or is to come to it."""
    beds = {f"Location/{b['id']}" for b in ward.beds}
    if encounter.get("status") == "planned":
        return bool(will_be_at(encounter) & (beds | {ward.reference}))
    return bool(places(encounter) & beds)


def _counts(counts: Counts) -> Iterator[Resource]:
    for name in _COUNTS:
        yield value(name, "integer", getattr(counts, name))
    if counts.rate is not None:
        yield value("rate", "decimal", counts.rate)


def _named(location: Resource) -> Resource:
    found = {"reference": f"Location/{location['id']}"}
    return found | ({"display": location["name"]} if "name" in location else {})
