"""What an Observation says: its values by code, components too, and when it was so.

https://hl7.org/fhir/R4/observation.html
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from fhirserver.fhirpath import temporal
from fhirserver.model import ucum
from fhirserver.model.resource import Resource

Code = tuple[str, str]

UCUM: Final = "http://unitsofmeasure.org"
SPELT: Final = {
    "mmhg": "mm[Hg]", "mm hg": "mm[Hg]",
    "c": "Cel", "°c": "Cel", "degc": "Cel", "deg c": "Cel",
    "f": "[degF]", "°f": "[degF]", "degf": "[degF]", "deg f": "[degF]",
    "bpm": "/min", "beats/min": "/min", "beats/minute": "/min", "breaths/min": "/min",
    "breaths/minute": "/min", "/minute": "/min", "per minute": "/min",
    "ph": "[pH]", "inr": "1", "ratio": "1", "iu/l": "U/L",
    "k/ul": "10*3/uL", "k/µl": "10*3/uL", "thou/ul": "10*3/uL", "x10e3/ul": "10*3/uL",
    "x10^3/ul": "10*3/uL", "10e3/ul": "10*3/uL", "x10e9/l": "10*9/L", "x10^9/l": "10*9/L",
    "10e9/l": "10*9/L",
}  # fmt: skip
"""Units as they are spelt where no code of UCUM is given."""
_WITHOUT: Final = frozenset({"[pH]"})
"""What is measured in these is often told as a bare number."""
SAID: Final = frozenset({"preliminary", "final", "amended", "corrected"})
"""What counts: a value that somebody stands for."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A value of an Observation or of a component: a number with its unit, or codes."""

    codes: tuple[Code, ...]
    name: str
    number: Decimal | None = None
    unit: str = ""
    shown_unit: str = ""
    comparator: str = ""
    values: tuple[Code, ...] = ()
    flags: tuple[str, ...] = ()

    def has(self, codes: Collection[Code]) -> bool:
        """Whether this is one of these kinds of value."""
        return any(c in codes for c in self.codes)

    def has_value(self, codes: Collection[Code]) -> bool:
        """Whether the value is one of these codes."""
        return any(v in codes for v in self.values)

    def inside(self, unit: str) -> Decimal | None:
        """The number in another unit; None when they measure different things."""
        if self.number is None:
            return None
        if unit == self.unit or (unit in _WITHOUT and self.unit == "1"):
            return self.number
        return ucum.convert(self.number, self.unit, unit)

    @property
    def text(self) -> str:
        """The value as people read it."""
        if self.number is None:
            return ", ".join(self.flags)
        return f"{self.comparator}{self.number} {self.shown_unit or self.unit}".strip()


def readings(observation: Resource) -> Iterator[Reading]:
    """The values of an Observation that counts; nothing of one in error, cancelled or unsaid."""
    if observation.get("status") not in SAID:
        return
    for element in (observation, *observation.get("component", ())):
        if "dataAbsentReason" not in element:
            yield _reading(element)


def _reading(element: Resource) -> Reading:
    concept = element.get("code", {})
    codes = tuple(_codes(concept))
    name = concept.get("text") or next(
        (c["display"] for c in concept.get("coding", ()) if c.get("display")), "value"
    )
    flags = tuple(c for i in element.get("interpretation", ()) for _, c in _codes(i))
    quantity = element.get("valueQuantity")
    if quantity and quantity.get("value") is not None:
        shown = quantity.get("unit") or ""
        return Reading(
            codes, name, _decimal(quantity["value"]), _unit(quantity), shown,
            quantity.get("comparator") or "", flags=flags,
        )  # fmt: skip
    if "valueInteger" in element:
        return Reading(codes, name, _decimal(element["valueInteger"]), "1", flags=flags)
    values = tuple(_codes(element.get("valueCodeableConcept", {})))
    return Reading(codes, name, values=values, flags=flags)


def _unit(quantity: Resource) -> str:
    """The unit in UCUM; one that is only spelt out as people do is looked up; none is `1`."""
    code: str = quantity.get("code") or ""
    if code and quantity.get("system") == UCUM:
        return code
    spelt = " ".join((code or quantity.get("unit") or "").split())
    return SPELT.get(spelt.lower(), spelt) or "1"


def _codes(concept: Resource) -> Iterator[Code]:
    for coding in concept.get("coding", ()):
        if coding.get("code"):
            yield coding.get("system") or "", coding["code"]


def _decimal(value: Any) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))


def taken_at(observation: Resource) -> datetime | None:
    """When it was so: the end of a period, else the time; when it was issued if neither says."""
    period = observation.get("effectivePeriod", {})
    for text in (
        observation.get("effectiveDateTime"), observation.get("effectiveInstant"),
        period.get("end"), period.get("start"), observation.get("issued"),
    ):  # fmt: skip
        moment = _moment(text)
        if moment is not None:
            return moment
    return None


def issued_at(observation: Resource) -> datetime | None:
    """When the laboratory gave it out, if it says so."""
    return _moment(observation.get("issued"))


def _moment(text: str | None) -> datetime | None:
    moment = temporal.date(text) if text else None
    if moment is None:
        return None
    return temporal.earliest(temporal.in_utc(moment)).replace(tzinfo=UTC)


def patient_of(resource: Resource) -> str | None:
    """The id of the patient that a resource is about."""
    who = resource.get("subject") or resource.get("patient") or {}
    kind, _, rest = str(who.get("reference") or "").rpartition("/")
    return rest if rest and kind.rpartition("/")[2] == "Patient" else None
