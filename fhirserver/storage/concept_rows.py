"""Writing a large code system into its tables: all of it or nothing, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from fhirserver.errors import Invalid
from fhirserver.model import json
from fhirserver.model.resource import Resource
from fhirserver.storage.database import Connection, Database, execute
from fhirserver.terminology.content import Concept
from fhirserver.terminology.texts import words

# What a parent is looked for in when all concepts are there.
Edges = list[tuple[int, str]]

LOCK: Final = 7_283_910_447
_MOST_NAMES: Final = 20_000
"""Characters of names that are looked through for words."""


@dataclass(frozen=True, slots=True)
class Term:
    """A concept with the codes that are directly above it."""

    concept: Concept
    parents: tuple[str, ...] = ()


def replace_code_system(database: Database, about: Resource, terms: Iterable[Term]) -> int:
    """Put a version of a code system in place of the one of that url and version; its size.

    `about` is its CodeSystem resource without concepts. Readers see the old one until the new one
    is complete. Raises Invalid for a code that comes twice, for a parent that doesn't exist, and
    for a concept that is above itself.
    """
    with database.transaction() as connection:
        execute(connection, "SET LOCAL statement_timeout = 0")
        execute(connection, "SET LOCAL enable_seqscan = on")
        execute(connection, "SELECT pg_advisory_xact_lock(%s)", (LOCK,))
        system = _begun(connection, about)
        numbers, edges = _copy_concepts(connection, system, terms)
        _copy_edges(connection, system, _resolved(numbers, edges))
        _close(connection, system)
        execute(
            connection,
            "UPDATE terminology.code_system SET concepts = %s, is_hierarchical = %s WHERE id = %s",
            (len(numbers), bool(edges), system),
        )
        mark_change(connection)
    for name in ("concept", "parent", "closure", "property"):
        database.write_aside(f"ANALYZE terminology.{name}")
    return len(numbers)


def mark_change(connection: Connection) -> None:
    """Let everybody know that terminology has changed, when this transaction commits.

    The tables have no trigger of their own, and what was made of them is kept until
    `StoredConformance.generation` is another: the resources' trigger also fires on no rows.
    """
    execute(connection, 'UPDATE resource."CodeSystem" SET version = version WHERE false')


def _begun(connection: Connection, about: Resource) -> int:
    url, version = about["url"], about.get("version", "")
    old = execute(
        connection,
        "DELETE FROM terminology.code_system WHERE url = %s AND version = %s RETURNING id",
        (url, version),
    )
    for (system,) in old:
        for name in ("concept", "parent", "closure", "property"):
            execute(connection, f"DELETE FROM terminology.{name} WHERE system = %s", (system,))
    made = execute(
        connection,
        "INSERT INTO terminology.code_system (url, version, about) VALUES (%s, %s, %s::jsonb) "
        "RETURNING id",
        (url, version, json.dump(about).decode()),
    )
    return int(made[0][0])


def _copy_concepts(
    connection: Connection, system: int, terms: Iterable[Term]
) -> tuple[dict[str, int], Edges]:
    numbers: dict[str, int] = {}
    edges: Edges = []

    def rows() -> Iterator[tuple[int, Concept]]:
        for number, term in enumerate(terms):
            code = term.concept.code
            if code in numbers:
                raise Invalid(f"the code {code[:64]} is there twice")
            numbers[code] = number
            edges.extend((number, parent) for parent in term.parents)
            yield number, term.concept

    copy_concepts(connection, system, rows())
    return numbers, edges


def copy_concepts(connection: Connection, system: int, rows: Iterable[tuple[int, Concept]]) -> None:
    """Write concepts with their numbers, and their properties."""
    properties: list[tuple[int, int, str, str]] = []
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "COPY terminology.concept (system, number, is_inactive, is_abstract, code, display, "
            "definition, names, designations, properties) FROM STDIN"
        ) as copy,
    ):
        for number, concept in rows:
            properties += _property_rows(system, number, concept)
            copy.write_row(_concept_row(system, number, concept))
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "COPY terminology.property (system, concept, property, value) FROM STDIN"
        ) as copy,
    ):
        for row in properties:
            copy.write_row(row)


def _concept_row(system: int, number: int, concept: Concept) -> tuple[Any, ...]:
    names = [concept.code, concept.display or "", *(d.value for d in concept.designations)]
    return (
        system,
        number,
        concept.is_inactive,
        concept.is_abstract,
        concept.code,
        concept.display,
        concept.definition,
        "\n".join(" ".join(words(name)) for name in names)[:_MOST_NAMES],
        json.dump([_designation(d) for d in concept.designations]).decode()
        if concept.designations
        else None,
        json.dump([[p.code, p.type, p.value] for p in concept.properties]).decode()
        if concept.properties
        else None,
    )


def _designation(found: Any) -> list[Any]:
    return [found.value, found.language, found.use]


def _property_rows(
    system: int, number: int, concept: Concept
) -> Iterator[tuple[int, int, str, str]]:
    for found in concept.properties:
        yield system, number, found.code, property_text(found.value)


def property_text(value: Any) -> str:
    """The value of a property as filters compare it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value.get("code", "")) if isinstance(value, dict) else str(value)


def _resolved(numbers: dict[str, int], edges: Edges) -> Iterator[tuple[int, int]]:
    seen = set()
    for child, parent in edges:
        number = numbers.get(parent)
        if number is None:
            raise Invalid(f"the code {parent[:64]} is above others, and isn't there itself")
        if (child, number) not in seen:
            seen.add((child, number))
            yield child, number


def _copy_edges(connection: Connection, system: int, edges: Iterable[tuple[int, int]]) -> None:
    with (
        connection.cursor() as cursor,
        cursor.copy("COPY terminology.parent (system, child, parent) FROM STDIN") as copy,
    ):
        for child, parent in edges:
            copy.write_row((system, child, parent))


def _close(connection: Connection, system: int) -> None:
    execute(connection, "ANALYZE terminology.parent")
    execute(
        connection,
        "INSERT INTO terminology.closure (system, ancestor, descendant) "
        "WITH RECURSIVE above (child, parent) AS ("
        "SELECT child, parent FROM terminology.parent WHERE system = %(s)s "
        "UNION SELECT a.child, p.parent FROM above a "
        "JOIN terminology.parent p ON p.system = %(s)s AND p.child = a.parent) "
        "SELECT %(s)s, parent, child FROM above",
        {"s": system},
    )
    refuse_circles(connection, system)


def refuse_circles(connection: Connection, system: int) -> None:
    """Raise Invalid when a concept is above itself."""
    round_ = execute(
        connection,
        "SELECT k.code FROM terminology.closure c JOIN terminology.concept k "
        "ON k.system = c.system AND k.number = c.ancestor "
        "WHERE c.system = %s AND c.ancestor = c.descendant LIMIT 1",
        (system,),
    )
    if round_:
        raise Invalid(f"the code {round_[0][0][:64]} is above itself")
