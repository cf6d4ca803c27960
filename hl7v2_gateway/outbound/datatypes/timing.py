"""TQ and RPT: how often, how long, how urgent."""

from __future__ import annotations

from typing import Any, Final

from hl7v2_gateway.outbound.datatypes.texts import plain
from hl7v2_gateway.outbound.segments import Repetition, repetition
from hl7v2_gateway.outbound.writing import Writing, writer

# Table 0335's letters for units of time.
_UNIT: Final = {"s": "S", "min": "M", "h": "H", "d": "D", "wk": "W", "mo": "L"}


@writer("RPT", "Timing")
def rpt(value: Any, writing: Writing) -> Repetition | None:
    """The pattern by which something is repeated (table 0335).

    >>> rpt({"repeat": {"frequency": 1, "period": 8, "periodUnit": "h"}}, None)
    (('Q8H',),)
    """
    del writing
    text = pattern(value)
    return repetition(text) if text else None


@writer("ST", "Timing")
def said(value: Any, writing: Writing) -> Repetition | None:
    """The pattern as text."""
    return rpt(value, writing)


def pattern(timing: Any) -> str | None:
    """The code of a timing, `Q8H`, `3ID` or `QD`; None for what no pattern says."""
    codes = [c["code"] for c in timing.get("code", {}).get("coding", ()) if c.get("code")]
    if codes:
        return str(codes[0])
    repeat = timing.get("repeat", {})
    count, period, unit = (
        repeat.get("frequency", 1), repeat.get("period"), _UNIT.get(repeat.get("periodUnit", ""))
    )  # fmt: skip
    if period is None or unit is None:
        text = timing.get("code", {}).get("text")
        return None if text is None else str(text)
    many = plain(period)
    if count == 1:
        return f"Q{many}{unit}"
    return f"{count}ID" if (many, unit) == ("1", "D") else f"{count}xQ{many}{unit}"
