"""What tests of search share: parameters, a site, and a matcher that says what conditions mean.

The matcher is the plain reading of query.py's docstrings over the index values of one resource;
storage's SQL must find the same.
"""

from __future__ import annotations

import math
import tarfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fhirserver.model import definitions
from fhirserver.search.extract import extract
from fhirserver.search.index import IndexValues
from fhirserver.search.parameters import Parameters
from fhirserver.search.parse import parse
from fhirserver.search.query import (
    And,
    AnyElement,
    Condition,
    HasRow,
    Ids,
    InDates,
    InNumbers,
    InStrings,
    Near,
    Not,
    OfType,
    Or,
    Query,
    StringCompare,
    TokenText,
)
from fhirserver.search.site import Site

SHARED = Path(__file__).parents[3] / "shared"
Resource = dict[str, Any]
Search = Callable[..., Query]
Found = Callable[[Resource, str], bool]


@pytest.fixture(scope="session")
def parameters() -> Parameters:
    return Parameters(definitions.load())


@pytest.fixture(scope="session")
def site() -> Site:
    return Site("http://hospital.example/fhir")


@pytest.fixture(scope="session")
def index(parameters: Parameters, site: Site) -> Callable[[Resource], IndexValues]:
    """The index values of a resource."""
    return lambda resource: extract(resource, parameters, site)


@pytest.fixture(scope="session")
def search(parameters: Parameters, site: Site) -> Search:
    """Parses `Observation?code=a&date=gt2020`; the query part is taken as decoded already."""

    def run(url: str, **options: Any) -> Query:
        resource_type, _, query = url.partition("?")
        pairs = [tuple(p.split("=", 1)) for p in query.split("&") if p]
        return parse(resource_type or None, pairs, parameters=parameters, site=site, **options)

    return run


@pytest.fixture(scope="session")
def found(parameters: Parameters, site: Site, search: Search) -> Found:
    """Whether a search by these parameters finds the resource."""

    def run(resource: Resource, query: str) -> bool:
        asked = search(f"{resource['resourceType']}?{query}")
        return meets(asked.condition, extract(resource, parameters, site), resource)

    return run


@pytest.fixture(scope="session")
def examples() -> list[tuple[str, Resource]]:
    """HL7's R4 examples: name and resource."""
    folder = SHARED / "data" / "r4-examples"
    if not folder.is_dir():
        pytest.skip("needs the test data in ../shared, which is not part of the project")
    decoder = msgspec.json.Decoder(float_hook=Decimal)
    with tarfile.open(folder / "r4-examples-instances.tar.xz") as archive:
        return [
            (member.name, decoder.decode(archive.extractfile(member).read()))  # type: ignore[union-attr]
            for member in archive
            if member.name.endswith(".json")
        ]


def meets(condition: Condition, has: IndexValues, resource: Resource) -> bool:
    match condition:
        case And(conditions):
            return all(meets(c, has, resource) for c in conditions)
        case Or(conditions):
            return any(meets(c, has, resource) for c in conditions)
        case Not(inner):
            return not meets(inner, has, resource)
        case AnyElement(elements):
            return not set(elements).isdisjoint(has.elements)
        case Ids(ids):
            return resource.get("id") in ids
        case OfType(types):
            return resource["resourceType"] in types
        case HasRow(table, param):
            return any(r.param == param for r in getattr(has, f"{table}s"))
        case InDates(param):
            return any(
                compares(condition.compare, r.low, r.high, condition.low, condition.high)
                for r in has.dates
                if r.param == param and same_key(r, condition)
            )
        case InNumbers():
            return any(number_meets(r, condition, has) for r in has.numbers)
        case InStrings(param, match, text):
            test = {
                "prefix": str.startswith,
                "contains": str.__contains__,
                "suffix": str.endswith,
                "equals": str.__eq__,
            }[match]
            rows = [r for r in has.strings if r.param == param and same_key(r, condition)]
            return any(test(r.text, text) for r in rows)
        case StringCompare(param, compare, text):
            rows = [r.text for r in has.strings if r.param == param]
            return any(
                {
                    "gt": t > text,
                    "lt": t < text,
                    "ge": t >= text,
                    "le": t <= text,
                    "ne": t != text,
                }[compare]
                for t in rows
            )
        case TokenText(param, text, match):
            rows = [t.text for t in has.texts if t.param == param]
            return any(t.startswith(text) if match == "prefix" else text in t for t in rows)
        case Near(param, latitude, longitude, metres):
            return any(
                r.param == param and distance(r.latitude, r.longitude, latitude, longitude) < metres
                for r in has.positions
            )
        case _:
            raise NotImplementedError(condition)


def same_key(row: Any, condition: Any) -> bool:
    return (condition.token is None or condition.token == row.token) and (
        condition.system_token is None or condition.system_token == row.system_token
    )


def number_meets(row: Any, asked: InNumbers, has: IndexValues) -> bool:
    low, high = (row.low, row.high) if asked.unit is None else (row.base_low, row.base_high)
    return (
        row.param == asked.param
        and same_key(row, asked)
        and (asked.unit is None or asked.unit == row.unit)
        and (asked.code is None or asked.code in (row.code, row.label))
        and (
            compares(asked.compare, low, high, asked.exact, asked.exact)
            if asked.compare in ("gt", "lt", "sa", "eb")
            else compares(asked.compare, low, high, asked.low, asked.high)
        )
        and (
            asked.second is None
            or any(r.item == row.item and number_meets(r, asked.second, has) for r in has.numbers)
        )
    )


def compares(compare: str, low: float, high: float, asked_low: float, asked_high: float) -> bool:
    inside = asked_low <= low and high <= asked_high
    return {
        "eq": inside,
        "ne": not inside,
        "gt": high > asked_high,
        "lt": low < asked_low,
        "ge": high > asked_high or inside,
        "le": low < asked_low or inside,
        "sa": low >= asked_high,
        "eb": high <= asked_low,
        "ap": (low < asked_high and high > asked_low) or inside,
    }[compare]


def distance(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    a, b = math.radians(lat1), math.radians(lat2)
    h = (
        math.sin((b - a) / 2) ** 2
        + math.cos(a) * math.cos(b) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    )
    return 2 * 6_371_000 * math.asin(math.sqrt(h))
