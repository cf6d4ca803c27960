"""`_sort`: by which index rows, column or values in the content an answer is put in order.

https://hl7.org/fhir/R4/search.html#sort
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final, Literal

from fhirserver import fhirpath
from fhirserver.errors import Invalid
from fhirserver.search.hashing import number
from fhirserver.search.parameters import SearchParameter
from fhirserver.search.paths import Path
from fhirserver.search.query import Sort
from fhirserver.search.scope import Scope, short

MAX_KEYS: Final = 8
_ORDERED: Final[dict[str, Literal["date", "string", "number"]]] = {
    "date": "date",
    "string": "string",
    "number": "number",
    "quantity": "number",
}
_LEAF: Final = {
    "CodeableConcept": '."coding"[*]."code"',
    "Coding": '."code"',
    "ContactPoint": '."value"',
    "Identifier": '."value"',
    "Reference": '."reference"',
}
"""Where the text lies by which a token or reference sorts."""


def sort_keys(value: str, types: Sequence[str], scope: Scope) -> tuple[Sort, ...]:
    """The keys of a `_sort`, such as `-date,code`."""
    keys = value.split(",")
    if len(keys) > MAX_KEYS:
        raise Invalid(f"_sort: more than {MAX_KEYS} keys")
    return tuple(_key(key.strip(), types, scope) for key in keys)


def _key(key: str, types: Sequence[str], scope: Scope) -> Sort:
    code, descending = key.removeprefix("-"), key.startswith("-")
    if code == "_id":
        return Sort(code, "id", descending)
    if code == "_lastUpdated":
        return Sort(code, "updated", descending)
    found = {_by_parameter(scope.parameter(code, t), t, descending) for t in types}
    if len(found) != 1:
        raise Invalid(f"_sort: {short(code)} is not the same in all the types searched")
    return found.pop()


def _by_parameter(parameter: SearchParameter, resource_type: str, descending: bool) -> Sort:
    code = parameter.code
    by = _ORDERED.get(parameter.type)
    if by is None:
        paths = _paths(parameter, resource_type)
        if not paths:
            raise Invalid(f"_sort: {code} has no order")
        return Sort(code, "path", descending, paths=paths)
    first, *others = (number(p.code) for p in parameter.answered_by or (parameter,))
    return Sort(code, by, descending, first, also=tuple(others))


def _paths(parameter: SearchParameter, resource_type: str) -> tuple[str, ...]:
    if parameter.type not in ("token", "reference", "uri"):
        return ()
    if parameter.paths is None:
        return fhirpath.to_sql_jsonpath(parameter.expression, resource_type)
    return tuple(dict.fromkeys(_sql(p) for p in parameter.paths))


def _sql(path: Path) -> str:
    """A path as PostgreSQL reads it, to a single text.

    >>> from fhirserver.search.paths import Step
    >>> _sql(Path((Step("telecom", ("system", "email")),), "ContactPoint", "ContactPoint"))
    '$."telecom"[*] ? (@."system" == "email")."value"'
    """
    found = "$"
    for step in path.steps:
        found += f"{_member(step.key)}[*]"
        if step.where is not None:
            found += f" ? (@{_member(step.where[0])} == {json.dumps(step.where[1])})"
    if path.only is not None:
        found += f' ? (@."reference" like_regex "(^|/){path.only}/")'
    return found + _LEAF.get(path.datatype, "")


def _member(name: str) -> str:
    return f".{json.dumps(name)}"
