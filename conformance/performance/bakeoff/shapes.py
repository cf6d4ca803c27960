"""The searches of the bake-off: each shape is one FHIR question, each form one way to ask it in SQL.

Form names begin with the layout (A, B, C). Every form returns the same first 50 resources unless its
name says "count". `page` casts the content to text after the LIMIT, never before: see the README.
"""

from __future__ import annotations

from criteria import identifiers, newest, ranges, sorted_by_date
from joins import chains, has, others
from probe import Form, Probe


def searches(probe: Probe) -> dict[str, dict[str, Form]]:
    shapes: dict[str, dict[str, Form]] = {}
    for part in (sorted_by_date, newest, ranges, identifiers, chains, has, others):
        shapes |= part(probe)
    return shapes
