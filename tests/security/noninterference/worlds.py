"""The clinic in a database, as it is and as it would be without what somebody may not see.

A second database is a copy of the first, from which the rows of every hidden version are taken:
so ids, times and version numbers are the same in both, and nothing but the hidden rows differs.
What rules go by (who cares for whom, what patients consent to) stays in both.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import psycopg

from fhirserver.access.principal import Principal, Scope
from fhirserver.app import open_database, open_engine
from fhirserver.engine import Engine
from fhirserver.settings import Settings
from fhirserver.storage import migrate
from fhirserver.storage.schema import ordered, table
from fhirserver.storage.tables import kinds_needed
from tests.security.noninterference.asking import Question, ask
from tests.security.noninterference.by_hand import label, selves
from tests.security.noninterference.evaluator import Care, Directive, Judge, Share, inherited
from tests.security.noninterference.parameters import Clinic as Seen
from tests.security.noninterference.parameters import address
from tests.security.noninterference.records import COUNTS, Clinic, body

Resource = dict[str, Any]
WHOLE = Principal("whole", (Scope("system", "*", frozenset("cruds")),))


@dataclass(frozen=True)
class State:
    """One version: its content, or (deleted) what it was before."""

    number: int
    resource: Resource
    is_deleted: bool


@dataclass(frozen=True)
class World:
    """A clinic and all that happened in it; `versions` by address, in their order."""

    name: str
    versions: Mapping[str, tuple[State, ...]]
    care: tuple[Care, ...]
    directives: tuple[Directive, ...]
    shares: tuple[Share, ...]
    end: str
    """When it was finished, as instants are written."""

    def judge(self, caller: Any) -> Judge:
        return Judge(caller, self.care, self.directives, self.shares)

    def seen_by(self, judge: Judge, right: str = "") -> dict[str, list[State]]:
        """The versions that are there for a caller: as they were, of what is seen as it is now."""

        def may(resource: Resource) -> bool:
            return judge.may(right, resource) if right else judge.sees(resource)

        return {
            where: [s for s in states if may(s.resource)]
            for where, states in self.versions.items()
            if may(states[-1].resource)
        }

    def current(self, judge: Judge, now: datetime, right: str = "") -> Seen:
        """What a caller may search in."""
        seen = self.seen_by(judge, right).values()
        return Seen([s[-1].resource for s in seen if not s[-1].is_deleted], now)


@contextmanager
def database(server: str, name: str, template: str | None = None) -> Iterator[str]:
    """A database of a PostgreSQL, empty and migrated, or a copy of another."""
    url = server.replace("/fhirserver?", f"/{name}?")
    like = f'TEMPLATE "{template}" STRATEGY FILE_COPY' if template else ""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}" {like}')
        if template is None:
            migrate.upgrade(url)
        yield url
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def engine_on(url: str, **settings: Any) -> Iterator[Engine]:
    """The server's engine on a database."""
    chosen = Settings(database_url=url, **settings)
    made = open_database(chosen)
    try:
        yield open_engine(chosen, made)
    finally:
        made.close()


def build(url: str, name: str, seed: int) -> World:
    """Write a clinic and its past into a database."""
    clinic = Clinic(seed)
    with engine_on(url, appointment_rules="off") as engine:
        for number, question in enumerate(_life(clinic)):
            answer = ask(engine, WHOLE, question, number)
            assert answer.status < 300, (question, answer.content)
        versions = _with_owners(dict(_versions(engine)))
        end = ask(engine, WHOLE, Question("GET", "Patient/pat0"), 0)
        assert end.status in (200, 410)
    care, directives = tuple(clinic.care()), tuple(clinic.directives())
    shares = tuple(clinic.shares())
    with psycopg.connect(url, autocommit=True) as connection:
        _tell(connection, care, directives, shares)
        for kind in COUNTS:
            connection.execute(f"ANALYZE {table('resource', kind)}".encode())
    last = max(s.resource["meta"]["lastUpdated"] for states in versions.values() for s in states)
    return World(name, versions, care, directives, shares, last)


