"""What a type of search parameter is to the rest: how it indexes values, and how it asks for them.

Each file in types/ registers one. A kind's `index` is asked once per parameter and datatype, when a
resource type's plan is made, for a function that indexes one value; its `condition` is asked once
per parameter of a search.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fhirserver.registry import Registry
from fhirserver.search.index import IndexValues
from fhirserver.search.parameters import SearchParameter
from fhirserver.search.query import Condition
from fhirserver.search.site import Site

Index = Callable[[Any, IndexValues], None]
"""Adds what the index holds of one JSON value."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A search parameter type.

    index: how values of a datatype are indexed, or None when they have no meaning for the kind;
    condition: what the values of a search, joined by OR, ask for, with a modifier or None (never
    `missing` or `not`, which are the same for all);
    present: what tells that a resource has any value.
    """

    index: Callable[[SearchParameter, str, Site], Index | None]
    condition: Callable[[SearchParameter, str | None, Sequence[str], Site], Condition]
    present: Callable[[SearchParameter], Condition]


kinds: Registry[Kind] = Registry("search parameter type")
