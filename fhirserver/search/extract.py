"""Extraction: the index values and the references of a resource. Pure.

https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from fhirserver.model.resource import Resource
from fhirserver.search.index import DateRow, IndexValues, NumberRow, StringRow
from fhirserver.search.parameters import Parameters, SearchParameter
from fhirserver.search.paths import find
from fhirserver.search.plan import Evaluate, evaluation, plan_of
from fhirserver.search.site import Site
from fhirserver.search.types import reference as references_type

Row = TypeVar("Row", DateRow, NumberRow, StringRow)


class Found(NamedTuple):
    """A reference: by which parameter, as it is written, and what it is to where that is ours."""

    code: str
    reference: str
    type: str | None
    id: str | None


def extract(resource: Resource, parameters: Parameters, site: Site) -> IndexValues:
    """All index values of a resource: no duplicates, first and last rows marked."""
    out = IndexValues()
    plan_of(parameters, resource["resourceType"], site).fill(resource, out)
    out.elements = list(dict.fromkeys(out.elements))
    if len(out.texts) > 1:
        out.texts = list(dict.fromkeys(out.texts))
    if len(out.dates) > 1:
        out.dates = _flagged(out.dates, lambda r: r.low, lambda r: r.high)
    if len(out.numbers) > 1:
        out.numbers = _flagged(out.numbers, lambda r: r.low, lambda r: r.high)
    if len(out.strings) > 1:
        out.strings = _flagged(out.strings, lambda r: r.text, lambda r: r.text)
    return out


def _flagged(rows: list[Row], low: Callable[[Row], Any], high: Callable[[Row], Any]) -> list[Row]:
    """The rows without duplicates, with one first and one last for each parameter that sorts."""
    if len({r.param for r in rows}) == len(rows):
        return rows
    rows = list(dict.fromkeys(rows))
    sortable = [r for r in rows if r.first]
    if len({r.param for r in sortable}) == len(sortable):
        return rows
    first: dict[int, Row] = {}
    last: dict[int, Row] = {}
    for row in sortable:
        if row.param not in first or low(row) < low(first[row.param]):
            first[row.param] = row
        if row.param not in last or high(row) > high(last[row.param]):
            last[row.param] = row
    return [
        row._replace(first=first[row.param] is row, last=last[row.param] is row)
        if row.first
        else row
        for row in rows
    ]


def references(
    resource: Resource, parameters: Parameters, site: Site, codes: Iterable[str] | None = None
) -> list[Found]:
    """The references in a resource by these reference parameters (None for all), without doubles.

    Only those that can be followed: not contained ones, not identifiers alone.
    """
    resource_type = resource["resourceType"]
    known = parameters.for_type(resource_type)
    wanted = known if codes is None else codes
    found: dict[Found, None] = {}
    for code in wanted:
        parameter = known.get(code)
        if parameter is None or parameter.type != "reference":
            continue
        for datatype, value in evaluate(parameters, resource_type, code)(resource):
            written = value.get("reference") if datatype == "Reference" else value
            if isinstance(written, str) and not written.startswith("#"):
                own = references_type.local(written, site)
                found[Found(code, written, *(own or (None, None)))] = None
    return list(found)


@lru_cache(maxsize=8_192)
def evaluate(parameters: Parameters, resource_type: str, code: str) -> Evaluate:
    """What finds the values of one parameter in a resource, with their datatypes."""
    parameter = parameters.for_type(resource_type)[code]
    if parameter.paths is None:
        return evaluation(parameter, resource_type)
    return _by_paths(parameter)


def _by_paths(parameter: SearchParameter) -> Evaluate:
    places = parameter.paths or ()

    def values(resource: Any) -> list[tuple[str, Any]]:
        return [
            (place.datatype, value)
            for place in places
            for value in find(resource, place.steps)
            if place.only is None or references_type.refers_to(value, place.only)
        ]

    return values
