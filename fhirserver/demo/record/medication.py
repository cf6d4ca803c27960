"""Medicines: prescribed, dispensed, stated as taken, and given on the ward.

https://hl7.org/fhir/R4/medicationrequest.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final

from fhirserver.demo.catalogue import table
from fhirserver.demo.fhir import RXNORM, SHOWN, SNOMED, Resource, concept, hl7, identifier, quantity
from fhirserver.demo.history import Course
from fhirserver.demo.moment import DAY, HOUR, MINUTE, stamp
from fhirserver.demo.record.chart import Chart, Contact

ROUTE: Final = {
    "oral": concept(SNOMED, ["26643006", "Oral route"]),
    "intravenous": concept(SNOMED, ["47625008", "Intravenous route"]),
    "subcutaneous": concept(SNOMED, ["34206005", "Subcutaneous route"]),
    "inhaled": concept(SNOMED, ["447694001", "Respiratory tract route"]),
}
OUTPATIENT: Final = [hl7("medicationrequest-category", "outpatient", "Outpatient")]
INPATIENT: Final = [hl7("medicationrequest-category", "inpatient", "Inpatient")]
COMMUNITY: Final = hl7("medication-statement-category", "community", "Community")
GIVEN_INPATIENT: Final = hl7("medication-admin-category", "inpatient", "Inpatient")
FIRST_FILL: Final = hl7("v3-ActCode", "FF", "First Fill")
REFILL: Final = hl7("v3-ActCode", "RF", "Refill")
REFUSED: Final = {"text": "Patient declined"}
SUPPLY: Final = 90 * DAY
RENEWAL: Final = 360 * DAY
KEPT: Final = 900 * DAY  # the pharmacy keeps its dispensing record that long


@cache
def code(key: str) -> Resource:
    """The drug in RxNorm."""
    return concept(RXNORM, table("drugs")[key]["rxnorm"])


@cache
def directions(key: str) -> str:
    """How to take it, in words."""
    of = table("drugs")[key]
    amount, unit = of["dose"]
    every = of["hours"]
    when = f"every {every} hours" if every < 24 else f"every {every // 24} days"
    when = "once a day" if every == 24 else when
    need = " as needed" if of.get("prn") else ""
    return f"{amount} {SHOWN.get(unit, unit)} {of['route']} {when}{need}"


@cache
def _dose(key: str) -> Resource:
    return quantity(*table("drugs")[key]["dose"])


@cache
def _dosage(key: str) -> list[Resource]:
    of = table("drugs")[key]
    daily = of["hours"] % 24 == 0
    repeat = {
        "frequency": 1,
        "period": of["hours"] // 24 if daily else of["hours"],
        "periodUnit": "d" if daily else "h",
    }
    return [{
        "sequence": 1,
        "text": directions(key),
        "timing": {"repeat": repeat},
        "asNeededBoolean": of.get("prn", False),
        "route": ROUTE[of["route"]],
        "doseAndRate": [{
            "type": hl7("dose-rate-type", "ordered", "Ordered"), "doseQuantity": _dose(key),
        }],
    }]  # fmt: skip


def _request(chart: Chart, key: str, at: datetime, *, status: str, category: list[Resource],
             requester: Resource, reasons: list[Resource]) -> Resource:  # fmt: skip
    head = chart.head("MedicationRequest")
    found = head | {
        "identifier": [identifier("prescription", f"P{head['id'][:8].upper()}")],
        "status": status,
        "intent": "order",
        "category": category,
        "priority": "routine",
        "medicationCodeableConcept": code(key),
        "subject": chart.subject,
        "authoredOn": stamp(at),
        "requester": requester,
        "dosageInstruction": _dosage(key),
        # Whom it names serves the patient, and sees whose prescription it is.
        "dispenseRequest": {"performer": chart.house.departments["pharmacy"]},
    }
    if reasons:
        found["reasonReference"] = reasons
    return found


def course(chart: Chart, of: Course, reasons: list[Resource]) -> list[Resource]:
    """A drug taken at home: a prescription a year, a box every ninety days, one statement."""
    until = of.until or chart.end
    found: list[Resource] = []
    at, first = of.since, True
    while at < until:
        ends = min(at + RENEWAL, until)
        status = "active" if of.until is None and ends >= chart.end else "completed"
        order = _request(chart, of.drug, at, status=status, category=OUTPATIENT,
                         requester=chart.physician, reasons=reasons)  # fmt: skip
        order["dispenseRequest"] |= {
            "validityPeriod": {"start": stamp(at), "end": stamp(at + RENEWAL)},
            "numberOfRepeatsAllowed": 3,
            "expectedSupplyDuration": quantity(SUPPLY // DAY, "d"),
        }
        found.append(order)
        fill = at + HOUR * 2
        while fill < ends:
            if fill > chart.end - KEPT:
                kind = FIRST_FILL if first else REFILL
                found.append(_dispense(chart, of.drug, fill, order, kind))
            first = False
            fill += SUPPLY
        at += RENEWAL
    if found:
        found.append(_statement(chart, of, found[0], reasons))
    return found


def _per_day(of: Mapping[str, Any]) -> float:
    return max(1.0, 24 / float(of["hours"]))


def _dispense(chart: Chart, key: str, at: datetime, order: Resource, kind: Resource) -> Resource:
    head = chart.head("MedicationDispense")
    return head | {
        "identifier": [identifier("dispense", f"D{head['id'][:8].upper()}")],
        "status": "completed",
        "medicationCodeableConcept": code(key),
        "subject": chart.subject,
        "performer": [{"actor": chart.someone("pharmacist", "pharmacy")}],
        "location": chart.house.wards["pharmacy"],
        "authorizingPrescription": [chart.ref(order)],
        "type": kind,
        "quantity": {"value": round(90 * _per_day(table("drugs")[key]))},
        "daysSupply": quantity(90, "d"),
        "whenPrepared": stamp(at),
        "whenHandedOver": stamp(min(at + MINUTE * 25, chart.end)),
        "dosageInstruction": _dosage(key),
    }


def _statement(chart: Chart, of: Course, order: Resource, reasons: list[Resource]) -> Resource:
    span = {"start": stamp(of.since)}
    if of.until:
        span["end"] = stamp(of.until)
    found = chart.head("MedicationStatement") | {
        "basedOn": [chart.ref(order)],
        "status": "completed" if of.until else "active",
        "category": COMMUNITY,
        "medicationCodeableConcept": code(of.drug),
        "subject": chart.subject,
        "effectivePeriod": span,
        "dateAsserted": stamp(max(of.since, chart.end - DAY * 30)),
        "informationSource": chart.subject,
        "dosage": _dosage(of.drug),
    }
    if reasons:
        found["reasonReference"] = reasons
    return found


def once(chart: Chart, contact: Contact, key: str, at: datetime) -> list[Resource]:
    """A drug prescribed at a visit: injections are given there, the rest is collected."""
    order = _request(chart, key, at, status="completed", category=OUTPATIENT,
                     requester=contact.doctor, reasons=list(contact.reasons))  # fmt: skip
    order["encounter"] = contact.encounter
    if table("drugs")[key]["form"] == "injection":
        return [order, _given(chart, contact, key, at + MINUTE * 10, order)]
    return [order, _dispense(chart, key, min(at + HOUR, chart.end), order, FIRST_FILL)]


def ward(chart: Chart, contact: Contact, key: str, since: datetime,
         until: datetime) -> list[Resource]:  # fmt: skip
    """A drug on the ward chart, with every dose given."""
    assert contact.stay is not None
    status = "completed" if contact.stay.discharged else "active"
    order = _request(chart, key, since, status=status, category=INPATIENT,
                     requester=contact.doctor, reasons=list(contact.reasons))  # fmt: skip
    order["encounter"] = contact.encounter
    del order["medicationCodeableConcept"]
    order["medicationReference"] = chart.house.links.to("Medication", key, code(key)["text"])
    found = [order]
    every = HOUR * table("drugs")[key]["hours"]
    at = since + MINUTE * 30
    while at < until:
        given = at + MINUTE * int(chart.chance.random() * 20)
        if given < until:
            found.append(_given(chart, contact, key, given, order))
        at += every
    return found


def _given(chart: Chart, contact: Contact, key: str, at: datetime, order: Resource) -> Resource:
    of = table("drugs")[key]
    refused = of["route"] == "oral" and chart.chance.random() < 0.03
    found = chart.head("MedicationAdministration") | {
        "status": "not-done" if refused else "completed",
        "category": GIVEN_INPATIENT,
        "medicationCodeableConcept": code(key),
        "subject": chart.subject,
        "context": contact.encounter,
        "effectiveDateTime": stamp(at),
        "performer": [{"actor": contact.nurse}],
        "request": chart.ref(order),
        "dosage": {"text": directions(key), "route": ROUTE[of["route"]], "dose": _dose(key)},
    }
    if refused:
        found["statusReason"] = [REFUSED]
    return found
