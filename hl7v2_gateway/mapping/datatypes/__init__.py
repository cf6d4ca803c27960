"""The data type maps: a function for each, by the name the tables use (`XPN[HumanName]`).

The tables' data type rows need arithmetic, choice and chains of resources, so they are written as
functions, each next to the rows it answers; `tests/hl7v2_gateway/mapping/test_rows.py` asks every
row for its target. A function takes a repetition, the context and what the rule adds, and returns
a FHIR value, or None when there is nothing that FHIR can hold (the field is then listed as
unmapped). `USES` says which components a map reads; the others are listed too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from hl7v2_gateway.mapping.context import Context, How
from hl7v2_gateway.mapping.views import Repetition

Convert = Callable[[Repetition, Context, How], Any]

MAPS: Final[dict[str, Convert]] = {}
USES: Final[dict[str, frozenset[int]]] = {}
ALL: Final = frozenset(range(1, 60))


def maps(*names: str, uses: str = "*") -> Callable[[Convert], Convert]:
    """Register a function under the names that the tables use, whatever their capitals."""
    components = ALL if uses == "*" else _numbers(uses)

    def register(function: Convert) -> Convert:
        for name in names:
            MAPS[name.lower()] = function
            USES[name.lower()] = components
        return function

    return register


def _numbers(text: str) -> frozenset[int]:
    """The numbers of `1-3,5`."""
    found: set[int] = set()
    for part in text.split(","):
        low, _, high = part.partition("-")
        found.update(range(int(low), int(high or low) + 1))
    return frozenset(found)
