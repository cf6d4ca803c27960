"""Which of some versions meet which searches, whatever has become of the resources since.

The index holds current versions only; here the same SQL runs over the index values of the versions
in question. What chains lead to is looked at as it is now.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fhirserver.search.prefilter import is_decided, may_meet, needed
from fhirserver.search.query import And, Condition, FullText, Not, Or
from fhirserver.storage.chains import chains_found
from fhirserver.storage.database import Rows
from fhirserver.storage.guard import is_whole
from fhirserver.storage.past import COLUMNS_THEN, Shadow, shadow_of
from fhirserver.storage.schema import table
from fhirserver.storage.search_sql.builder import Builder
from fhirserver.storage.search_sql.conditions import seen, where
from fhirserver.storage.store import Store
from fhirserver.storage.versions import array

Named = tuple[int, int]
"""A version: its resource's key and its number."""

_AT_ONCE = 20
"""How many conditions one statement asks for."""


def versions_meeting(
    store: Store, resource_type: str, versions: Sequence[Named], conditions: Sequence[Condition]
) -> list[set[Named]]:
    """For each condition the versions that meet it, as far as they are there for the caller.

    Both the version and the resource as it is now must be there for them. Deletions meet nothing.
    """
    met: list[set[Named]] = [set() for _ in conditions]
    rows = _versions(store, resource_type, versions) if conditions else []
    if not rows:
        return met
    # Two versions of one resource are two rows here: the key is a number of their own.
    named = [(row[0], row[2]) for row in rows]
    shadow = shadow_of(store, resource_type, [(n, *row[1:]) for n, row in enumerate(rows)])
    rule = store.guard.searching(resource_type)
    sees_all = is_whole(rule)
    if not any(map(_reads_texts, (rule, *conditions))):
        # What nobody looks at needn't be sent with every statement.
        nothing = [None] * len(rows)
        shadow.parameters.update(p_meta=nothing, p_exact=nothing, p_content=nothing)
    asked: list[_Asked] = []
    for number, possible in enumerate(_possible(conditions, shadow)):
        condition = conditions[number]
        if sees_all and is_decided(condition):
            met[number] = {named[n] for n in possible}
        elif possible:
            found = chains_found(store, condition, (resource_type,))
            asked.append((number, found, possible))
    for start in range(0, len(asked), _AT_ONCE):
        group = asked[start : start + _AT_ONCE]
        for number, key in _found(store, resource_type, shadow, group):
            met[number].add(named[key])
    return met


def _reads_texts(condition: Condition) -> bool:
    """Whether the content itself is looked at, and not only index values."""
    match condition:
        case FullText():
            return True
        case And(conditions) | Or(conditions):
            return any(map(_reads_texts, conditions))
        case Not(inner):
            return _reads_texts(inner)
        case _:
            return False


_Asked = tuple[int, Condition, list[int]]
"""A condition with its number, and the rows that may meet it."""


def _possible(conditions: Sequence[Condition], shadow: Shadow) -> list[list[int]]:
    """For each condition the rows that may meet it, by what they must have at least."""
    by_element: dict[int, list[int]] = {}
    others: list[int] = []
    for number, condition in enumerate(conditions):
        least = needed(condition)
        if least is None:
            others.append(number)
        for element in least or ():
            by_element.setdefault(element, []).append(number)
    possible: list[list[int]] = [[] for _ in conditions]
    for row, text in enumerate(shadow.parameters["p_elements"]):
        held = _elements(text)
        near = {n for e in held if e in by_element for n in by_element[e]}
        for number in (*near, *others):
            if may_meet(conditions[number], held):
                possible[number].append(row)
    return possible


def _found(
    store: Store, resource_type: str, shadow: Shadow, asked: Sequence[_Asked]
) -> Iterator[tuple[int, int]]:
    build = Builder(store.guard.searching, shadow.names, types=len(asked))
    parts = " UNION ALL ".join(
        f"SELECT {number}, r.key FROM past_resource r WHERE r.key = ANY({build.bind_array(rows)}) "
        f"AND {where(build, c, resource_type, 'r')}"
        for number, c, rows in asked
    )
    found = store.database.read(
        f"WITH {shadow.sql} {parts}", build.parameters | shadow.parameters, prepare=False
    )
    yield from ((row[0], row[1]) for row in found)


def _versions(store: Store, resource_type: str, versions: Sequence[Named]) -> Rows:
    """Rows of COLUMNS_THEN; deletions have no content, and are left out."""
    if not versions:
        return []
    build = Builder(store.guard.searching, types=2)
    now = seen(build, resource_type, "c")
    current, past = table("resource", resource_type), table("history", resource_type)
    asked = (
        f"unnest({build.bind_array(k for k, _ in versions)}, "
        f"{build.bind(array(v for _, v in versions), 'int4[]')}) AS w (key, version)"
    )
    rows = store.database.read(
        f"SELECT {COLUMNS_THEN} FROM {asked} JOIN {current} c ON c.key = w.key AND {now} "
        f"JOIN {current} r ON r.key = w.key AND r.version = w.version "
        f"UNION ALL SELECT {COLUMNS_THEN} FROM {asked} JOIN {current} c ON c.key = w.key AND {now} "
        f"JOIN {past} r ON r.key = w.key AND r.version = w.version",
        build.parameters,
        prepare=False,
    )
    return [row for row in rows if row[7] is not None]


def _elements(text: str) -> frozenset[int]:
    """The numbers of an int8[] literal."""
    return frozenset(map(int, text[1:-1].split(","))) if len(text) > len("{}") else frozenset()
