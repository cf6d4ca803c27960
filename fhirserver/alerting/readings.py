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
        return self.number if unit == self.unit else ucum.convert(self.number, self.unit, unit)

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
            codes, name, _decimal(quantity["value"]), quantity.get("code") or shown or "1", shown,
            quantity.get("comparator") or "", flags=flags,
        )  # fmt: skip
    if "valueInteger" in element:
        return Reading(codes, name, _decimal(element["valueInteger"]), "1", flags=flags)
    values = tuple(_codes(element.get("valueCodeableConcept", {})))
    return Reading(codes, name, values=values, flags=flags)


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
        moment = temporal.date(text) if text else None
        if moment is not None:
            return temporal.earliest(temporal.in_utc(moment)).replace(tzinfo=UTC)
    return None


def patient_of(resource: Resource) -> str | None:
    """The id of the patient that a resource is about."""
    who = resource.get("subject") or resource.get("patient") or {}
    kind, _, rest = str(who.get("reference") or "").rpartition("/")
    return rest if rest and kind.rpartition("/")[2] == "Patient" else None
