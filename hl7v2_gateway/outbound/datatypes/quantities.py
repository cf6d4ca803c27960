"""CQ, NR and SN: quantities, ranges, and numbers with a sign or in a relation."""

from __future__ import annotations

from typing import Any

from hl7v2_gateway.outbound.datatypes.concepts import units
from hl7v2_gateway.outbound.datatypes.texts import plain
from hl7v2_gateway.outbound.segments import Part, Repetition, repetition
from hl7v2_gateway.outbound.writing import Writing, writer


@writer("CQ", "Quantity", "Duration", "SimpleQuantity", "Age")
def cq(value: Any, writing: Writing) -> Repetition | None:
    """How much, and of which unit."""
    unit = units(value, writing) or ()
    return repetition(_number(value), [part[0] if part else "" for part in unit])


@writer("NR", "Range")
def nr(value: Any, writing: Writing) -> Repetition | None:
    """From how much to how much."""
    del writing
    return repetition(_number(value.get("low")), _number(value.get("high")))


@writer("SN", "Quantity", "Duration", "SimpleQuantity")
def sn(value: Any, writing: Writing) -> Repetition | None:
    """A number with a sign, as `<5`."""
    del writing
    return repetition(value.get("comparator"), _number(value))


@writer("SN", "Range")
def sn_of_range(value: Any, writing: Writing) -> Repetition | None:
    """From one number to another."""
    del writing
    return repetition(None, _number(value.get("low")), "-", _number(value.get("high")))


@writer("SN", "Ratio")
def sn_of_ratio(value: Any, writing: Writing) -> Repetition | None:
    """One number to another, as titres."""
    del writing
    numerator, denominator = value.get("numerator", {}), value.get("denominator", {})
    return repetition(numerator.get("comparator"), _number(numerator), ":", _number(denominator))


@writer("ST", "Observation.referenceRange")
def reference_range(value: Any, writing: Writing) -> Repetition | None:
    """The text of a range of normal values, or `low-high`, `>low`, `<high`.

    HL7 v2.8.2, 7.4.2.7 (OBX-7).
    """
    del writing
    if value.get("text"):
        return repetition(value["text"])
    low, high = _number(value.get("low")), _number(value.get("high"))
    if low is not None and high is not None:
        return repetition(f"{low}-{high}")
    if low is not None:
        return repetition(f">={low}")
    return repetition(f"<={high}") if high is not None else None


@writer("ST", "Quantity")
def said(value: Any, writing: Writing) -> Repetition | None:
    """A quantity as text."""
    del writing
    parts = [value.get("comparator"), _number(value), value.get("unit") or value.get("code")]
    return repetition(" ".join(p for p in parts if p))


def _number(quantity: Any) -> str | None:
    value = None if quantity is None else quantity.get("value")
    return None if value is None else plain(value)


def number(quantity: Any) -> Part:
    """The number of a quantity."""
    return _number(quantity)
