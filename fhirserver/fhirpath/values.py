"""Whether two items are equal or equivalent, and which comes first.

http://hl7.org/fhirpath/N1/#equality and http://hl7.org/fhirpath/N1/#comparison
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from decimal import Decimal
from typing import Any, Final

from fhirserver.errors import Invalid
from fhirserver.fhirpath import schema, temporal
from fhirserver.fhirpath.nodes import Nodes, Typed
from fhirserver.fhirpath.quantities import are_ucum, unit_of
from fhirserver.fhirpath.schema import Kind
from fhirserver.model import ucum


def number(value: Any) -> int | Decimal:
    """A JSON number with the digits that it is written with."""
    return Decimal(repr(value)) if value.__class__ is float else value


def moment(item: Typed) -> temporal.Moment | None:
    """The date or time that an item is; None if its text isn't one."""
    if not isinstance(item[1], str):
        return None
    return temporal.time(item[1]) if schema.kind(item[0]) == "time" else temporal.date(item[1])


def equal(one: Typed, other: Typed) -> bool | None:
    """Whether two items are the same; None if their precision leaves it open."""
    kinds = schema.kind(one[0]), schema.kind(other[0])
    if kinds == ("string", "string"):
        return bool(one[1] == other[1])
    if kinds[0] != kinds[1]:
        return _equal_after_conversion(one, other, kinds)
    if one[1] is None or other[1] is None:
        return one[1] is other[1] and bool(one[2] == other[2])
    return _EQUAL.get(kinds[0], _equal_values)(one, other)


def _equal_values(one: Typed, other: Typed) -> bool:
    return bool(one[1] == other[1])


def _equal_numbers(one: Typed, other: Typed) -> bool:
    return number(one[1]) == number(other[1])


def _equal_moments(one: Typed, other: Typed) -> bool | None:
    mine, yours = moment(one), moment(other)
    if mine is None or yours is None:
        return bool(one[1] == other[1])
    order = temporal.compare(mine, yours)
    return None if order is None else order == 0


def _equal_quantities(one: Typed, other: Typed) -> bool | None:
    if one[1] == other[1]:
        return True
    order = _compare_quantities(one, other)
    return None if order is None else order == 0


_EQUAL: Final[dict[Kind, Callable[[Typed, Typed], bool | None]]] = {
    "number": _equal_numbers,
    "date": _equal_moments,
    "time": _equal_moments,
    "quantity": _equal_quantities,
}


def _equal_after_conversion(one: Typed, other: Typed, kinds: tuple[Kind, Kind]) -> bool | None:
    """http://hl7.org/fhirpath/N1/#conversion: a number is a quantity of unit 1."""
    if kinds == ("number", "quantity"):
        return _equal_quantities(as_quantity(one), other)
    if kinds == ("quantity", "number"):
        return _equal_quantities(one, as_quantity(other))
    return False


def as_quantity(item: Typed) -> Typed:
    """A number as a quantity of unit 1."""
    return ("System.Quantity", {"value": item[1], "unit": "1"}, None)


def equivalent(one: Typed, other: Typed) -> bool:
    """Whether two items mean the same: never open, case and spacing and trailing digits aside.

    http://hl7.org/fhirpath/N1/#equivalent
    """
    kinds = schema.kind(one[0]), schema.kind(other[0])
    if kinds[0] != kinds[1]:
        return bool(_equal_after_conversion(one, other, kinds))
    match kinds[0]:
        case "string":
            return bool(_folded(one[1]) == _folded(other[1]))
        case "number":
            return _rounded_alike(number(one[1]), number(other[1]))
        case "quantity":
            converted = in_same_unit(one, other)
            return converted is not None and _rounded_alike(*converted)
        case "complex":
            return bool(_key(_meaning(one)) == _key(_meaning(other)))
        case _:
            return bool(equal(one, other))


def _folded(text: Any) -> Any:
    return " ".join(text.lower().split()) if isinstance(text, str) else text


def _rounded_alike(one: int | Decimal, other: int | Decimal) -> bool:
    """Equal at the precision of the less precise of the two."""
    exponents = [int(Decimal(n).normalize().as_tuple().exponent) for n in (one, other)]
    unit = Decimal(1).scaleb(min(0, max(exponents)))
    return Decimal(one).quantize(unit) == Decimal(other).quantize(unit)


def _meaning(item: Typed) -> Any:
    """What is compared of a complex value: not its id, and of a Coding the code alone.

    https://hl7.org/fhir/R4/fhirpath.html#changes
    """
    if item[0] == "Coding":
        return {k: v for k, v in item[1].items() if k in {"system", "code", "version"}}
    return {k: v for k, v in item[1].items() if k != "id"}


