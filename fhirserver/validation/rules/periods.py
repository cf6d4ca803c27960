"""Periods whose start and end can't be compared, because one says less than the other.

https://hl7.org/fhir/R4/datatypes.html#Period
"""

from __future__ import annotations

from typing import Any, Final

from fhirserver import fhirpath
from fhirserver.validation.node import Node
from fhirserver.validation.rule import always, rule
from fhirserver.validation.run import Run

_IN_ORDER: Final = fhirpath.compile("(start <= end).exists()", "Period")


def _is_uneven(_run: Run, period: Any) -> bool:
    start, end = period.get("start"), period.get("end")
    return type(start) is str and type(end) is str and len(start) != len(end)


@rule("Period", when=always(_is_uneven))
def undecided(run: Run, node: Node) -> None:
    """A day and a time of that day: FHIRPath has no answer, nor has per-1 as R4 wrote it."""
    start, end = node.text("start"), node.text("end")
    if start is None or end is None or len(start) == len(end):
        return
    if not all(found[1] for found in _IN_ORDER(node.value, run.own_env(node))):
        text = "nothing says that the start is before the end: write both equally exact"
        run.report(run.options.undecided_period, "invariant", text, node)
