"""Encounters: clinic visits, emergency visits, and stays with their wards and beds.

https://hl7.org/fhir/R4/encounter.html
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from fhirserver.demo.catalogue import table
from fhirserver.demo.fhir import HL7, SNOMED, Resource, coding, concept, hl7, identifier, period
from fhirserver.demo.history import Stay, Visit
from fhirserver.demo.moment import DAY, HOUR, MINUTE, stamp
from fhirserver.demo.record.chart import Chart

CLASS: Final = {
    code: coding(HL7 + "v3-ActCode", code, display)
    for code, display in (
        ("AMB", "ambulatory"), ("EMER", "emergency"), ("IMP", "inpatient encounter"),
    )
}  # fmt: skip
KIND: Final = {
    "check-up": concept(SNOMED, ["162673000", "General examination of patient"]),
    "well-child": concept(SNOMED, ["410620009", "Well child visit"]),
    "pregnancy": concept(SNOMED, ["424619006", "Prenatal visit"]),
    "follow-up": concept(SNOMED, ["390906007", "Follow-up encounter"]),
    "emergency": concept(SNOMED, ["50849002", "Emergency room admission"]),
    "inpatient": concept(SNOMED, ["32485007", "Hospital admission"]),
}
ATTENDING: Final = [hl7("v3-ParticipationType", "ATND", "attender")]
ADMITTER: Final = [hl7("v3-ParticipationType", "ADM", "admitter")]
PRIMARY: Final = [hl7("v3-ParticipationType", "PPRF", "primary performer")]
FROM_EMERGENCY: Final = hl7("admit-source", "emd", "From accident/emergency department")
FROM_HOME: Final = hl7("admit-source", "gp", "General Practitioner referral")
HOME: Final = hl7("discharge-disposition", "home", "Home")
EXPIRED: Final = hl7("discharge-disposition", "exp", "Expired")
ADMISSION: Final = hl7("diagnosis-role", "AD", "Admission diagnosis")
BED: Final = hl7("location-physical-type", "bd", "Bed")
WARD: Final = hl7("location-physical-type", "wa", "Ward")
LENGTH: Final = {True: 150 * MINUTE, False: 30 * MINUTE}


def service(department: str) -> Resource:
    """The specialty of a department."""
    of = next(d for d in table("premises")["departments"] if d["key"] == department)
    return concept(SNOMED, of["specialty"], of["name"])


def visit(chart: Chart, of: Visit, doctor: Resource, nurse: Resource,
          reasons: Sequence[Resource]) -> Resource:  # fmt: skip
    """A finished visit."""
    end = min(of.at + LENGTH[of.emergency], chart.end)
    kind = "emergency" if of.emergency else of.reason if of.reason in KIND else "follow-up"
    span = period(stamp(of.at), stamp(end))
    place = chart.house.wards["emergency" if of.emergency else "clinic"]
    head = chart.head("Encounter")
    found = head | {
        "identifier": [identifier("visit", f"V{head['id'][:8].upper()}")],
        "status": "finished",
        "class": CLASS["EMER" if of.emergency else "AMB"],
        "type": [KIND[kind]],
        "serviceType": service(of.department),
        "subject": chart.subject,
        "participant": [
            {"type": PRIMARY, "period": span, "individual": doctor},
            {"period": span, "individual": nurse},
        ],
        "period": span,
        "reasonCode": [reason(of.reason)],
        "location": [{"location": place, "status": "completed", "period": span}],
        "serviceProvider": chart.house.departments[of.department],
    }
    if reasons:
        found["diagnosis"] = [{"condition": c, "rank": n} for n, c in enumerate(reasons, 1)]
    if of.emergency:
        found["hospitalization"] = {"admitSource": FROM_HOME, "dischargeDisposition": HOME}
    return found


def reason(code: str) -> Resource:
    """Why someone came, in SNOMED CT."""
    return concept(SNOMED, table("problems")[code]["snomed"])


def stay(chart: Chart, of: Stay, bed: Resource | None, doctor: Resource,
         conditions: Sequence[Resource]) -> Resource:  # fmt: skip
    """A hospital stay; `bed` is where the patient lies now, if the stay is going on."""
    finished = of.discharged is not None
    span = period(stamp(of.admitted), stamp(of.discharged) if of.discharged else None)
    emergency = of.legs[0].ward == "emergency"
    only_emergency = emergency and len(of.legs) == 1
    hospitalization = {"admitSource": FROM_EMERGENCY if emergency else FROM_HOME}
    if finished:
        hospitalization["dischargeDisposition"] = EXPIRED if of.died else HOME
    head = chart.head("Encounter")
    found = head | {
        "identifier": [identifier("visit", f"V{head['id'][:8].upper()}")],
        "status": "finished" if finished else "in-progress",
        "class": CLASS["EMER" if only_emergency else "IMP"],
        "type": [KIND["emergency" if only_emergency else "inpatient"]],
        "serviceType": service(of.department),
        "priority": hl7("v3-ActPriority", "EM", "emergency")
        if emergency else hl7("v3-ActPriority", "EL", "elective"),
        "subject": chart.subject,
        "participant": [
            {"type": ADMITTER, "individual": chart.someone("doctor", "emergency")},
            {"type": ATTENDING, "period": span, "individual": doctor},
        ],
        "period": span,
        "reasonCode": [reason(of.reason)],
        "diagnosis": [
            {"condition": c, "use": ADMISSION, "rank": n} for n, c in enumerate(conditions, 1)
        ],
        "hospitalization": hospitalization,
        "location": list(_locations(chart, of, bed)),
        "serviceProvider": chart.house.departments[of.department],
    }  # fmt: skip
    if emergency and not only_emergency:
        moved = stamp(of.admitted + DAY * of.legs[1].after)
        found["classHistory"] = [
            {"class": CLASS["EMER"], "period": period(stamp(of.admitted), moved)},
            {"class": CLASS["IMP"], "period": period(moved, span.get("end"))},
        ]
    return found


def wards(of: Stay, end: datetime) -> list[tuple[str, datetime, datetime | None]]:
    """Where the patient lay, from when, until when; the last is open while the stay is."""
    last = of.discharged or end
    begun = [
        (leg.ward, of.admitted + DAY * leg.after)
        for leg in of.legs
        if of.admitted + DAY * leg.after < last - HOUR or leg.after == 0
    ]
    ends: list[datetime | None] = [start for _, start in begun[1:]]
    return [
        (ward, start, until)
        for (ward, start), until in zip(begun, [*ends, of.discharged], strict=True)
    ]


def _locations(chart: Chart, of: Stay, bed: Resource | None) -> list[Resource]:
    found: list[Resource] = []
    for ward, start, until in wards(of, chart.end):
        beds = chart.house.beds[ward]
        status = "completed" if until else "active"
        there = bed if until is None and bed else beds[int(chart.chance.random() * len(beds))]
        span = period(stamp(start), stamp(until) if until else None)
        found.append({"location": chart.house.wards[ward], "status": status,
                      "physicalType": WARD, "period": span})  # fmt: skip
        found.append({"location": there, "status": status, "physicalType": BED, "period": span})
    return found
