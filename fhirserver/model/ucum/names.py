"""What a unit is called: `mg/dL` is "milligram per deciliter"."""

from __future__ import annotations

import re
from typing import Final

from fhirserver.model.ucum.table import load
from fhirserver.model.ucum.units import parse

_PIECE: Final = re.compile(
    r"(?P<operator>[./])|(?P<note>\{[^}]*\})"
    r"|(?P<unit>10[*^]|(?:[!#-'*,:-<>-Z\\^-z|~]|\[[^\]]*\])+)(?P<power>[+-]?\d+)?"
    r"|(?P<other>.)"
)


def display(code: str) -> str | None:
    """A unit's name in English, made of the names of its parts; None if it isn't a unit.

    >>> display("mg/dL"), display("10*3/uL"), display("m[Hg]")
    ('milligram per deciliter', '10*3 per microliter', 'meter of mercury column')
    """
    if parse(code) is None:
        return None
    words: list[str] = []
    for piece in _PIECE.finditer(code):
        if piece["operator"]:
            words.append("per" if piece["operator"] == "/" else "")
        elif piece["unit"]:
            words.append(_name(piece["unit"]) + _power(piece["unit"], piece["power"]))
        else:
            words.append(piece[0])
    return " ".join(w for w in words if w)


def _power(unit: str, power: str | None) -> str:
    if not power:
        return ""
    return power if unit in ("10*", "10^") else f"^{power.removeprefix('+')}"


def _name(code: str) -> str:
    table = load()
    if code in ("10*", "10^"):
        return code
    if code in table.units:
        return table.units[code].name
    for length in (1, 2):
        prefix, unit = table.prefixes.get(code[:length]), table.units.get(code[length:])
        if prefix and unit and unit.is_metric:
            return prefix[1] + unit.name
    return code
