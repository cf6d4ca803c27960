"""Location/$capacity: free beds, free machines by type, and staff on duty.

All of it is counted from what the caller may see: Locations, Devices, PractitionerRoles, Slots.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from fhirserver import clock
from fhirserver.alerting.chain import is_running, on_duty
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.answers import answered
from fhirserver.interactions.operating.places import every, require_staff, wards
from fhirserver.interactions.operation import OURS, Call, Parameter, operation
from fhirserver.model.parameters import parameters, parts, value
from fhirserver.model.resource import Resource
from fhirserver.wards import Ward, counted, types_of
from fhirserver.wards.devices import device_state, is_ventilator

_LONGEST_SLOT: Final = timedelta(days=2)
_NO_DUTY: Final = frozenset({"busy-unavailable", "entered-in-error"})


@operation(
    "capacity",
    definition=f"{OURS}/Location-capacity",
    levels=["type", "instance"],
    types=["Location"],
    parameters=[Parameter("devices", "code")],
    right="s",
)
def capacity(ctx: Context, call: Call) -> FhirResponse:
    require_staff(call, "capacity")
    found = wards(ctx, call)
    now = clock.now()
    made = [value("time", "instant", now.isoformat(timespec="milliseconds"))]
    for ward in found:
        counts = counted(ward.beds)
        made.append(
            parts(
                "beds",
                [
                    value("location", "Reference", {"reference": ward.reference}),
                    value("name", "string", ward.location.get("name") or ward.reference),
                    value("free", "integer", counts.free),
                    value("blocked", "integer", counts.blocked),
                    value("contaminated", "integer", counts.contaminated),
                ],
            )
        )
    made += _devices(ctx, call, found)
    made += _staff(ctx, call, found, now)
    return answered(parameters(made))


def _devices(ctx: Context, call: Call, found: Iterable[Ward]) -> Iterator[Resource]:
    """Machines by type: ventilators, or all with `devices=all`."""
    if not call.principal.may("s", "Device"):
        return
    places = _places(found) if call.id is not None else None
    is_all = call.inputs.text("devices") == "all"
    states: dict[tuple[str, str], Counter[str]] = {}
    for one in every(ctx, call.principal, "Device", ()):
        where = one.get("location", {}).get("reference")
        if (is_all or is_ventilator(one)) and (places is None or where in places):
            states.setdefault(types_of(one), Counter())[device_state(one)] += 1
    for (code, name), counts in sorted(states.items()):
        yield parts(
            "device",
            [
                value("type", "string", name or code),
                value("code", "code", code) if code else None,
                value("total", "integer", counts.total()),
                value("free", "integer", counts["free"]),
                value("inUse", "integer", counts["in-use"]),
                value("notReady", "integer", counts["not-ready"]),
                value("outOfOrder", "integer", counts["out-of-order"]),
            ],
        )


def _staff(ctx: Context, call: Call, found: Iterable[Ward], now: datetime) -> Iterator[Resource]:
    """Posts at work by their `availableTime`, and who has a Slot now, by role."""
    if not call.principal.may("s", "PractitionerRole"):
        return
    roles = every(ctx, call.principal, "PractitionerRole", (("active", "true"),))
    local = now.astimezone(ZoneInfo(ctx.settings.time_zone)).replace(tzinfo=None)
    present = {r["id"]: r for r in on_duty(roles, local)}
    for actor in _rostered(ctx, call, now):
        for role in roles:
            person = role.get("practitioner", {}).get("reference")
            if actor in {f"PractitionerRole/{role['id']}", person}:
                present[role["id"]] = role
    places = _places(found) if call.id is not None else None
    people: dict[tuple[str, str], set[str]] = {}
    for role in present.values():
        where = {x.get("reference") for x in role.get("location", ())}
        if places is not None and not where & places:
            continue
        key = (_text(role.get("organization", {})), _role(role))
        people.setdefault(key, set()).add(
            role.get("practitioner", {}).get("reference") or role["id"]
        )
    for (department, name), who in sorted(people.items()):
        yield parts(
            "staff",
            [
                value("department", "string", department) if department else None,
                value("role", "string", name) if name else None,
                value("onDuty", "integer", len(who)),
            ],
        )


def _rostered(ctx: Context, call: Call, now: datetime) -> set[str]:
    """Actors of Schedules with a Slot that holds now."""
    if not (call.principal.may("s", "Slot") and call.principal.may("s", "Schedule")):
        return set()
    found = every(
        ctx,
        call.principal,
        "Slot",
        (
            ("start", f"le{now.isoformat()}"),
            ("start", f"ge{(now - _LONGEST_SLOT).isoformat()}"),
            ("_include", "Slot:schedule"),
        ),
    )
    running = {
        s["schedule"]["reference"]
        for s in found
        if s["resourceType"] == "Slot" and s.get("status") not in _NO_DUTY and is_running(s, now)
    }
    return {
        a["reference"]
        for s in found
        if s["resourceType"] == "Schedule" and f"Schedule/{s['id']}" in running
        for a in s.get("actor", ())
        if a.get("reference")
    }


def _places(found: Iterable[Ward]) -> set[str]:
    """The wards and their beds, and what lies between."""
    places: set[str] = set()
    for ward in found:
        places.add(ward.reference)
        for bed in ward.beds:
            places |= {f"Location/{bed['id']}", bed.get("partOf", {}).get("reference", "")}
    return places


def _text(reference: Resource) -> str:
    return reference.get("display") or reference.get("reference") or ""


def _role(role: Resource) -> str:
    for concept in role.get("code", ()):
        if concept.get("text"):
            return str(concept["text"])
        for coding in concept.get("coding", ()):
            if coding.get("display") or coding.get("code"):
                return str(coding.get("display") or coding["code"])
    return ""
