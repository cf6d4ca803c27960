"""Quantities: made, compared and converted. A quantity is held as FHIR's JSON has it.

A calendar duration (`4 days`) has a unit and no code; UCUM's has the code (`4 'd'`).

http://hl7.org/fhirpath/N1/#quantity
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from fhirserver.fhirpath.parser import CALENDAR
from fhirserver.model import ucum

UCUM: Final = ucum.SYSTEM

CALENDAR_CODE: Final = {
    "week": "wk",
    "day": "d",
    "hour": "h",
    "minute": "min",
    "second": "s",
    "millisecond": "ms",
}
"""Calendar units that are as long as UCUM's; a year and a month are not.

http://hl7.org/fhirpath/N1/#time-valued-quantities
"""


def quantity(number: Decimal | int, unit: str, *, is_calendar: bool = False) -> dict[str, Any]:
    """A quantity of a UCUM code or a calendar word.

    >>> quantity(Decimal(4), "days", is_calendar=True)
    {'value': Decimal('4'), 'unit': 'day'}
    """
    if is_calendar or unit in CALENDAR:
        return {"value": number, "unit": CALENDAR[unit]}
    return {"value": number, "unit": unit, "system": UCUM, "code": unit}


def unit_of(value: Mapping[str, Any]) -> str:
    """The UCUM code of a quantity, or what stands for one; `1` if it has none."""
    if "code" in value:
        return str(value["code"])
    unit = value.get("unit")
    if unit is None:
        return "1"
    calendar = CALENDAR.get(unit)
    return unit if calendar is None else CALENDAR_CODE.get(calendar, calendar)


def are_ucum(*values: Mapping[str, Any]) -> bool:
    """Whether no quantity's code is of another system than UCUM: of SNOMED, of a currency."""
    return all(v.get("system", UCUM) == UCUM for v in values)


def calendar_unit(value: Mapping[str, Any]) -> str | None:
    """The calendar unit by which a quantity moves a date; None if it can't."""
    if "code" in value:
        return _FROM_CODE.get(str(value["code"]))
    return CALENDAR.get(value.get("unit", ""))


_FROM_CODE: Final = {code: word for word, code in CALENDAR_CODE.items()}


def text(value: Mapping[str, Any]) -> str:
    """A quantity as FHIRPath writes it: `4 days`, `4 'mg'`."""
    if "code" not in value and value.get("unit") in CALENDAR:
        return f"{value['value']} {value['unit']}"
    return f"{value.get('value')} '{value.get('code', value.get('unit', '1'))}'"
