"""UCUM units as a factor and a product of base units: enough to compare and multiply quantities.

https://ucum.org/ucum. Special units (degrees Celsius, pH) and arbitrary ones ([iU]) equal only
themselves; the terminology engine knows all of UCUM.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final

Dimensions = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """A factor and the powers of base units, sorted."""

    factor: Decimal
    dimensions: Dimensions


PREFIXES: Final = {
    "Y": 24, "Z": 21, "E": 18, "P": 15, "T": 12, "G": 9, "M": 6, "k": 3, "h": 2, "da": 1,
    "d": -1, "c": -2, "m": -3, "u": -6, "n": -9, "p": -12, "f": -15, "a": -18, "z": -21, "y": -24,
}  # fmt: skip

METRIC: Final = {
    "m": ("1", "m"), "s": ("1", "s"), "g": ("1", "g"), "K": ("1", "K"), "cd": ("1", "cd"),
    "C": ("1", "C"), "rad": ("1", "rad"), "mol": ("6.0221367E23", ""), "sr": ("1", "rad2"),
    "Hz": ("1", "s-1"), "N": ("1000", "m.g.s-2"), "Pa": ("1000", "m-1.g.s-2"),
    "J": ("1000", "m2.g.s-2"), "W": ("1000", "m2.g.s-3"), "A": ("1", "C.s-1"),
    "V": ("1000", "m2.g.s-2.C-1"), "F": ("0.001", "m-2.g-1.s2.C2"), "Ohm": ("1000", "m2.g.s-1.C-2"),
    "S": ("0.001", "m-2.g-1.s.C2"), "Wb": ("1000", "m2.g.s-1.C-1"), "T": ("1000", "g.s-1.C-1"),
    "H": ("1000", "m2.g.C-2"), "lm": ("1", "cd.rad2"), "lx": ("1", "cd.rad2.m-2"),
    "Bq": ("1", "s-1"), "Gy": ("1", "m2.s-2"), "Sv": ("1", "m2.s-2"), "l": ("0.001", "m3"),
    "L": ("0.001", "m3"), "t": ("1E6", "g"), "bar": ("1E8", "m-1.g.s-2"),
    "eq": ("6.0221367E23", ""),
    "osm": ("6.0221367E23", ""), "kat": ("6.0221367E23", "s-1"), "U": ("1.00361E16", "s-1"),
    "cal": ("4184", "m2.g.s-2"), "m[Hg]": ("133322000", "m-1.g.s-2"),
    "m[H2O]": ("9806650", "m-1.g.s-2"),
    "eV": ("1.60217733E-16", "m2.g.s-2"), "u": ("1.6605402E-24", "g"), "[iU]": ("1", "[iU]"),
}  # fmt: skip
"""Units that take prefixes: factor, and the unit that it multiplies."""

PLAIN: Final = {
    "1": ("1", ""), "%": ("0.01", ""), "10*": ("10", ""), "10^": ("10", ""),
    "[ppth]": ("0.001", ""),
    "[ppm]": ("0.000001", ""), "[pi]": ("3.1415926535897932384626433833", ""),
    "min": ("60", "s"), "h": ("3600", "s"), "d": ("86400", "s"), "wk": ("604800", "s"),
    "mo": ("2629800", "s"), "a": ("31557600", "s"), "[in_i]": ("0.0254", "m"),
    "[ft_i]": ("0.3048", "m"), "[yd_i]": ("0.9144", "m"), "[mi_i]": ("1609.344", "m"),
    "[lb_av]": ("453.59237", "g"), "[oz_av]": ("28.349523125", "g"), "[gr]": ("0.06479891", "g"),
    "deg": ("0.017453292519943295769", "rad"), "[pt_us]": ("0.000473176473", "m3"),
    "[gal_us]": ("0.003785411784", "m3"), "[foz_us]": ("0.0000295735295625", "m3"),
    "[drp]": ("5E-8", "m3"), "atm": ("101325000", "m-1.g.s-2"),
    "[psi]": ("6894757.293168", "m-1.g.s-2"),
}  # fmt: skip

_PART: Final = re.compile(
    r"(?P<open>\() | (?P<close>\)) | (?P<operator>[./]) | (?P<note>\{[^}]*\})"
    r"| (?P<unit>10[*^]|(?:[a-zA-Z%]|\[[^\]]*\])+) (?P<power>[+-]?\d+)? | (?P<number>\d+)",
    re.VERBOSE,
)


def in_one_unit(
    one: Decimal, other: Decimal, unit: str, other_unit: str
) -> tuple[Decimal, Decimal] | None:
    """Two numbers of units, in base units; None if they measure different things.

    >>> in_one_unit(Decimal(4), Decimal(4000), "g", "mg")
    (Decimal('4'), Decimal('4.000'))
    """
    mine, yours = parse(unit), parse(other_unit)
    if mine is None or yours is None or mine.dimensions != yours.dimensions:
        return None
    return one * mine.factor, other * yours.factor


@lru_cache(maxsize=1024)
def parse(text: str) -> Unit | None:
    """The unit of a UCUM code; None if it isn't one that is known here."""
    stack: list[list[Unit | str]] = [["."]]
    at = 0
    while at < len(text):
        match = _PART.match(text, at)
        if match is None:
            return None
        at = match.end()
        if match["open"]:
            stack.append(["."])
        elif match["close"]:
            if len(stack) < 2:
                return None
            stack[-2].append(_product(stack.pop()))
        elif match["operator"]:
            stack[-1].append(match["operator"])
        elif match["unit"]:
            unit = _atom(match["unit"])
            if unit is None:
                return None
            stack[-1].append(_power(unit, int(match["power"] or 1)))
        elif match["number"]:
            stack[-1].append(Unit(Decimal(match["number"]), ()))
    return _product(stack[0]) if len(stack) == 1 else None


