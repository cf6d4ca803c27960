"""Observations of vital signs and other measurements at the bedside and in clinic.

https://hl7.org/fhir/R4/observation-vitalsigns.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final

from fhirserver.demo.catalogue import table
from fhirserver.demo.fhir import HL7, LOINC, SNOMED, Resource, coding, concept, hl7, quantity
from fhirserver.demo.moment import stamp
from fhirserver.demo.physiology import CHILD
from fhirserver.demo.record.chart import Chart, Contact

PROFILE: Final = "http://hl7.org/fhir/StructureDefinition/"
VITAL: Final = [hl7("observation-category", "vital-signs", "Vital Signs")]
FLAGS: Final = {
    code: [hl7("v3-ObservationInterpretation", code, display)]
    for code, display in (
        ("N", "Normal"), ("H", "High"), ("L", "Low"), ("HH", "Critical high"),
        ("LL", "Critical low"), ("A", "Abnormal"), ("AA", "Critical abnormal"),
    )
}  # fmt: skip
# ACVPU, the scale NEWS2 uses, from alert to unresponsive.
ACVPU: Final = tuple(
    concept(SNOMED, pair)
    for pair in (
        ("248234008", "Mentally alert"), ("130987000", "Acute confusion"),
        ("300202002", "Responds to voice"), ("450847001", "Responds to pain"),
        ("422768004", "Unresponsive"),
    )
)  # fmt: skip
LIMIT: Final = {
    "saturation": (40, 100), "pain": (0, 10), "oxygen": (0, 15), "ejection-fraction": (10, 75),
    "phq9": (0, 27), "urine-output": (0, 2000), "fio2": (21, 100), "peep": (0, 24),
    "gestation": (0, 42), "coma-scale": (3, 15),
}  # fmt: skip
BLOOD_PRESSURE: Final = concept(
    LOINC, ["85354-9", "Blood pressure panel with all children optional"], "Blood pressure"
)
BP_META: Final = {"profile": [PROFILE + "bp"]}
UNABLE: Final = 3  # from there on nobody can say how bad the pain is
WHOLE: Final = ("blood-pressure", "pulse", "breaths", "saturation", "temperature")
BEDSIDE: Final = (*WHOLE, "oxygen", "consciousness", "pain")
CLINIC: Final = (*WHOLE, "height", "weight", "bmi", "pain")


def flag(value: float, low: float | None, high: float | None,
         critical: Sequence[float | None]) -> str:  # fmt: skip
    """The interpretation code of a value.

    >>> flag(6.4, 3.5, 5.1, (2.8, 6.2)), flag(4.0, 3.5, 5.1, (2.8, 6.2))
    ('HH', 'N')
    """
    least, most = critical
    if most is not None and value >= most:
        return "HH"
    if least is not None and value <= least:
        return "LL"
    if high is not None and value > high:
        return "H"
    return "L" if low is not None and value < low else "N"


@cache
def limits(low: float | None, high: float | None, ucum: str) -> list[Resource]:
    """A reference range; either end may be absent."""
    ends = {"low": low, "high": high}
    return [{
        name: quantity(end, ucum)
        for name, end in ends.items() if end is not None
    }]  # fmt: skip


@cache
def _code(key: str) -> Resource:
    of = table("vitals")[key]
    found = concept(LOINC, [of["loinc"], of["display"]])
    if "also" in of:
        found["coding"].append(coding(LOINC, *of["also"]))
    return found


@cache
def _meta(key: str) -> Resource | None:
    profile = table("vitals")[key].get("profile")
    return {"profile": [PROFILE + profile]} if profile else None


def _rounded(key: str, value: float, digits: int) -> float:
    if key in LIMIT:
        least, most = LIMIT[key]
        value = min(max(value, least), most)
    return round(value, digits) if digits else round(value)


def vitals(chart: Chart, contact: Contact, at: datetime, keys: Sequence[str]) -> list[Resource]:
    """One round of vital signs."""
    found: list[Resource] = []
    seen: dict[str, float] = {}
    level = 0
    for key in keys:
        if key == "pain" and level >= UNABLE:
            continue
        if key == "blood-pressure":
            found.append(_blood_pressure(chart, contact, at))
        elif key == "consciousness":
            level = round(chart.body.value(key, at, contact.stay))
            found.append(
                _vital(chart, contact, at, key, value={"valueCodeableConcept": ACVPU[level]},
                       interpretation="N" if level == 0 else "A")
            )  # fmt: skip
        else:
            value = _bmi(seen) if key == "bmi" else chart.body.value(key, at, contact.stay)
            rounded = seen[key] = _rounded(key, value, table("vitals")[key]["digits"])
            if key == "oxygen" and not rounded:
                continue
            found.append(_number(chart, contact, at, key, rounded))
    return found


def _bmi(seen: Mapping[str, float]) -> float:
    return seen["weight"] / (seen["height"] / 100) ** 2


def _number(chart: Chart, contact: Contact, at: datetime, key: str, value: float) -> Resource:
    of = table("vitals")[key]
    low, high, critical = _range(chart, key, at)
    found = _vital(
        chart, contact, at, key,
        value={"valueQuantity": quantity(value, of["unit"])},
        interpretation=flag(value, low, high, critical) if low is not None else None,
    )  # fmt: skip
    if low is not None:
        found["referenceRange"] = limits(low, high, of["unit"])
    return found


def _range(chart: Chart, key: str, at: datetime) -> tuple[Any, Any, Sequence[float | None]]:
    """What is normal for that age."""
    of = table("vitals")[key]
    if key in CHILD and chart.person.age(at) < 16:
        level = chart.body.typical(key, at)
        low, high = round(level * 0.75), round(level * 1.25)
        return low, high, (round(level * 0.6), round(level * 1.5))
    if key == "bmi" and chart.person.age(at) < 18:
        return None, None, (None, None)
    low, high = of.get("range", (None, None))
    return low, high, of.get("critical", (None, None))


def _vital(chart: Chart, contact: Contact, at: datetime, key: str, *, value: Resource,
           interpretation: str | None) -> Resource:  # fmt: skip
    found = chart.head("Observation")
    meta = _meta(key)
    if meta:
        found["meta"] = meta
    when = stamp(at)
    found["status"] = "final"
    found["category"] = VITAL
    found["code"] = _code(key)
    found["subject"] = chart.subject
    found["encounter"] = contact.encounter
    found["effectiveDateTime"] = when
    found["issued"] = when
    found["performer"] = [contact.nurse]
    found.update(value)
    if interpretation:
        found["interpretation"] = FLAGS[interpretation]
    return found


def _blood_pressure(chart: Chart, contact: Contact, at: datetime) -> Resource:
    when = stamp(at)
    return {
        **chart.head("Observation"),
        "meta": BP_META,
        "status": "final",
        "category": VITAL,
        "code": BLOOD_PRESSURE,
        "subject": chart.subject,
        "encounter": contact.encounter,
        "effectiveDateTime": when,
        "issued": when,
        "performer": [contact.nurse],
        "component": [_pressure(chart, contact, at, key) for key in ("systolic", "diastolic")],
    }


def _pressure(chart: Chart, contact: Contact, at: datetime, key: str) -> Resource:
    low, high, critical = _range(chart, key, at)
    value = round(chart.body.value(key, at, contact.stay))
    return {
        "code": _code(key),
        "valueQuantity": quantity(value, "mm[Hg]"),
        "interpretation": FLAGS[flag(value, low, high, critical)],
        "referenceRange": limits(low, high, "mm[Hg]"),
    }


@cache
def _category(code: str) -> list[Resource]:
    return [hl7("observation-category", code, code.capitalize())]


def measure(chart: Chart, contact: Contact, at: datetime, key: str,
            device: Resource | None = None) -> Resource:  # fmt: skip
    """One of `data/measures.json`: a score, a setting, a calculated size."""
    of = table("measures")[key]
    value = _rounded(key, chart.body.value(key, at, contact.stay), of["digits"])
    when = stamp(at)
    found = chart.head("Observation") | {
        "status": "final",
        "category": _category(of["category"]),
        "code": concept(LOINC, of["loinc"]),
        "subject": chart.subject,
        "encounter": contact.encounter,
        "effectiveDateTime": when,
        "issued": when,
        "performer": [contact.nurse],
        "valueQuantity": quantity(value, of["unit"]),
    }  # fmt: skip
    low, high = of.get("range", (None, None))
    if low is not None or high is not None:
        found["interpretation"] = FLAGS[flag(value, low, high, (None, None))]
        found["referenceRange"] = limits(low, high, of["unit"])
    if device and of.get("device"):
        found["device"] = device
    return found


SMOKING: Final = concept(LOINC, ["72166-2", "Tobacco smoking status NHIS"])
SMOKES: Final = {
    True: concept(SNOMED, ["449868002", "Smokes tobacco daily"]),
    False: concept(SNOMED, ["266919005", "Never smoked tobacco"]),
}


def smoking(chart: Chart, contact: Contact, at: datetime) -> Resource:
    """Whether the patient smokes."""
    when = stamp(at)
    return chart.head("Observation") | {
        "status": "final",
        "category": [{"coding": [coding(HL7 + "observation-category", "social-history",
                                        "Social History")]}],
        "code": SMOKING,
        "subject": chart.subject,
        "encounter": contact.encounter,
        "effectiveDateTime": when,
        "issued": when,
        "performer": [contact.nurse],
        "valueCodeableConcept": SMOKES[chart.person.smoker],
    }  # fmt: skip
