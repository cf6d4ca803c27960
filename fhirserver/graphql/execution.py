"""A query carried out: read, checked, walked, written.

https://hl7.org/fhir/R4/graphql.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fhirserver.graphql import documents
from fhirserver.graphql.budget import Budget
from fhirserver.graphql.fields import QUERY, Place
from fhirserver.graphql.rendering import render
from fhirserver.graphql.selections import Selections
from fhirserver.graphql.source import Source
from fhirserver.graphql.walking import Walk
from fhirserver.model.resource import Resource
from fhirserver.search.parameters import Parameters


@dataclass(frozen=True, slots=True)
class Query:
    """A query as it was sent."""

    text: str
    operation_name: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a query may be: levels of fields, points (see budget.py), seconds."""

    depth: int = 20
    cost: int = 100_000
    seconds: float = 20.0


def execute(
    query: Query,
    parameters: Parameters,
    source: Source,
    limits: Limits,
    *,
    focus: tuple[str, Callable[[], Resource]] | None = None,
    with_nulls: bool = False,
) -> dict[str, Any]:
    """The data that a query asks for; raises a FhirError with its line and column for any trouble.

    `focus`: the type of the resource that it is about, and what reads it; without, the server.
    """
    document = documents.read(query.text, query.operation_name, query.variables)
    budget = Budget(limits.cost, limits.seconds)
    selections = Selections(document, parameters, budget, limits.depth)
    selections.check(Place(QUERY if focus is None else focus[0]))
    walk = Walk(selections, parameters, source, budget)
    found = walk.from_server() if focus is None else walk.from_resource(focus[1]())
    return render(found, with_nulls=with_nulls)