def _atom(code: str) -> Unit | None:
    found = PLAIN.get(code) or METRIC.get(code)
    if found is not None:
        return _defined(code, *found)
    for prefix, exponent in PREFIXES.items():
        if code.startswith(prefix) and code[len(prefix) :] in METRIC:
            unit = _defined(code[len(prefix) :], *METRIC[code[len(prefix) :]])
            return Unit(unit.factor.scaleb(exponent), unit.dimensions)
    return None


def _defined(code: str, factor: str, base: str) -> Unit:
    if base == code:
        return Unit(Decimal(factor), ((code, 1),))
    below = parse(base) if base else Unit(Decimal(1), ())
    assert below is not None
    return Unit(Decimal(factor) * below.factor, below.dimensions)


def _power(unit: Unit, power: int) -> Unit:
    return Unit(unit.factor**power, tuple((d, p * power) for d, p in unit.dimensions if power))


def _product(parts: list[Unit | str]) -> Unit:
    factor, powers, sign = Decimal(1), dict[str, int](), 1
    for part in parts:
        if isinstance(part, str):
            sign = -1 if part == "/" else 1
            continue
        factor = factor * part.factor if sign > 0 else factor / part.factor
        for dimension, power in part.dimensions:
            powers[dimension] = powers.get(dimension, 0) + sign * power
    return Unit(factor, tuple(sorted((d, p) for d, p in powers.items() if p)))


def multiply(one: str, other: str, *, divide: bool = False) -> tuple[Decimal, str] | None:
    """The unit of a product or quotient as a factor and a code in base units.

    >>> multiply("cm", "m")
    (Decimal('0.01'), 'm2')
    """
    mine, yours = parse(one), parse(other)
    if mine is None or yours is None:
        return None
    unit = _product([mine, "/" if divide else ".", yours])
    over = [f"{d}{p if p != 1 else ''}" for d, p in unit.dimensions if p > 0]
    under = [f"{d}{-p if p != -1 else ''}" for d, p in unit.dimensions if p < 0]
    return unit.factor, (".".join(over) or "1") + "".join(f"/{u}" for u in under)
