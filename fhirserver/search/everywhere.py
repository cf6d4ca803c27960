"""Search parameters that every resource has and that are no index values: ids, times, lists, text.

https://hl7.org/fhir/R4/search.html#all
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from fhirserver.errors import NotSupported
from fhirserver.search.bad_value import bad_value
from fhirserver.search.escaping import unescape
from fhirserver.search.query import Condition, FullText, Ids, InList, Updated
from fhirserver.search.scope import Scope, any_of
from fhirserver.search.types.date import asked
from fhirserver.search.types.reference import ID


def ids(values: Sequence[str], scope: Scope) -> Condition:
    """`_id`: the logical ids."""
    for value in values:
        if not ID.fullmatch(value):
            raise bad_value("_id", value, "an id: up to 64 letters, digits, - and .")
    return Ids(tuple(dict.fromkeys(values)))


def last_updated(values: Sequence[str], scope: Scope) -> Condition:
    """`_lastUpdated`: when the version was stored."""
    return any_of([Updated(*asked("_lastUpdated", v, scope.site)) for v in values])


def in_list(values: Sequence[str], scope: Scope) -> Condition:
    """`_list`: the entries of a List."""
    found = []
    for value in values:
        if value.startswith("$"):
            raise NotSupported("_list: lists such as $current-problems are not supported")
        list_id = value.removeprefix("List/")
        if not ID.fullmatch(list_id):
            raise bad_value("_list", value, "the id of a List")
        found.append(InList(list_id))
    return any_of(found)


def narrative(values: Sequence[str], scope: Scope) -> Condition:
    """`_text`: words in the narrative."""
    return any_of([FullText("narrative", unescape(v)) for v in values])


def content(values: Sequence[str], scope: Scope) -> Condition:
    """`_content`: words anywhere."""
    return any_of([FullText("content", unescape(v)) for v in values])


EVERYWHERE: Final[dict[str, Callable[[Sequence[str], Scope], Condition]]] = {
    "_id": ids,
    "_lastUpdated": last_updated,
    "_list": in_list,
    "_text": narrative,
    "_content": content,
}