def _key(value: Any) -> Any:
    """A value with everything that equivalence ignores taken out; comparable and hashable."""
    if isinstance(value, dict):
        return frozenset((k, _key(v)) for k, v in value.items())
    if isinstance(value, list):
        return tuple(sorted((_key(v) for v in value), key=repr))
    return _folded(value)


def compare(one: Typed, other: Typed) -> int | None:
    """-1, 0 or 1; None if open; raises Invalid for items that have no order."""
    kinds = schema.kind(one[0]), schema.kind(other[0])
    if kinds == ("number", "quantity"):
        return _compare_quantities(as_quantity(one), other)
    if kinds == ("quantity", "number"):
        return _compare_quantities(one, as_quantity(other))
    if kinds[0] != kinds[1] or kinds[0] in {"complex", "boolean"}:
        raise Invalid(f"FHIRPath: {one[0]} and {other[0]} have no order")
    if one[1] is None or other[1] is None:
        return None
    match kinds[0]:
        case "number":
            return _order(number(one[1]), number(other[1]))
        case "quantity":
            return _compare_quantities(one, other)
        case "string":
            return _order(one[1], other[1])
    mine, yours = moment(one), moment(other)
    return None if mine is None or yours is None else temporal.compare(mine, yours)


def _order(one: Any, other: Any) -> int:
    return bool(one > other) - bool(one < other)


def _compare_quantities(one: Typed, other: Typed) -> int | None:
    converted = in_same_unit(one, other)
    return None if converted is None else _order(*converted)


def in_same_unit(one: Typed, other: Typed) -> tuple[Decimal, Decimal] | None:
    """The numbers of two quantities in one unit; None if there is none."""
    if "comparator" in one[1] or "comparator" in other[1]:
        # https://hl7.org/fhir/R4/fhirpath.html#quantity: such a one isn't a quantity of FHIRPath's.
        return None
    mine, yours = one[1].get("value"), other[1].get("value")
    if mine is None or yours is None:
        return None
    mine, yours = Decimal(number(mine)), Decimal(number(yours))
    units = unit_of(one[1]), unit_of(other[1])
    if not are_ucum(one[1], other[1]):
        # Codes of another system, such as SNOMED's: equal or not comparable.
        return (mine, yours) if units[0] == units[1] and _same_system(one, other) else None
    return (mine, yours) if units[0] == units[1] else ucum.in_one_unit(mine, yours, *units)


def _same_system(one: Typed, other: Typed) -> bool:
    return bool(one[1].get("system") == other[1].get("system"))


def distinct(items: Nodes) -> Nodes:
    """The items without those equal to an earlier one."""
    return union(items, [])


def union(one: Nodes, other: Nodes) -> Nodes:
    """The distinct items of both, in time proportional to their weight."""
    seen: set[Hashable] = set()
    return [*unseen(one, seen), *unseen(other, seen)]


def unseen(items: Nodes, seen: set[Hashable]) -> Nodes:
    """The items without those that equal an earlier one or one seen before."""
    found: Nodes = []
    for item in items:
        key = _identity(item)
        if key not in seen:
            seen.add(key)
            found.append(item)
    return found


def _identity(item: Typed) -> Hashable:
    """A key that equal items share, and no others.

    FHIR's quantities are told apart as they are written: a search must find both 1 g and 1000 mg.
    """
    type_, value, extra = item
    kind = schema.kind(type_)
    if value is None:
        return (kind, _frozen(extra))
    match kind:
        case "number":
            return (kind, number(value))
        case "date" | "time":
            known = moment(item)
            return (kind, value if known is None else temporal.in_utc(known))
        case "quantity" if type_ == "System.Quantity":
            return (kind, ucum.canonical(number(value["value"]), unit_of(value)) or _frozen(value))
    return ("complex" if kind == "quantity" else kind, _frozen(value))


def _frozen(value: Any) -> Hashable:
    if isinstance(value, dict):
        return frozenset((k, _frozen(v)) for k, v in value.items())
    if isinstance(value, list):
        return tuple(_frozen(v) for v in value)
    return value  # type: ignore[no-any-return]


def weight(items: Nodes) -> int:
    """How much there is to compare in items: one for each, and one for each member inside it."""
    found = len(items)
    waiting: list[Any] = [item[1] for item in items if item[1].__class__ is dict]
    while waiting:
        value = waiting.pop()
        found += len(value)
        members = value.values() if value.__class__ is dict else value
        waiting += [m for m in members if m.__class__ is dict or m.__class__ is list]
    return found


def contains(items: Nodes, item: Typed) -> bool:
    """Whether an item is among others."""
    return any(equal(item, other) for other in items)
