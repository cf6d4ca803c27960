"""FHIR datatypes as plain dicts, in FHIR's own spelling.

https://hl7.org/fhir/R4/datatypes.html

What these functions return is shared between resources and never mutated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

Resource = dict[str, Any]

SNOMED: Final = "http://snomed.info/sct"
LOINC: Final = "http://loinc.org"
RXNORM: Final = "http://www.nlm.nih.gov/research/umls/rxnorm"
ICD10: Final = "http://hl7.org/fhir/sid/icd-10-cm"
CVX: Final = "http://hl7.org/fhir/sid/cvx"
UCUM: Final = "http://unitsofmeasure.org"
DICOM: Final = "http://dicom.nema.org/resources/ontology/DCM"
HL7: Final = "http://terminology.hl7.org/CodeSystem/"
# UCUM codes that nobody on a ward would write.
SHOWN: Final[Mapping[str, str]] = {
    "mm[Hg]": "mmHg", "cm[H2O]": "cmH2O", "Cel": "°C", "[pH]": "pH", "[iU]": "units",
    "m[IU]/L": "mIU/L", "[arb'U]/mL": "U/mL", "{INR}": "INR", "{ratio}": "ratio",
    "{score}": "points", "{T-score}": "T-score", "{puff}": "puff", "{tbl}": "tablet",
    "mL/min/{1.73_m2}": "mL/min/1.73 m2", "10*3/uL": "10^3/uL", "10*6/uL": "10^6/uL",
    "ug": "mcg", "wk": "weeks", "d": "days", "a": "years",
}  # fmt: skip
OURS: Final = "https://fhirserver.example/"


def coding(system: str, code: str, display: str) -> Resource:
    """One Coding."""
    return {"system": system, "code": code, "display": display}


def concept(system: str, pair: Sequence[Any], text: str | None = None) -> Resource:
    """A CodeableConcept of a `[code, display]` pair; its text is the display unless given.

    >>> concept(SNOMED, ["38341003", "Hypertension"])["text"]
    'Hypertension'
    """
    return {"coding": [coding(system, pair[0], pair[1])], "text": text or pair[1]}


def hl7(name: str, code: str, display: str) -> Resource:
    """A CodeableConcept of one of HL7's own code systems, without a text."""
    return {"coding": [coding(HL7 + name, code, display)]}


def quantity(value: float, ucum: str) -> Resource:
    """A Quantity with a UCUM code, and the unit that people read.

    >>> quantity(120, "mm[Hg]")["unit"]
    'mmHg'
    """
    return {"value": value, "unit": SHOWN.get(ucum, ucum), "system": UCUM, "code": ucum}


def money(value: float) -> Resource:
    """An amount in US dollars and cents."""
    return {"value": round(value, 2), "currency": "USD"}


def identifier(kind: str, value: str) -> Resource:
    """An Identifier in one of the hospital's own systems."""
    return {"system": OURS + kind, "value": value}


def period(start: str, end: str | None = None) -> Resource:
    """A Period; without an end it is still going on."""
    return {"start": start, "end": end} if end else {"start": start}


def present(resource: Mapping[str, Any]) -> Resource:
    """The same resource without its absent (None) and empty elements.

    >>> present({"id": "1", "note": None, "name": []})
    {'id': '1'}
    """
    return {key: value for key, value in resource.items() if value is not None and value != []}
