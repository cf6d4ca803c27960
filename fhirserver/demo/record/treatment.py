"""Procedures and immunizations.

https://hl7.org/fhir/R4/procedure.html
https://hl7.org/fhir/R4/immunization.html
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from fhirserver.demo.catalogue import table
from fhirserver.demo.fhir import CVX, SNOMED, Resource, coding, concept, hl7, quantity
from fhirserver.demo.moment import MINUTE, day, stamp, years
from fhirserver.demo.record.chart import Chart, Contact

CATEGORY: Final = {
    "surgical": concept(SNOMED, ["387713003", "Surgical procedure"]),
    "diagnostic": concept(SNOMED, ["103693007", "Diagnostic procedure"]),
    "therapy": concept(SNOMED, ["277132007", "Therapeutic procedure"]),
}
SUCCESSFUL: Final = concept(SNOMED, ["385669000", "Successful"])
INTO_MUSCLE: Final = hl7("v3-RouteOfAdministration", "IM", "Injection, intramuscular")
BY_MOUTH: Final = hl7("v3-RouteOfAdministration", "PO", "Swallow, oral")
LEFT_ARM: Final = hl7("v3-ActSite", "LA", "left arm")
ADMINISTERED: Final = hl7("v2-0443", "AP", "Administering Provider")


def procedure(chart: Chart, contact: Contact, at: datetime, key: str,
              until: datetime | None = None) -> Resource | None:  # fmt: skip
    """Something done to the patient; none when it still lies ahead."""
    of = table("procedures")[key]
    if at >= chart.end:
        return None
    going_on = until is not None and until > chart.end
    end = until or at + MINUTE * of["minutes"]
    going_on = going_on or end > chart.end
    span = {"start": stamp(at)} if going_on else {"start": stamp(at), "end": stamp(end)}
    place = of.get("place", "clinic" if contact.stay is None else contact.stay.legs[-1].ward)
    found = chart.head("Procedure") | {
        "status": "in-progress" if going_on else "completed",
        "category": CATEGORY[of["category"]],
        "code": concept(SNOMED, of["snomed"]),
        "subject": chart.subject,
        "encounter": contact.encounter,
        "performedPeriod": span,
        "recorder": contact.nurse,
        "performer": [{"actor": chart.someone("doctor", of["role"]),
                       "onBehalfOf": chart.house.departments[of["role"]]}],
        "location": chart.house.wards[place],
    }  # fmt: skip
    if contact.reasons:
        found["reasonReference"] = list(contact.reasons)
    else:
        found["reasonCode"] = [{"text": contact.reason.replace("-", " ").capitalize()}]
    if of["category"] == "surgical" and not going_on:
        found["outcome"] = SUCCESSFUL
    return found


def immunization(chart: Chart, contact: Contact, at: datetime, key: str) -> Resource:
    """A vaccine given at a visit."""
    of = table("vaccines")[key]
    system, code, display = CVX, of["cvx"][0], of["cvx"][1]
    found = chart.head("Immunization") | {
        "status": "completed",
        "vaccineCode": {"coding": [coding(system, code, display)], "text": of["name"]},
        "patient": chart.subject,
        "encounter": contact.encounter,
        "occurrenceDateTime": stamp(at),
        "primarySource": True,
        "location": chart.house.wards["clinic"],
        "lotNumber": f"{code}{chart.chance.randrange(1000, 9999)}",
        "expirationDate": day(at + years(1)),
        "route": BY_MOUTH if of.get("oral") else INTO_MUSCLE,
        "doseQuantity": quantity(of["dose"], "mL"),
        "performer": [{"function": ADMINISTERED, "actor": contact.nurse}],
    }
    if not of.get("oral"):
        found["site"] = LEFT_ARM
    return found
