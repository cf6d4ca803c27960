"""The Claim for an encounter and the insurer's ExplanationOfBenefit.

https://hl7.org/fhir/R4/claim.html
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from fhirserver.demo.catalogue import table
from fhirserver.demo.fhir import ICD10, Resource, coding, hl7, identifier, money
from fhirserver.demo.moment import DAY, day, stamp
from fhirserver.demo.record.chart import Chart, Contact

NORMAL: Final = hl7("processpriority", "normal", "Normal")
PROFESSIONAL: Final = hl7("claim-type", "professional", "Professional")
INSTITUTIONAL: Final = hl7("claim-type", "institutional", "Institutional")
PRIMARY: Final = hl7("claimcareteamrole", "primary", "Primary provider")
PRICE: Final = {"Procedure": 640.0, "ImagingStudy": 310.0, "Immunization": 48.0,
                "DiagnosticReport": 42.0}  # fmt: skip
SHARE: Final = 0.8  # of the eligible amount the insurer pays
ADJUDICATION: Final = {
    code: hl7("adjudication", code, display)
    for code, display in (
        ("submitted", "Submitted Amount"), ("eligible", "Eligible Amount"),
        ("copay", "CoPay"), ("benefit", "Benefit Amount"),
    )
}  # fmt: skip


def bill(chart: Chart, contact: Contact, done: Sequence[Resource], *, base: float,
         coverage: Resource, end: datetime) -> list[Resource]:  # fmt: skip
    """The claim sent the day after, and its settlement two weeks later, when that has come.

    `done` is what was done, the Encounter first; `base` its own price.
    """
    created = end + DAY
    if created > chart.end:
        return []
    span = done[0]["period"]
    lines = _lines(done[0]["type"][0], base, done)
    common = {
        "status": "active",
        "type": INSTITUTIONAL if contact.stay else PROFESSIONAL,
        "use": "claim",
        "patient": chart.subject,
        "billablePeriod": span,
    }
    parties = {
        "insurer": chart.house.departments["payer"],
        "provider": chart.house.departments["hospital"],
    }
    diagnosis = [{"sequence": 1, "diagnosisCodeableConcept": _diagnosis(contact.reason)}]
    items = [
        {
            "sequence": number,
            "careTeamSequence": [1],
            "diagnosisSequence": [1],
            "productOrService": code,
            "servicedDate": span["start"][:10],
            "quantity": {"value": 1},
            "unitPrice": money(price),
            "net": money(price),
            **({"encounter": [contact.encounter]} if number == 1 else {}),
        }
        for number, (code, price) in enumerate(lines, start=1)
    ]
    total = sum(price for _, price in lines)
    head = chart.head("Claim")
    claim = head | {
        "identifier": [identifier("claim", f"C{head['id'][:8].upper()}")],
        **common,
        "created": stamp(created),
        **parties,
        "priority": NORMAL,
        "careTeam": [{"sequence": 1, "provider": contact.doctor, "role": PRIMARY}],
        "diagnosis": diagnosis,
        "insurance": [{"sequence": 1, "focal": True, "coverage": chart.ref(coverage)}],
        "item": items,
        "total": money(total),
    }
    settled = created + DAY * 14
    if settled > chart.end:
        return [claim]
    shared = common | {"created": stamp(settled)} | parties
    return [claim, _settlement(chart, claim, shared, settled)]


def _lines(kind: Resource, base: float, done: Sequence[Resource]) -> list[tuple[Resource, float]]:
    lines = [(kind, base)]
    for resource in done:
        price = PRICE.get(resource["resourceType"])
        if price and len(lines) < 8:
            code = resource.get("code") or resource.get("vaccineCode")
            lines.append((code or resource["procedureCode"][0], price))
    return lines


def _diagnosis(reason: str) -> Resource:
    code, display = table("problems")[reason]["icd10"]
    return {"coding": [coding(ICD10, code, display)]}


def _settlement(chart: Chart, claim: Resource, common: Resource, settled: datetime) -> Resource:
    head = chart.head("ExplanationOfBenefit")
    total = claim["total"]["value"]
    return head | {
        "identifier": [identifier("eob", f"E{head['id'][:8].upper()}")],
        **common,
        "claim": chart.ref(claim),
        "outcome": "complete",
        "careTeam": claim["careTeam"],
        "diagnosis": claim["diagnosis"],
        "insurance": [{"focal": True, "coverage": claim["insurance"][0]["coverage"]}],
        "item": [_settled(item) for item in claim["item"]],
        "total": _amounts(total),
        "payment": {
            "type": hl7("ex-paymenttype", "complete", "Complete"),
            "date": day(settled),
            "amount": money(total * SHARE),
        },
    }


def _settled(item: Resource) -> Resource:
    return {
        "sequence": item["sequence"],
        "diagnosisSequence": [1],
        "productOrService": item["productOrService"],
        "servicedDate": item["servicedDate"],
        "net": item["net"],
        "adjudication": _amounts(item["net"]["value"]),
    }


def _amounts(total: float) -> Sequence[Resource]:
    return [
        {"category": ADJUDICATION["submitted"], "amount": money(total)},
        {"category": ADJUDICATION["copay"], "amount": money(total * (1 - SHARE))},
        {"category": ADJUDICATION["benefit"], "amount": money(total * SHARE)},
    ]
