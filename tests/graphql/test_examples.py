"""A query that selects all of a resource gives the resource: HL7's R4 examples."""

from __future__ import annotations

import tarfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fhirserver.graphql.execution import Limits, Query, execute
from fhirserver.model import json
from fhirserver.search.parameters import base_parameters

FILE = Path(__file__).parents[3] / "shared/data/r4-examples/r4-examples-instances.tar.xz"
LONGEST = 30_000
GENEROUS = Limits(64, 1_000_000, 60.0)


def examples() -> Iterator[Any]:
    with tarfile.open(FILE) as archive:
        for member in archive:
            if member.name.endswith(".json") and member.size < LONGEST:
                yield json.parse_object(archive.extractfile(member).read())


def all_of(objects: Iterable[Any]) -> str:
    """A selection of everything that any of some objects has."""
    fields = defaultdict(list)
    for one in objects:
        for name, value in one.items():
            fields[name] += value if isinstance(value, list) else [value]
    parts = []
    for name, values in fields.items():
        inside = [v for v in values if isinstance(v, dict)]
        is_any = name in {"contained", "resource", "outcome"}
        if is_any and inside and "resourceType" in inside[0]:
            parts.append(f"{name} {by_type(inside)}")
        else:
            parts.append(f"{name} {all_of(inside)}" if inside else name)
    return "{" + " ".join(parts) + "}"


def by_type(resources: Iterable[Any]) -> str:
    """The same of resources, which may be of several types."""
    types = defaultdict(list)
    for one in resources:
        types[one["resourceType"]].append(one)
    return "{" + " ".join(f"... on {t} {all_of(r)}" for t, r in types.items()) + "}"


@pytest.mark.skipif(not FILE.exists(), reason="../shared/data is not at hand")
def test_every_example_comes_out_as_it_is():
    parameters = base_parameters()
    count = 0

    for resource in examples():
        query = Query(all_of([resource]))
        focus = resource["resourceType"], lambda r=resource: r
        found = execute(query, parameters, None, GENEROUS, focus=focus)
        assert json.parse(found, max_depth=200) == resource, resource["id"]
        count += 1

    assert count > 600
