"""What a unit is: a factor and powers of base units, or a function over such; and its reading.

https://ucum.org/ucum#section-Full-and-Limited-Conformance
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Final

from fhirserver.model.ucum import special
from fhirserver.model.ucum.table import Row, load

Dimensions = tuple[tuple[str, int], ...]

LONGEST: Final = 255
"""Characters of a unit; the longest of UCUM's examples has 30."""
_MOST_BITS: Final = 4_096
"""Of a factor's numerator and denominator: 10 to the 1200th is more than anything measured."""


@dataclass(frozen=True, slots=True)
class Unit:
    """`factor` base units of these dimensions; sorted by name, without powers of zero.

    A special unit has a `function`: its number times `scale` goes through it first.
    """

    factor: Fraction
    dimensions: Dimensions
    function: str = ""
    scale: Fraction = Fraction(1)

    @property
    def code(self) -> str:
        """The base units as a UCUM code, `m2.g/s2`; `1` when there are none."""
        over = [f"{d}{p if p != 1 else ''}" for d, p in self.dimensions if p > 0]
        under = [f"{d}{-p if p != -1 else ''}" for d, p in self.dimensions if p < 0]
        return (".".join(over) or "1") + "".join(f"/{u}" for u in under)

    def to_base(self, number: Fraction) -> Fraction:
        """A number of this unit in base units; ValueError or OverflowError if it has none."""
        if self.function:
            number = special.FUNCTIONS[self.function][0](number * self.scale)
        return number * self.factor

    def from_base(self, number: Fraction) -> Fraction:
        """A number of base units in this unit; ValueError if it has none."""
        number = number / self.factor
        if self.function:
            return special.FUNCTIONS[self.function][1](number) / self.scale
        return number

    @property
    def is_decreasing(self) -> bool:
        """Whether more of this unit is less in base units: of two pH, the larger is less acid."""
        return self.function in special.DECREASING


class NotAUnit(ValueError):
    """The text is no unit of UCUM; the message says where."""


ONE: Final = Unit(Fraction(1), ())

# https://ucum.org/ucum#section-Grammar-of-Units-and-Unit-Terms: what a unit's symbol may be made
# of, with anything between brackets; digits without them are a power or a factor.
_TOKEN: Final = re.compile(
    r"(?P<open>\() | (?P<close>\)) | (?P<operator>[./])"
    r"| (?P<note>\{[\x21-\x7a|\x7e]*\})"
    r"| (?P<unit>10[*^]|(?:[!#-'*,:-<>-Z\\^-z|~]|\[[\x21-\x5a\x5c\x5e-\x7e]*\])+)"
    r"  (?P<power>[+-]?\d+)?"
    r"| (?P<number>\d+)",
    re.VERBOSE,
)


@lru_cache(maxsize=4_096)
def parse(text: str) -> Unit | None:
    """The unit of a UCUM code (case-sensitive); None if it isn't one."""
    try:
        return read(text)
    except NotAUnit:
        return None


def read(text: str) -> Unit:
    """The unit of a UCUM code; NotAUnit says what is wrong with it."""
    if not text or len(text) > LONGEST:
        raise NotAUnit("a unit has 1 to 255 characters")
    # For each open parenthesis the units so far, and the operator before the next one.
    stack: list[tuple[list[tuple[int, Unit]], int]] = [([], 1)]
    at, previous = 0, "operator"
    begins = True
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise NotAUnit(f"{text[at]!r} at {at + 1}")
        kind = str(match.lastgroup if match.lastgroup != "power" else "unit")
        _may_follow(kind, previous, match, at, begins=begins)
        parts, sign = stack[-1]
        match kind:
            case "operator":
                stack[-1] = (parts, -1 if match["operator"] == "/" else 1)
            case "open":
                stack.append(([], 1))
            case "close":
                if len(stack) == 1:
                    raise NotAUnit(f"no parenthesis is open at {at + 1}")
                stack.pop()
                outer, outer_sign = stack[-1]
                outer.append((outer_sign, _product(parts)))
            case "unit":
                unit = _atom(match["unit"])
                parts.append((sign, _power(unit, int(match["power"] or 1))))
            case "number":
                parts.append((sign, Unit(_bounded(Fraction(match["number"])), ())))
        begins = kind == "open"
        previous, at = kind, match.end()
    if len(stack) != 1 or previous == "operator":
        raise NotAUnit("it isn't finished")
    return _product(stack[0][0])


