"""UCUM: the whole case-sensitive code, read, compared and converted with exact numbers.

https://ucum.org/ucum

    from fhirserver.model import ucum

    ucum.parse("mg/dL")                                  # Unit, or None if it isn't UCUM
    ucum.convert(Decimal("98.6"), "[degF]", "Cel")       # Decimal("37")
    ucum.canonical(Decimal("5.4"), "mg")                 # (Decimal("0.0054"), "g")
    ucum.comparable("mg/dL", "g/L")                      # True

Everything is a pure function with caches; the table is read when a unit is first met. Units are
products of exact fractions, so 5.4 mg is 0.0054 g and not nearly so; only logarithms, roots and
slopes are rounded, to 34 digits. Whatever text comes, the work is bounded.
"""

from __future__ import annotations

from decimal import Decimal

from fhirserver.model.ucum.names import display
from fhirserver.model.ucum.special import decimal
from fhirserver.model.ucum.units import Dimensions, NotAUnit, Unit, exact, parse, read

SYSTEM = "http://unitsofmeasure.org"

__all__ = [
    "SYSTEM",
    "Dimensions",
    "NotAUnit",
    "Unit",
    "canonical",
    "comparable",
    "convert",
    "display",
    "exact",
    "in_one_unit",
    "multiply",
    "parse",
    "read",
]


def comparable(one: str, other: str) -> bool:
    """Whether two units measure the same kind of thing.

    >>> comparable("[lb_av]", "kg"), comparable("[iU]", "mg")
    (True, False)
    """
    mine, yours = parse(one), parse(other)
    return mine is not None and yours is not None and mine.dimensions == yours.dimensions


def canonical(number: Decimal | int, unit: str) -> tuple[Decimal, str] | None:
    """A quantity in base units; None if the unit isn't UCUM's or the number has no such.

    >>> canonical(Decimal("5.4"), "mg")
    (Decimal('0.0054'), 'g')
    """
    mine = parse(unit)
    size = None if mine is None else _in_base(number, mine)
    return None if mine is None or size is None else (size, mine.code)


def convert(number: Decimal | int, unit: str, into: str) -> Decimal | None:
    """A number of a unit in another; None if they can't be compared.

    >>> convert(Decimal("98.6"), "[degF]", "Cel")
    Decimal('37')
    """
    mine, yours = parse(unit), parse(into)
    value = exact(number)
    if mine is None or yours is None or value is None or mine.dimensions != yours.dimensions:
        return None
    try:
        return decimal(yours.from_base(mine.to_base(value)))
    except (ValueError, ArithmeticError):
        return None


def in_one_unit(
    one: Decimal, other: Decimal, unit: str, other_unit: str
) -> tuple[Decimal, Decimal] | None:
    """Two numbers of units, in base units; None if they measure different things.

    >>> in_one_unit(Decimal(4), Decimal(4000), "g", "mg")
    (Decimal('4'), Decimal('4'))
    """
    mine, yours = parse(unit), parse(other_unit)
    if mine is None or yours is None or mine.dimensions != yours.dimensions:
        return None
    first, second = _in_base(one, mine), _in_base(other, yours)
    return None if first is None or second is None else (first, second)


def multiply(one: str, other: str, *, divide: bool = False) -> tuple[Decimal, str] | None:
    """The unit of a product or quotient as a factor and a code in base units.

    Special units have no products: 2 times 20 Cel is not 40 Cel's warmth.

    >>> multiply("cm", "m")
    (Decimal('0.01'), 'm2')
    """
    unit = _combined(one, other, divide=divide)
    return None if unit is None else (decimal(unit.factor), unit.code)


def _combined(one: str, other: str, *, divide: bool) -> Unit | None:
    mine, yours = parse(one), parse(other)
    if mine is None or yours is None or mine.function or yours.function:
        return None
    sign = -1 if divide else 1
    powers = dict(mine.dimensions)
    for dimension, power in yours.dimensions:
        powers[dimension] = powers.get(dimension, 0) + sign * power
    factor = mine.factor / yours.factor if divide else mine.factor * yours.factor
    return Unit(factor, tuple(sorted((d, p) for d, p in powers.items() if p)))


def _in_base(number: Decimal | int, unit: Unit) -> Decimal | None:
    value = exact(number)
    if value is None:
        return None
    try:
        return decimal(unit.to_base(value))
    except (ValueError, ArithmeticError):
        return None
