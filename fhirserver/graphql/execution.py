"""A query carried out: read, checked, walked, written.

https://hl7.org/fhir/R4/graphql.html
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock
from typing import Any, Final

from fhirserver.graphql import documents, introspection
from fhirserver.graphql.budget import Budget
from fhirserver.graphql.fields import QUERY, Place
from fhirserver.graphql.rendering import render
from fhirserver.graphql.selections import Selections
from fhirserver.graphql.source import Source
from fhirserver.graphql.walking import Walk
from fhirserver.model import json
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
) -> bytes:
    """The data that a query asks for, as JSON; raises a FhirError, with its line and column.

    `focus`: the type of the resource that it is about, and what reads it; without, the server.
    """
    document = documents.read(query.text, query.operation_name, query.variables)
    root = None if focus is None else focus[0]
    if introspection.is_about_schema(document):
        return _about_schema(query, parameters, limits, root)
    budget = Budget(limits.cost, limits.seconds)
    selections = Selections(document, parameters, budget, limits.depth)
    selections.check(Place(root or QUERY))
    walk = Walk(selections, parameters, source, budget)
    found = walk.from_server() if focus is None else walk.from_resource(focus[1]())
    return json.dump(render(found, with_nulls=with_nulls))


def _about_schema(query: Query, parameters: Parameters, limits: Limits, root: str | None) -> bytes:
    """What tools ask when they start: always the same, large, and the same for everybody."""
    variables = json.dump_sorted(query.variables)
    with _one_at_a_time:
        return zlib.decompress(
            _schema_answer(query.text, query.operation_name, variables, parameters, limits, root)
        )


_one_at_a_time: Final = Lock()


@lru_cache(maxsize=8)
def _schema_answer(
    text: str,
    operation_name: str | None,
    variables: bytes,
    parameters: Parameters,
    limits: Limits,
    root: str | None,
) -> bytes:
    document = documents.read(text, operation_name, json.parse(variables))
    budget = Budget(limits.cost, limits.seconds)
    return zlib.compress(
        introspection.answered(document, parameters, root, budget, limits.depth), 1
    )
