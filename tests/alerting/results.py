"""Observations and patients for the rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

LOINC = "http://loinc.org"
MDC = "urn:iso:std:iso:11073:10101"
SNOMED = "http://snomed.info/sct"
UCUM = "http://unitsofmeasure.org"
NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
LABORATORY = [
    {
        "coding": [
            {
                "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                "code": "laboratory",
            }
        ]
    }
]


def quantity(number: str, unit: str) -> dict[str, Any]:
    comparator = number[: len(number) - len(number.lstrip("<>="))]
    found = {"value": Decimal(number.lstrip("<>=")), "unit": unit, "system": UCUM, "code": unit}
    return found | ({"comparator": comparator} if comparator else {})


def observed(
    code: str, number: str, unit: str, *, hours: float = 0, system: str = LOINC, **more: Any
) -> dict[str, Any]:
    """An Observation of so many hours ago."""
    return {
        "resourceType": "Observation",
        "id": f"o{code}-{hours}",
        "status": "final",
        "code": {"coding": [{"system": system, "code": code}]},
        "subject": {"reference": "Patient/1"},
        "effectiveDateTime": (NOW - timedelta(hours=hours)).isoformat(),
        "valueQuantity": quantity(number, unit),
        **more,
    }
