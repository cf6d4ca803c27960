"""Adding concepts to a code system in its tables, in the caller's transaction: all or nothing.

https://hl7.org/fhir/R4/codesystem.html#concepts
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fhirserver.errors import Invalid, Unprocessable
from fhirserver.model import json
from fhirserver.model.resource import Resource
from fhirserver.storage.concept_rows import (
    LOCK,
    copy_concepts,
    mark_change,
    refuse_circles,
)
from fhirserver.storage.database import Connection, Database, execute
from fhirserver.terminology.additions import Additions, together
from fhirserver.terminology.listed import concept_of


@dataclass(frozen=True, slots=True)
class Size:
    """How many concepts there are now, and how many of them are new."""

    concepts: int
    new: int


def add_concepts(database: Database, about: Resource, additions: Additions) -> Size:
    """Add to the tables of a version of a code system, which are begun if there are none.

    `about` is its resource without concepts. Raises Unprocessable when something is said of a
    concept that isn't there, and Invalid for a concept that would be above itself.
    """
    url, version = about["url"], about.get("version", "")
    with database.transaction() as connection:
        execute(connection, "SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        system, count, about = _system(connection, url, version, about)
        there = _there(connection, system, additions)
        new = [code for code in additions.concepts if code not in there]
        for code in new:
            if code in additions.about_codes and code not in additions.places:
                raise _unknown(code, additions.about_codes[code])
        numbers = {code: row[0] for code, row in there.items()}
        last = _last(connection, system)
        numbers |= {code: last + n for n, code in enumerate(new, 1)}
        touched = [c for c in additions.concepts if c in there]
        _remove(connection, system, [numbers[c] for c in touched])
        rows = (
            (numbers[code], concept_of(_with(there.get(code), concept), about))
            for code, concept in additions.concepts.items()
        )
        copy_concepts(connection, system, rows)
        _relate(connection, system, _edges(numbers, additions))
        refuse_circles(connection, system)
        execute(
            connection,
            "UPDATE terminology.code_system SET concepts = %(n)s, about = %(about)s::jsonb, "
            "is_hierarchical = EXISTS (SELECT FROM terminology.parent WHERE system = %(s)s) "
            "WHERE id = %(s)s",
            {
                "n": count + len(new),
                "s": system,
                "about": json.dump(_known(about, count + len(new))).decode(),
            },
        )
        mark_change(connection)
    return Size(count + len(new), len(new))


def _system(
    connection: Connection, url: str, version: str, about: Resource
) -> tuple[int, int, Resource]:
    rows = execute(
        connection,
        "SELECT id, concepts, about::text FROM terminology.code_system "
        "WHERE url = %s AND version = %s",
        (url, version),
    )
    if rows:
        return rows[0][0], rows[0][1], json.parse_object(rows[0][2].encode())
    made = execute(
        connection,
        "INSERT INTO terminology.code_system (url, version, about) VALUES (%s, %s, %s::jsonb) "
        "RETURNING id",
        (url, version, json.dump(about).decode()),
    )
    return made[0][0], 0, about


_PARTIAL: Final = frozenset({"not-present", "fragment"})


def _known(about: Resource, count: int) -> Resource:
    """The resource with the `content` that is true: a part, unless all are here that it counts."""
    if about.get("content") not in _PARTIAL:
        return about
    is_whole = about.get("count") == count
    return {**about, "content": "complete" if is_whole else "fragment"}


_Row = tuple[int, Resource]


def _there(connection: Connection, system: int, additions: Additions) -> dict[str, _Row]:
    """Those of the codes that are named which are there: their numbers, and what is known."""
    above = (p for parents in additions.parents.values() for p in parents)
    codes = list(dict.fromkeys((*additions.concepts, *additions.parents, *above)))
    rows = execute(
        connection,
        "SELECT code, number, display, definition, designations::text, properties::text "
        "FROM terminology.concept WHERE system = %s AND code = ANY(%s::text[])",
        (system, codes),
    )
    return {row[0]: (row[1], _resource(*row)) for row in rows}


def _resource(
    code: str,
    number: int,
    display: str | None,
    definition: str | None,
    designations: str | None,
    properties: str | None,
) -> Resource:
    """A row as the concept of a CodeSystem."""
    made: Resource = {"code": code}
    made |= {"display": display} if display else {}
    made |= {"definition": definition} if definition else {}
    if designations:
        made["designation"] = [
            {k: v for k, v in zip(("value", "language", "use"), d, strict=True) if v is not None}
            for d in _list(designations)
        ]
    if properties:
        made["property"] = [{"code": c, f"value{t}": v} for c, t, v in _list(properties)]
    return made


def _list(text: str) -> Sequence[Any]:
    found = json.parse(text.encode())
    return found if isinstance(found, list) else ()


def _with(row: _Row | None, concept: Resource) -> Resource:
    return concept if row is None else together(row[1], concept)


def _last(connection: Connection, system: int) -> int:
    rows = execute(
        connection,
        "SELECT coalesce(max(number), -1) FROM terminology.concept WHERE system = %s",
        (system,),
    )
    return int(rows[0][0])


def _remove(connection: Connection, system: int, numbers: Sequence[int]) -> None:
    for name, column in (("concept", "number"), ("property", "concept")):
        execute(
            connection,
            f"DELETE FROM terminology.{name} WHERE system = %s AND {column} = ANY(%s::int4[])",
            (system, list(numbers)),
        )


def _edges(numbers: Mapping[str, int], additions: Additions) -> list[tuple[int, int]]:
    found = []
    for code, parents in additions.parents.items():
        place = additions.places.get(code) or additions.about_codes.get(code) or "Parameters"
        for one in (code, *parents):
            if one not in numbers:
                raise _unknown(one, place)
        found += [(numbers[code], numbers[p]) for p in parents]
    return found


def _unknown(code: str, place: str) -> Unprocessable:
    return Unprocessable(f"there is no concept {code[:64]!r}", expression=place)


def _relate(connection: Connection, system: int, edges: Iterable[tuple[int, int]]) -> None:
    """Add edges, and what follows from them for everything below."""
    edges = list(edges)
    if not edges:
        return
    if any(child == parent for child, parent in edges):
        raise Invalid("a concept can't be above itself")
    given = {"s": system, "c": [c for c, _ in edges], "p": [p for _, p in edges]}
    execute(
        connection,
        "INSERT INTO terminology.parent (system, child, parent) "
        "SELECT %(s)s, e.c, e.p FROM unnest(%(c)s::int4[], %(p)s::int4[]) AS e (c, p) "
        "ON CONFLICT DO NOTHING",
        given,
    )
    execute(
        connection,
        "INSERT INTO terminology.closure (system, ancestor, descendant) "
        "WITH RECURSIVE below (n) AS ("
        "SELECT unnest(%(c)s::int4[]) "
        "UNION SELECT p.child FROM below b "
        "JOIN terminology.parent p ON p.system = %(s)s AND p.parent = b.n), "
        "above (child, parent) AS ("
        "SELECT p.child, p.parent FROM below b "
        "JOIN terminology.parent p ON p.system = %(s)s AND p.child = b.n "
        "UNION SELECT a.child, p.parent FROM above a "
        "JOIN terminology.parent p ON p.system = %(s)s AND p.child = a.parent) "
        "SELECT %(s)s, parent, child FROM above ON CONFLICT DO NOTHING",
        given,
    )