# A component follows the beginning, an operator or a parenthesis, and ends before one.
_AFTER_COMPONENT: Final = frozenset(["unit", "number", "note", "close"])


def _may_follow(kind: str, previous: str, match: re.Match[str], at: int, *, begins: bool) -> None:
    if kind == "note":
        # By itself, or upon a unit; UCUM's own examples have it upon a parenthesis too.
        fine = previous in ("operator", "open", "unit", "number", "close")
    elif kind == "operator":
        fine = previous in _AFTER_COMPONENT or (begins and match[0] == "/")
    elif kind == "close":
        fine = previous in _AFTER_COMPONENT
    else:
        fine = previous in ("operator", "open")
    if not fine:
        raise NotAUnit(f"{match[0]!r} can't stand at {at + 1}")


def _atom(code: str) -> Unit:
    row = load().units.get(code)
    if row is not None:
        return _defined(row.code)
    for length in (1, 2):
        prefix = load().prefixes.get(code[:length])
        below = load().units.get(code[length:])
        if prefix and below and below.is_metric:
            unit = _defined(below.code)
            if unit.function:
                return Unit(unit.factor, unit.dimensions, unit.function, prefix[0])
            return Unit(unit.factor * prefix[0], unit.dimensions)
    raise NotAUnit(f"there is no unit {code}")


@lru_cache(maxsize=512)
def _defined(code: str) -> Unit:
    row = load().units[code]
    if row.is_base or _is_own_dimension(row):
        return Unit(Fraction(1), ((code, 1),))
    if row.function in special.IN_RADIANS:
        return Unit(Fraction(1), _defined("rad").dimensions, row.function)
    below = read(row.unit)
    return Unit(row.value * below.factor, below.dimensions, row.function)


def _is_own_dimension(row: Row) -> bool:
    """An arbitrary unit can't be expressed in others, unless it is another name of one.

    https://ucum.org/ucum#section-Arbitrary-Units
    """
    return row.is_arbitrary and row.unit == "1"


def _power(unit: Unit, power: int) -> Unit:
    if power == 1:
        return unit
    if unit.function:
        raise NotAUnit("a special unit has no powers")
    if abs(power) > 99 and unit.factor != 1:
        raise NotAUnit("the power is too large")
    dimensions = tuple((d, p * power) for d, p in unit.dimensions if power)
    return Unit(_bounded(unit.factor**power), dimensions)


def _product(parts: Iterable[tuple[int, Unit]]) -> Unit:
    factor, powers = Fraction(1), dict[str, int]()
    special_one: Unit | None = None
    for sign, part in parts:
        if part.function:
            if special_one is not None or sign < 0:
                raise NotAUnit("a special unit can only be multiplied by a number")
            special_one = part
            continue
        factor = _bounded(factor * part.factor if sign > 0 else factor / part.factor)
        for dimension, power in part.dimensions:
            powers[dimension] = powers.get(dimension, 0) + sign * power
    dimensions = tuple(sorted((d, p) for d, p in powers.items() if p))
    if special_one is None:
        return Unit(factor, dimensions)
    if dimensions:
        raise NotAUnit("a special unit can only be multiplied by a number")
    return Unit(
        special_one.factor, special_one.dimensions, special_one.function, special_one.scale * factor
    )


def _bounded(factor: Fraction) -> Fraction:
    if max(factor.numerator.bit_length(), factor.denominator.bit_length()) > _MOST_BITS:
        raise NotAUnit("the factor is too large")
    if not factor:
        raise NotAUnit("a factor of zero")
    return factor


def exact(number: Decimal | float) -> Fraction | None:
    """A number to calculate with; None if it is none, or too large or small to be measured."""
    value = Decimal(repr(number)) if isinstance(number, float) else Decimal(number)
    if not value.is_finite() or abs(value.adjusted()) > 1_000:
        return None
    return Fraction(value)
