"""`+ - * / div mod &` and signs, on numbers, strings, dates and quantities.

http://hl7.org/fhirpath/N1/#math
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, DecimalException
from typing import Any, Final

from fhirserver.errors import Invalid, TooCostly
from fhirserver.fhirpath import schema, temporal, values
from fhirserver.fhirpath.compiled import Shape, one
from fhirserver.fhirpath.env import LONGEST_STRING
from fhirserver.fhirpath.function import Call, operator
from fhirserver.fhirpath.nodes import Typed, typed
from fhirserver.fhirpath.quantities import are_ucum, calendar_unit, quantity, unit_of
from fhirserver.model import ucum

EIGHT_PLACES: Final = Decimal("0.00000001")
MOST_DIGITS: Final = 28
LARGEST_INTEGER: Final = 2**31 - 1


def sides(call: Call) -> Shape:
    """An operation gives what one of its sides is, as a System type."""
    return Shape(None, many=False)


@operator("+", sides)
def add(left: Typed, right: Typed) -> Typed | None:
    match schema.kind(left[0]), schema.kind(right[0]):
        case "string", "string":
            return typed(joined(left[1], right[1]))
        case "date" | "time", "quantity":
            return shift(left, right, 1)
        case "quantity", ("date" | "time"):
            return shift(right, left, 1)
    return _calculate("+", left, right, lambda a, b: a + b)


@operator("-", sides)
def subtract(left: Typed, right: Typed) -> Typed | None:
    if schema.kind(left[0]) in {"date", "time"} and schema.kind(right[0]) == "quantity":
        return shift(left, right, -1)
    return _calculate("-", left, right, lambda a, b: a - b)


@operator("*", sides)
def multiply(left: Typed, right: Typed) -> Typed | None:
    if "quantity" in {schema.kind(left[0]), schema.kind(right[0])}:
        return _of_units("*", left, right, lambda a, b: a * b, divide=False)
    return _calculate("*", left, right, lambda a, b: a * b)


@operator("/", sides)
def divide(left: Typed, right: Typed) -> Typed | None:
    if "quantity" in {schema.kind(left[0]), schema.kind(right[0])}:
        return _of_units("/", left, right, lambda a, b: a / b, divide=True)
    dividend, divisor = (Decimal(n) for n in _numbers("/", left, right))
    return typed(plain(dividend / divisor)) if divisor else None


@operator("div", sides)
def whole_quotient(left: Typed, right: Typed) -> Typed | None:
    dividend, divisor = _numbers("div", left, right)
    if not divisor:
        return None
    quotient = Decimal(dividend) / Decimal(divisor)
    return typed(int(quotient)) if quotient.adjusted() <= MOST_DIGITS else None


@operator("mod", sides)
def remainder(left: Typed, right: Typed) -> Typed | None:
    dividend, divisor = _numbers("mod", left, right)
    if not divisor:
        return None
    found = Decimal(dividend) % Decimal(divisor)
    whole = isinstance(dividend, int) and isinstance(divisor, int)
    return typed(int(found) if whole else found)


@operator("&", lambda _call: one("System.String"))
def concatenate(left: str | None, right: str | None) -> str:
    return joined(left or "", right or "")


@operator("sign+")
def plus(value: Typed) -> Typed | None:
    _checked("+", value)
    return value


@operator("sign-")
def minus(value: Typed) -> Typed | None:
    _checked("-", value)
    if schema.kind(value[0]) == "quantity":
        return ("System.Quantity", {**value[1], "value": -_decimal(value)}, None)
    return typed(-values.number(value[1]))


def joined(one: str, other: str) -> str:
    """Two strings in one, unless that would be too long."""
    if len(one) + len(other) > LONGEST_STRING:
        raise TooCostly(f"FHIRPath: a string of more than {LONGEST_STRING} characters")
    return one + other


def shift(item: Typed, by: Typed, sign: int) -> Typed | None:
    """A date or time some calendar units later or earlier."""
    unit = calendar_unit(by[1])
    start = values.moment(item)
    if unit is None or (item[0] != "System.Time" and start is None):
        raise Invalid(f"FHIRPath: {item[0]} can't be moved by {unit_of(by[1])}")
    if start is None:
        return None
    amount = sign * _decimal(by)
    if amount.adjusted() > MOST_DIGITS:
        raise Invalid("FHIRPath: the date is out of range")
    moved = temporal.add(start, amount, unit)
    return (_MOVED.get(item[0], item[0]), str(moved), None)


_MOVED: Final = {
    "date": "System.Date",
    "dateTime": "System.DateTime",
    "instant": "System.DateTime",
    "time": "System.Time",
}


def plain(value: Decimal) -> Decimal:
    """A decimal with at most eight places, which is what FHIRPath promises."""
    if int(value.as_tuple().exponent) >= -8:
        return value
    return value.quantize(EIGHT_PLACES).normalize() + 0


def _calculate(
    symbol: str, left: Typed, right: Typed, operation: Callable[[Any, Any], Any]
) -> Typed | None:
    if schema.kind(left[0]) == schema.kind(right[0]) == "quantity":
        units = unit_of(left[1]), unit_of(right[1])
        mine, yours = _decimal(left), _decimal(right)
        if units[0] != units[1]:
            into = _finer(left, right)
            if into is None:
                return None
            converted = [ucum.convert(n, u, into) for n, u in ((mine, units[0]), (yours, units[1]))]
            return _quantity(plain(operation(*converted)), into)
        return ("System.Quantity", {**left[1], "value": operation(mine, yours)}, None)
    try:
        result = operation(*_numbers(symbol, left, right))
    except DecimalException as error:
        raise Invalid(f"FHIRPath: {symbol} has no result") from error
    if isinstance(result, int) and abs(result) > LARGEST_INTEGER:
        return None
    return typed(result)


def _finer(left: Typed, right: Typed) -> str | None:
    """The smaller unit of two that can be added; None if they can't.

    http://hl7.org/fhirpath/N1/#addition. What is 1 K warmer than 37 Cel has no answer here: it
    depends on whether the kelvin is a difference.
    """
    if not are_ucum(left[1], right[1]):
        return None
    units = [(ucum.parse(code), code) for code in (unit_of(left[1]), unit_of(right[1]))]
    found = [(unit.factor, code) for unit, code in units if unit and not unit.function]
    return min(found)[1] if len(found) == 2 and ucum.comparable(units[0][1], units[1][1]) else None


def _of_units(
    symbol: str,
    left: Typed,
    right: Typed,
    operation: Callable[[Decimal, Decimal], Decimal],
    *,
    divide: bool,
) -> Typed | None:
    mine, yours = (
        values.as_quantity(n) if schema.kind(n[0]) == "number" else n for n in (left, right)
    )
    if {schema.kind(mine[0]), schema.kind(yours[0])} != {"quantity"}:
        raise Invalid(f"FHIRPath: {left[0]} {symbol} {right[0]}")
    if divide and not _decimal(yours):
        return None
    number = operation(_decimal(mine), _decimal(yours))
    units = unit_of(mine[1]), unit_of(yours[1])
    if units[1] == "1":
        return _quantity(number, units[0])
    if not are_ucum(mine[1], yours[1]):
        return None
    unit = ucum.multiply(*units, divide=divide)
    return None if unit is None else _quantity(number * unit[0], unit[1])


def _quantity(number: Decimal, unit: str) -> Typed:
    return ("System.Quantity", quantity(number, unit), None)


def _numbers(symbol: str, left: Typed, right: Typed) -> tuple[int | Decimal, int | Decimal]:
    if {schema.kind(left[0]), schema.kind(right[0])} != {"number"}:
        raise Invalid(f"FHIRPath: {left[0]} {symbol} {right[0]}")
    mine, yours = values.number(left[1]), values.number(right[1])
    if mine.__class__ is not yours.__class__:
        return Decimal(mine), Decimal(yours)
    return mine, yours


def _decimal(item: Typed) -> Decimal:
    return Decimal(values.number(item[1].get("value") or 0))


def _checked(symbol: str, value: Typed) -> None:
    if schema.kind(value[0]) not in {"number", "quantity"}:
        raise Invalid(f"FHIRPath: {symbol}{value[0]}")
