"""Special units: their numbers aren't multiples of anything, a function turns them into such.

https://ucum.org/ucum#section-Special-Units-on-non-ratio-scales
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Context, Decimal
from fractions import Fraction
from typing import Final

CONTEXT: Final = Context(prec=34)
_LARGEST: Final = 2_000
"""No measured level or pH is beyond; its power would fill the memory."""

Turn = Callable[[Fraction], Fraction]


def _power_of(base: int, times: Fraction) -> Turn:
    """x becomes base to the (x * times)."""

    def turn(x: Fraction) -> Fraction:
        exponent = x * times
        if abs(exponent) > _LARGEST:
            raise OverflowError
        if exponent.denominator == 1:
            return Fraction(base) ** int(exponent)
        return Fraction(CONTEXT.power(Decimal(base), decimal(exponent)))

    return turn


def _log_of(base: int, times: Fraction) -> Turn:
    def turn(y: Fraction) -> Fraction:
        if y <= 0:
            raise ValueError("no logarithm of what isn't positive")
        size = decimal(y)
        if base == 10:
            return Fraction(CONTEXT.log10(size)) / times
        return Fraction(CONTEXT.divide(CONTEXT.ln(size), CONTEXT.ln(Decimal(base)))) / times

    return turn


def _exponential(x: Fraction) -> Fraction:
    if abs(x) > _LARGEST:
        raise OverflowError
    return Fraction(CONTEXT.exp(decimal(x)))


def _logarithm(y: Fraction) -> Fraction:
    if y <= 0:
        raise ValueError("no logarithm of what isn't positive")
    return Fraction(CONTEXT.ln(decimal(y)))


def _line(above: str) -> tuple[Turn, Turn]:
    """A scale with the same steps and another zero."""
    zero = Fraction(above)
    return (lambda x: x + zero), (lambda y: y - zero)


def _levels(base: int, times: Fraction) -> tuple[Turn, Turn]:
    return _power_of(base, times), _log_of(base, times)


def _slope(x: Fraction) -> Fraction:
    """The angle of a slope of x percent, in radians."""
    return Fraction(str(math.atan(float(x) / 100)))


def _percent(y: Fraction) -> Fraction:
    return Fraction(str(100 * math.tan(float(y))))


def _root(y: Fraction) -> Fraction:
    if y < 0:
        raise ValueError("no root of what is negative")
    return Fraction(CONTEXT.sqrt(decimal(y)))


def decimal(number: Fraction) -> Decimal:
    """A fraction as a decimal: exact when it fits 34 digits."""
    return CONTEXT.divide(Decimal(number.numerator), Decimal(number.denominator))


IN_RADIANS: Final = frozenset(["tanTimes100", "100tan"])
"""These give an angle; the table says degrees for one of them, which the angle makes no odds to."""

FUNCTIONS: Final[dict[str, tuple[Turn, Turn]]] = {
    "Cel": _line("273.15"),
    "degF": _line("459.67"),
    "degRe": _line("218.52"),
    "pH": _levels(10, Fraction(-1)),
    "ln": (_exponential, _logarithm),
    "lg": _levels(10, Fraction(1)),
    "lgTimes2": _levels(10, Fraction(1, 2)),
    "ld": _levels(2, Fraction(1)),
    "hpX": _levels(10, Fraction(-1)),
    "hpC": _levels(100, Fraction(-1)),
    "hpM": _levels(1_000, Fraction(-1)),
    "hpQ": _levels(50_000, Fraction(-1)),
    "tanTimes100": (_slope, _percent),
    "100tan": (_slope, _percent),
    "sqrt": (lambda x: x * x, _root),
}
"""From a special unit's number to that of the unit it stands on, and back."""

DECREASING: Final = frozenset(["pH", "hpX", "hpC", "hpM", "hpQ"])
