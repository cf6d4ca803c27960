"""UCUM's table of prefixes and units, as the organisation publishes it (`units.tsv`).

https://ucum.org/ucum
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).with_name("units.tsv")
COLUMNS: Final = ("kind", "code", "flags", "value", "unit", "function", "name", "property")


@dataclass(frozen=True, slots=True)
class Row:
    """A unit as it is defined: `value` of `unit`; a base unit has neither.

    `function` is the name of what turns a special unit's number into that of its unit.
    """

    code: str
    is_metric: bool
    is_arbitrary: bool
    value: Fraction
    unit: str
    function: str
    name: str
    measures: str

    @property
    def is_base(self) -> bool:
        return not self.unit


@dataclass(frozen=True, slots=True)
class Table:
    """Everything UCUM defines."""

    version: str
    prefixes: dict[str, tuple[Fraction, str]]
    """By code: the factor and the name."""
    units: dict[str, Row]


@cache
def load() -> Table:
    """The table; read when it is first asked for."""
    version, prefixes, units = "", dict[str, tuple[Fraction, str]](), dict[str, Row]()
    for line in FILE.read_text(encoding="utf-8").splitlines()[1:]:
        kind, code, flags, value, unit, function, name, about = line.split("\t")
        if kind == "version":
            version = code
        elif kind == "prefix":
            prefixes[code] = (Fraction(value), name)
        else:
            factor = Fraction(value or 1)
            units[code] = Row(code, "m" in flags, "a" in flags, factor, unit, function, name, about)
    return Table(version, prefixes, units)
