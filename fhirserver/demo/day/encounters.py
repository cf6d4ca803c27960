"""An Encounter that goes on: moved to another bed, or ended. Values in, values out.

https://hl7.org/fhir/R4/encounter.html
"""

from __future__ import annotations

from datetime import datetime

from fhirserver.demo.fhir import Resource, period
from fhirserver.demo.hospital.directory import Directory
from fhirserver.demo.moment import stamp
from fhirserver.demo.record.encounter import (
    ATTENDING,
    BED,
    CLASS,
    FROM_EMERGENCY,
    HOME,
    KIND,
    WARD,
    service,
)


def placed(where: Directory, ward: str, bed: Resource | None, at: datetime) -> list[Resource]:
    """The locations of who comes to a ward."""
    span = period(stamp(at), None)
    there = where.wards[ward]
    found = [{"location": there, "status": "active", "physicalType": WARD, "period": span}]
    if bed is not None:
        found.append({"location": bed, "status": "active", "physicalType": BED, "period": span})
    return found


def moved(found: Resource, where: Directory, ward: str, bed: Resource, at: datetime,
          doctor: Resource, department: str) -> Resource:  # fmt: skip
    """The Encounter in another bed, with another attending doctor."""
    made = found | {
        "serviceType": service(department),
        "participant": [
            *_ended(found["participant"], at),
            {"type": ATTENDING, "period": period(stamp(at), None), "individual": doctor},
        ],
        "location": [*_left(found["location"], at), *placed(where, ward, bed, at)],
        "serviceProvider": where.departments[department],
    }
    if found["class"]["code"] == "EMER":
        since = found["period"]["start"]
        made |= {
            "class": CLASS["IMP"],
            "type": [KIND["inpatient"]],
            "classHistory": [
                {"class": CLASS["EMER"], "period": period(since, stamp(at))},
                {"class": CLASS["IMP"], "period": period(stamp(at), None)},
            ],
            "hospitalization": {**found["hospitalization"], "admitSource": FROM_EMERGENCY},
        }
    return made


def ended(found: Resource, at: datetime) -> Resource:
    """The Encounter of somebody who goes home."""
    since = found["period"]["start"]
    history = [*found.get("statusHistory", ())]
    begun = history[-1]["period"]["end"] if history else since
    history.append({"status": found["status"], "period": period(begun, stamp(at))})
    made = found | {
        "status": "finished",
        "statusHistory": history,
        "period": period(since, stamp(at)),
        "location": _left(found["location"], at),
        "participant": _ended(found["participant"], at),
        "hospitalization": {**found["hospitalization"], "dischargeDisposition": HOME},
    }
    if "classHistory" in found:
        *before, last = found["classHistory"]
        span = period(last["period"]["start"], stamp(at))
        made["classHistory"] = [*before, {**last, "period": span}]
    made.pop("extension", None)
    return made


def bed_of(found: Resource) -> str:
    """Where the patient lies, in words."""
    active = [p["location"].get("display", "") for p in found["location"] if _is_active(p)]
    return active[-1] if active else ""


def _left(places: list[Resource], at: datetime) -> list[Resource]:
    return [_closed(p, at) if _is_active(p) else p for p in places]


def _is_active(place: Resource) -> bool:
    return bool(place.get("status") == "active")


def _closed(place: Resource, at: datetime) -> Resource:
    span = period(place["period"]["start"], stamp(at))
    return {**place, "status": "completed", "period": span}


def _ended(people: list[Resource], at: datetime) -> list[Resource]:
    return [
        {**p, "period": period(p["period"]["start"], stamp(at))}
        if "period" in p and "end" not in p["period"] else p
        for p in people
    ]  # fmt: skip
