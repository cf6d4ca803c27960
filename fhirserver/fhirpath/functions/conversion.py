"""Conversion: iif, toX and convertsToX.

http://hl7.org/fhirpath/N1/#conversion
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from fhirserver.errors import Invalid
from fhirserver.fhirpath import quantities, schema, temporal, values
from fhirserver.fhirpath.compiled import Compiled, boolean, one, truth_of
from fhirserver.fhirpath.env import Scope
from fhirserver.fhirpath.function import Call, form, functions
from fhirserver.fhirpath.nodes import EMPTY, Code, Nodes, Typed, single
from fhirserver.fhirpath.parser import CALENDAR

MOST_DIGITS: Final = 40
"""A longer decimal is written with an exponent."""

_BOOLEAN: Final = {
    **dict.fromkeys(("true", "t", "yes", "y", "1", "1.0"), True),
    **dict.fromkeys(("false", "f", "no", "n", "0", "0.0"), False),
}
_INTEGER: Final = re.compile(r"[+-]?\d{1,10}")
_DECIMAL: Final = re.compile(r"[+-]?\d+(\.\d+)?")
_QUANTITY: Final = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*(?:'([^']+)'|([a-z]+))?")


@form("iif")
def iif(call: Call) -> Compiled:
    """Only the branch that is chosen is evaluated."""
    if not 2 <= call.count <= 3:
        raise Invalid(f"FHIRPath: iif can't have {call.count} arguments")
    item = call.source.shape.one()
    criterion, *branches = (call.on(i, item) for i in range(call.count))
    shape = criterion.shape
    if shape.is_certain and not shape.types <= {"System.Boolean", "boolean"}:  # type: ignore[operator]
        raise Invalid("FHIRPath: the criterion of iif is not a boolean")
    source, test = call.source.run, truth_of(criterion)
    otherwise: Code = branches[1].run if len(branches) > 1 else lambda _this, _scope: EMPTY

    def run(this: Nodes, scope: Scope) -> Nodes:
        items = source(this, scope)
        single(items)
        return branches[0].run(items, scope) if test(items, scope) else otherwise(items, scope)

    shapes = [b.shape for b in branches]
    return Compiled(run, shapes[0] if len(shapes) == 1 else shapes[0].with_types_of(shapes[1]))


def to_boolean(item: Typed) -> bool | None:
    value = item[1]
    if isinstance(value, bool):
        return value
    match schema.kind(item[0]):
        case "number":
            return {Decimal(0): False, Decimal(1): True}.get(Decimal(values.number(value)))
        case "string":
            return _BOOLEAN.get(value.lower())
    return None


def to_integer(item: Typed) -> int | None:
    value = item[1]
    if isinstance(value, int):
        return int(value)
    if schema.kind(item[0]) == "string" and _INTEGER.fullmatch(value):
        number = int(value)
        return number if -(2**31) <= number < 2**31 else None
    return None


def to_decimal(item: Typed) -> Decimal | None:
    value = item[1]
    match schema.kind(item[0]):
        case "boolean" | "number":
            return Decimal(values.number(value))
        case "string" if _DECIMAL.fullmatch(value):
            return Decimal(value)
    return None


def to_string(item: Typed) -> str | None:
    """A value as FHIRPath writes it."""
    value = item[1]
    match schema.kind(item[0]):
        case "boolean":
            return "true" if value else "false"
        case "number":
            number = values.number(value)
            if isinstance(number, int) or abs(number.adjusted()) > MOST_DIGITS:
                return str(number)
            return f"{number:f}"
        case "quantity":
            return quantities.text(value)
        case "complex":
            return None
    return str(value)


def to_date(item: Typed) -> str | None:
    if schema.kind(item[0]) not in {"string", "date"}:
        return None
    moment = temporal.date(item[1])
    return None if moment is None else str(item[1]).partition("T")[0]


def to_date_time(item: Typed) -> str | None:
    if schema.kind(item[0]) not in {"string", "date"}:
        return None
    return None if temporal.date(item[1]) is None else str(item[1])


def to_time(item: Typed) -> str | None:
    if schema.kind(item[0]) not in {"string", "time"} or temporal.time(item[1]) is None:
        return None
    return str(item[1])


def to_quantity(item: Typed) -> dict[str, Any] | None:
    value = item[1]
    match schema.kind(item[0]):
        case "quantity":
            return dict(value)
        case "boolean":
            return quantities.quantity(Decimal("1.0") if value else Decimal("0.0"), "1")
        case "number":
            return quantities.quantity(Decimal(values.number(value)), "1")
        case "string":
            return _parsed(value)
    return None


def _parsed(text: str) -> dict[str, Any] | None:
    match = _QUANTITY.fullmatch(text)
    if match is None or (match[3] is not None and match[3] not in CALENDAR):
        return None
    if match[3] is not None:
        return quantities.quantity(Decimal(match[1]), match[3], is_calendar=True)
    return quantities.quantity(Decimal(match[1]), match[2] or "1")


_TARGETS: Final[dict[str, Callable[[Typed], Any]]] = {
    "Boolean": to_boolean,
    "Integer": to_integer,
    "Decimal": to_decimal,
    "String": to_string,
    "Date": to_date,
    "DateTime": to_date_time,
    "Time": to_time,
    "Quantity": to_quantity,
}


def _register(name: str, convert: Callable[[Typed], Any]) -> None:
    """Both functions of a System type: `toName()` and `convertsToName()`."""
    system = f"System.{name}"

    def converted(items: Nodes, unit: Code | None, this: Nodes, scope: Scope) -> Any:
        item = single(items)
        if item is None or item[1] is None:
            return None
        value = convert(item)
        if value is not None and unit is not None:
            return _in_unit(value, unit(this, scope))
        return value

    @functions.register(f"to{name}")
    def to(call: Call) -> Compiled:
        source, unit = call.source.run, _unit(call)

        def run(this: Nodes, scope: Scope) -> Nodes:
            value = converted(source(this, scope), unit, this, scope)
            return EMPTY if value is None else [(system, value, None)]

        return Compiled(run, one(system))

    @functions.register(f"convertsTo{name}")
    def converts_to(call: Call) -> Compiled:
        source, unit = call.source.run, _unit(call)

        def test(this: Nodes, scope: Scope) -> bool | None:
            items = source(this, scope)
            if not items:
                return None
            return converted(items, unit, this, scope) is not None

        return boolean(test)


def _unit(call: Call) -> Code | None:
    if call.count > (1 if call.name.endswith("Quantity") else 0):
        raise Invalid(f"FHIRPath: {call.name} can't have {call.count} arguments")
    return call.argument(0).run if call.count else None


def _in_unit(value: dict[str, Any], unit: Nodes) -> dict[str, Any] | None:
    """The quantity in another unit; None if it can't be expressed in it."""
    wanted = single(unit)
    if wanted is None:
        return None
    target = quantities.quantity(Decimal(1), str(wanted[1]))
    ratio = values.in_same_unit(("System.Quantity", value, None), ("System.Quantity", target, None))
    if ratio is None:
        return None
    return {**target, "value": (ratio[0] / ratio[1]).normalize()}


for _name, _convert in _TARGETS.items():
    _register(_name, _convert)
