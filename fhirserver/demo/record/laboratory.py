"""Laboratory work: the order, the specimen, the results, the report.

https://hl7.org/fhir/R4/diagnosticreport.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final

from fhirserver.demo.catalogue import table
from fhirserver.demo.fhir import (
    HL7,
    LOINC,
    SNOMED,
    Resource,
    coding,
    concept,
    hl7,
    identifier,
    quantity,
)
from fhirserver.demo.moment import HOUR, MINUTE, stamp
from fhirserver.demo.physiology import bounds
from fhirserver.demo.record.chart import Chart, Contact
from fhirserver.demo.record.measurement import FLAGS, flag, limits

LAB: Final = [hl7("observation-category", "laboratory", "Laboratory")]
ORDERED: Final = [concept(SNOMED, ["108252007", "Laboratory procedure"])]
SECTION: Final = {
    code: [{
        "coding": [
            coding(HL7 + "v2-0074", code, display), coding(HL7 + "v2-0074", "LAB", "Laboratory"),
        ],
    }]
    for code, display in (
        ("HM", "Hematology"), ("CH", "Chemistry"), ("MB", "Microbiology"), ("VR", "Virology"),
        ("URN", "Urinalysis"),
    )
}  # fmt: skip
SLOW: Final = 40 * HOUR
CRITICAL: Final = frozenset({"HH", "LL", "AA"})


def panel(chart: Chart, contact: Contact, at: datetime, key: str, *,
          urgent: bool = False) -> list[Resource]:  # fmt: skip
    """A panel ordered at that moment; results that are not due yet are still awaited."""
    of = table("panels")[key]
    taken = at + MINUTE * (5 + int(chart.chance.random() * 15))
    takes = SLOW if of["section"] == "MB" else MINUTE * (40 + int(chart.chance.random() * 80))
    reported = taken + takes + (HOUR * 0 if urgent else HOUR * 3)
    pending = reported > chart.end
    order = _order(chart, contact, at, of, urgent=urgent, pending=pending)
    if taken + MINUTE * 20 > chart.end:
        return [order]
    specimen = _specimen(chart, contact, taken, of["specimen"], chart.ref(order))
    results = [] if pending else _results(chart, contact, of, specimen, reported)
    return [order, specimen, *results, _report(chart, of, order, specimen, results)]


def _order(chart: Chart, contact: Contact, at: datetime, of: Mapping[str, Any], *,
           urgent: bool, pending: bool) -> Resource:  # fmt: skip
    head = chart.head("ServiceRequest")
    return head | {
        "identifier": [identifier("order", f"L{head['id'][:8].upper()}")],
        "status": "active" if pending else "completed",
        "intent": "order",
        "category": ORDERED,
        "priority": "urgent" if urgent else "routine",
        "code": _panel_code(of["loinc"], of["display"], of["name"]),
        "subject": chart.subject,
        "encounter": contact.encounter,
        "occurrenceDateTime": stamp(at),
        "authoredOn": stamp(at),
        "requester": contact.doctor,
        "performer": [chart.house.departments["laboratory"]],
        **({"reasonReference": list(contact.reasons)} if contact.reasons else {}),
    }


@cache
def _panel_code(loinc: str, display: str, name: str) -> Resource:
    return concept(LOINC, (loinc, display), name)


@cache
def _container(kind: str) -> list[Resource]:
    of = table("specimens")[kind]
    return [{"description": of["tube"], "specimenQuantity": quantity(of["volume"], "mL")}]


def _specimen(chart: Chart, contact: Contact, taken: datetime, kind: str,
              order: Resource) -> Resource:  # fmt: skip
    of = table("specimens")[kind]
    collection: Resource = {"collector": contact.nurse, "collectedDateTime": stamp(taken)}
    if "site" in of:
        collection["bodySite"] = concept(SNOMED, of["site"])
    head = chart.head("Specimen")
    return head | {
        "accessionIdentifier": identifier("accession", f"S{head['id'][:8].upper()}"),
        "status": "available",
        "type": concept(SNOMED, of["snomed"]),
        "subject": chart.subject,
        "receivedTime": stamp(taken + MINUTE * 20),
        "request": [order],
        "collection": collection,
        "container": _container(kind),
    }


def _results(chart: Chart, contact: Contact, of: Mapping[str, Any], specimen: Resource,
             reported: datetime) -> list[Resource]:  # fmt: skip
    tests = table("tests")
    numeric = [key for key in of["tests"] if "expected" not in tests[key]]
    when, issued = specimen["collection"]["collectedDateTime"], stamp(reported)
    at = datetime.fromisoformat(when)
    values = chart.body.panel(numeric, at, contact.stay)
    technician = [chart.someone("labtech", "laboratory"), chart.house.departments["laboratory"]]
    source = chart.ref(specimen)
    found: list[Resource] = []
    for key in of["tests"]:
        if key == "egfr" and chart.person.age(at) < 18:
            continue
        observation = chart.head("Observation") | {
            "status": "final",
            "category": LAB,
            "code": _test_code(key),
            "subject": chart.subject,
            "encounter": contact.encounter,
            "effectiveDateTime": when,
            "issued": issued,
            "performer": technician,
        }
        if key in values:
            observation |= _number(chart, key, values[key], at)
        else:
            observation |= _finding(contact, key)
        observation["specimen"] = source
        found.append(observation)
    return found


@cache
def _test_code(key: str) -> Resource:
    of = table("tests")[key]
    return concept(LOINC, (of["loinc"], of["display"]), of["name"])


def _number(chart: Chart, key: str, value: float, at: datetime) -> Resource:
    of = table("tests")[key]
    digits, unit = of["digits"], of["unit"]
    # A laboratory reports nothing below its smallest step.
    value = max(value, 10.0**-digits)
    rounded = round(value, digits) if digits else round(value)
    low, high = bounds(of, chart.person, at)
    return {
        "valueQuantity": quantity(rounded, unit),
        "interpretation": FLAGS[flag(rounded, low, high, of.get("critical", (None, None)))],
        "referenceRange": limits(low, high, unit),
    }


def _finding(contact: Contact, key: str) -> Resource:
    expected = table("tests")[key]["expected"]
    code, display, letter = table("findings")[
        table("positives").get(contact.reason, {}).get(key, expected)
    ]
    return {
        "valueCodeableConcept": concept(SNOMED, (code, display)),
        "interpretation": FLAGS[letter],
    }


def _report(chart: Chart, of: Mapping[str, Any], order: Resource, specimen: Resource,
            results: list[Resource]) -> Resource:  # fmt: skip
    found = chart.head("DiagnosticReport") | {
        "basedOn": [chart.ref(order)],
        "status": "final" if results else "registered",
        "category": SECTION[of["section"]],
        "code": order["code"],
        "subject": chart.subject,
        "encounter": order["encounter"],
        "effectiveDateTime": specimen["collection"]["collectedDateTime"],
        "performer": [chart.house.departments["laboratory"]],
        "specimen": [chart.ref(specimen)],
    }
    if results:
        found["issued"] = results[0]["issued"]
        found["result"] = [chart.ref(r, r["code"]["text"]) for r in results]
        flagged = [r["code"]["text"] for r in results if is_abnormal(r)]
        found["conclusion"] = (
            f"Outside the reference range: {', '.join(flagged)}." if flagged else "Normal."
        )
    return found


def is_abnormal(result: Resource) -> bool:
    """Whether an Observation is flagged at all."""
    return str(result["interpretation"][0]["coding"][0]["code"]) != "N"


def is_critical(resource: Resource) -> bool:
    """Whether it is a result someone must be called about."""
    return (
        resource["resourceType"] == "Observation"
        and resource["category"] is LAB
        and resource["interpretation"][0]["coding"][0]["code"] in CRITICAL
    )