def _life(clinic: Clinic) -> Iterator[Question]:
    """Everything comes, some of it changes, some goes, and some of that comes back."""
    records = clinic.all()
    for record in records:
        yield _put(record)
    for _ in range(2):
        for record in clinic.random.sample(records, len(records) // 4):
            yield _put(clinic.again(record["resourceType"], record["id"]))
    gone = clinic.random.sample(records, len(records) // 10)
    for record in gone:
        yield Question("DELETE", address(record))
    for record in clinic.random.sample(gone, len(gone) // 4):
        yield _put(clinic.again(record["resourceType"], record["id"]))


def _put(record: Resource) -> Question:
    return Question("PUT", address(record), body=body(record))


def _versions(engine: Engine) -> Iterator[tuple[str, tuple[State, ...]]]:
    """What the database has, told by the histories."""
    for kind in COUNTS:
        found: dict[str, list[Mapping[str, Any]]] = {}
        question: Question | None = Question("GET", f"{kind}/_history", (("_count", "500"),))
        while question is not None:
            page = json.loads(ask(engine, WHOLE, question, 0).content, parse_float=Decimal)
            for entry in page.get("entry", ()):
                where = "/".join(entry["fullUrl"].split("/")[-2:])
                found.setdefault(where, []).append(entry)
            question = following(page)
        for where, entries in found.items():
            states: list[State] = []
            for entry in reversed(entries):
                number = int(entry["response"]["etag"].split('"')[1])
                if "resource" in entry:
                    states.append(State(number, entry["resource"], False))
                else:
                    states.append(State(number, states[-1].resource, True))
            yield where, tuple(states)


def _with_owners(versions: dict[str, tuple[State, ...]]) -> dict[str, tuple[State, ...]]:
    """The same, with what each Provenance was about when it was written."""

    def found(where: str, time: str) -> Resource | None:
        then = [s for s in versions.get(where, ()) if s.resource["meta"]["lastUpdated"] <= time]
        return then[-1].resource if then else None

    def told(state: State) -> State:
        time = state.resource["meta"]["lastUpdated"]
        return replace(state, resource=inherited(state.resource, lambda where: found(where, time)))

    return {where: tuple(told(s) for s in states) for where, states in versions.items()}


def following(page: Mapping[str, Any]) -> Question | None:
    """The question that a Bundle's link to the next page asks."""
    urls = [link["url"] for link in page.get("link", ()) if link["relation"] == "next"]
    if not urls:
        return None
    path, _, query = urls[0].partition("/fhir")[2].partition("?")
    return Question("GET", path.strip("/"), ((query.partition("=")[0], query.partition("=")[2]),))


def _tell(
    connection: psycopg.Connection[Any],
    care: Iterable[Care],
    directives: Iterable[Directive],
    shares: Iterable[Share],
) -> None:
    """Write down what rules go by, in place of what resources say of it."""
    connection.execute("DELETE FROM access.care")
    connection.execute("DELETE FROM access.directive")
    connection.execute("DELETE FROM access.share")
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO access.share (source, target, actor, ends) VALUES (0, %s, %s, 'infinity')",
            [selves((s.target, s.actor)) for s in shares],
        )
        cursor.executemany(
            "INSERT INTO access.care (source, patient, actor, kind) VALUES (0, %s, %s, %s)",
            [(*selves((f"Patient/{c.patient}", c.actor)), c.kind) for c in care],
        )
        cursor.executemany(
            "INSERT INTO access.directive (source, patient, actor, label, depth, effect, type) "
            "VALUES (0, %s, %s, %s, %s, %s, %s)",
            [
                (
                    selves((f"Patient/{d.patient}",))[0],
                    selves((d.actor,))[0] if d.actor else None,
                    label(d.label) if d.label else None,
                    d.depth,
                    d.effect,
                    d.type,
                )
                for d in directives
            ],
        )


def save(url: str) -> None:
    """Remember how a database is, for `restore`."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA saved")
        for number, (name, columns) in enumerate(_tables(connection)):
            connection.execute(
                f"CREATE TABLE saved.t{number} AS SELECT {columns} FROM {name}".encode()
            )


def restore(url: str) -> None:
    """Make a database as it was when it was saved."""
    with psycopg.connect(url, autocommit=True) as connection:
        tables = _tables(connection)
        connection.execute(f"TRUNCATE {', '.join(n for n, _ in tables)}".encode())
        for number, (name, columns) in enumerate(tables):
            connection.execute(
                f"INSERT INTO {name} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM saved.t{number}".encode()
            )
        connection.execute("SELECT setval('fhir.resource_key', 1000000)")


def changed_against(url: str, world: World, judge: Judge) -> list[str]:
    """What has changed since `save` although the caller may neither change nor delete it."""
    found = []
    with psycopg.connect(url, autocommit=True) as connection:
        for kind in COUNTS:
            now = dict(
                connection.execute(f"SELECT id, version FROM {table('resource', kind)}".encode())
            )
            for where, states in world.versions.items():
                of, _, id_ = where.partition("/")
                last = states[-1]
                if of != kind or judge.may("u", last.resource) or judge.may("d", last.resource):
                    continue
                if now.get(id_) != last.number:
                    found.append(f"{where} is now version {now.get(id_)}, not {last.number}")
    return found


# What operations may write besides the types of the clinic.
_OTHERS = ("Bundle", "Composition", "CodeSystem", "ConceptMap", "Questionnaire",
           "QuestionnaireResponse", "ValueSet")  # fmt: skip


def _tables(connection: psycopg.Connection[Any]) -> list[tuple[str, str]]:
    """The tables that a request may change, each with its columns that can be written."""
    kinds = (*COUNTS, *_OTHERS)
    names = ["fhir.change", "access.care", "access.directive", "access.share"]
    for kind in kinds:
        names += [table("resource", kind), table("history", kind)]
        names += [ordered(k, kind) for k in sorted(kinds_needed(kind))]
    rows = connection.execute(
        "SELECT n, string_agg(quote_ident(attname), ', ' ORDER BY attnum) "
        "FROM unnest(%s::text[]) AS n JOIN pg_attribute ON attrelid = n::regclass "
        "AND attnum > 0 AND NOT attisdropped AND attgenerated = '' GROUP BY n ORDER BY n",
        (names,),
    )
    return [(row[0], row[1]) for row in rows]


def take_out(url: str, world: World, seen: Mapping[str, list[State]]) -> None:
    """Remove every version that isn't among those that are seen."""
    with psycopg.connect(url, autocommit=True) as connection:
        for kind in COUNTS:
            keys = dict(
                connection.execute(f"SELECT id, key FROM {table('resource', kind)}".encode())
            )
            gone, past = [], []
            for where, states in world.versions.items():
                if not where.startswith(f"{kind}/"):
                    continue
                key = keys[where.partition("/")[2]]
                kept = {s.number for s in seen.get(where, ())}
                if not kept:
                    gone.append(key)
                past += [(key, s.number) for s in states if s.number not in kept]
            _delete(connection, kind, gone, past)


def _delete(
    connection: psycopg.Connection[Any], kind: str, gone: list[int], past: list[tuple[int, int]]
) -> None:
    tables = [table("resource", kind), *(ordered(k, kind) for k in kinds_needed(kind))]
    for name in tables:
        connection.execute(f"DELETE FROM {name} WHERE key = ANY(%s)".encode(), (gone,))
    if past:
        keys, numbers = zip(*past, strict=True)
        for name, extra in ((table("history", kind), ""), ("fhir.change", "type = %s AND ")):
            connection.execute(
                f"DELETE FROM {name} WHERE {extra}(key, version) IN "
                "(SELECT * FROM unnest(%s::int8[], %s::int4[]))".encode(),
                ((kind,) if extra else ()) + (list(keys), list(numbers)),
            )
    connection.execute(f"ANALYZE {table('resource', kind)}".encode())
