"""The search parameters in force: the standard's, and those of a site, which may change any time.

Two numbers in `fhir.search_state` say what every process must know. `made` changes when index
values are to be made by other parameters: every write is held to it (writer.py). `asked` changes
when other parameters may be searched for: requests that search compare it first.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import msgspec

from fhirserver.model.definitions import SearchParameterDefinition
from fhirserver.search.custom import fingerprints
from fhirserver.search.parameters import Parameters
from fhirserver.storage import schema
from fhirserver.storage.database import Connection, Database, execute
from fhirserver.storage.schema import OrderedTable
from fhirserver.storage.tables import are_there, kinds_of, kinds_of_the_standard

_STATE: Final = "SELECT made, asked FROM fhir.search_state"


class AddedParameters:
    """The parameters in force, as the database has them."""

    def __init__(self, database: Database, standard: Parameters) -> None:
        self._database = database
        self.standard = standard
        self._held: tuple[tuple[int, int], Parameters] | None = None
        self._lock = threading.Lock()

    def now(self) -> Parameters:
        """Those in force at this moment, after a look at the database (0.1 ms)."""
        row = self._database.read(_STATE)[0]
        state = row[0], row[1]
        held = self._held
        if held is not None and held[0] == state:
            return held[1]
        with self._lock:
            return self._loaded()

    @property
    def known(self) -> Parameters:
        """Those of the last look; for writes, which are held to what is in force by themselves."""
        held = self._held
        return self.now() if held is None else held[1]

    def _loaded(self) -> Parameters:
        # In one statement, so that the parts belong together.
        made, asked, texts, codes = self._database.read(
            "SELECT made, asked, "
            "(SELECT coalesce(array_agg(definition::text ORDER BY id), '{}') "
            "FROM fhir.search_definition), "
            "(SELECT coalesce(json_agg(json_build_array(type, code, job)), '[]')::text "
            "FROM fhir.search_index) FROM fhir.search_state"
        )[0]
        held = self._held
        if held is not None and held[0] == (made, asked):
            return held[1]
        if not texts:
            parameters = Parameters(self.standard.definitions, generation=made)
            if held is None and made == 0:
                parameters = self.standard
        else:
            waiting = {
                (resource_type, code): _telling(self._database, job, resource_type)
                for resource_type, code, job in msgspec.json.decode(codes)
                if job is not None
            }
            parameters = Parameters(
                self.standard.definitions,
                [_decoded(t) for t in texts],
                incomplete=waiting,
                generation=made,
            )
            for resource_type, kinds in _tables(parameters).items():
                are_there(resource_type, kinds)
        self._held = (made, asked), parameters
        return parameters


def _telling(database: Database, job: int, resource_type: str) -> Callable[[], str]:
    def tell() -> str:
        rows = database.read(
            "SELECT state, done, total FROM fhir.reindex_part WHERE job = %s AND type = %s",
            (job, resource_type),
        )
        if not rows:
            return f"run `fhirserver reindex {resource_type}`"
        state, done, total = rows[0]
        match state:
            case "cancelled":
                return f"its index was cancelled; run `fhirserver reindex {resource_type}`"
            case "waiting":
                return "its index waits to be made; ask again shortly"
            case _:
                percent = 100 * done // total if total else 100
                return f"its index is made at {percent} % of {total:,} resources; ask again later"

    return tell


def _tables(parameters: Parameters) -> dict[str, frozenset[OrderedTable]]:
    """The ordered tables that types need for added parameters."""
    added = {d.url for d in parameters.added}
    types = {t for d in parameters.added for t in d.base}
    return {
        t: kinds_of(p for p in parameters.for_type(t).values() if p.url in added) for t in types
    }


def locked(connection: Connection) -> dict[str, SearchParameterDefinition]:
    """The active definitions by id; nobody else changes them meanwhile."""
    execute(connection, "SELECT made FROM fhir.search_state FOR UPDATE")
    rows = execute(connection, "SELECT id, definition::text FROM fhir.search_definition")
    return {id_: _decoded(text) for id_, text in rows}


def change(
    connection: Connection,
    before: Parameters,
    after: Parameters,
    written: Mapping[str, SearchParameterDefinition | None],
) -> list[str]:
    """Put other definitions in force with the transaction; None for those that are no more.

    Returns the types whose index is to be brought in step, which a job will do.
    """
    gone = [i for i, d in written.items() if d is None]
    there = {i: json_text(d) for i, d in written.items() if d is not None}
    execute(connection, "DELETE FROM fhir.search_definition WHERE id = ANY(%s)", (gone,))
    execute(
        connection,
        "INSERT INTO fhir.search_definition (id, definition) "
        "SELECT i, d::jsonb FROM unnest(%s::text[], %s::text[]) AS n (i, d) "
        "ON CONFLICT (id) DO UPDATE SET definition = EXCLUDED.definition",
        (list(there), list(there.values())),
    )
    differing = _differing(before, after)
    _create_tables(connection, after)
    execute(
        connection,
        "UPDATE fhir.search_state SET asked = asked + 1, made = made + %s",
        (1 if differing else 0,),
    )
    if differing:
        _register(connection, differing)
    return sorted(differing)


def json_text(definition: SearchParameterDefinition) -> str:
    return msgspec.json.encode(definition).decode()


def _decoded(text: str) -> SearchParameterDefinition:
    return msgspec.json.decode(text, type=SearchParameterDefinition)


def _differing(before: Parameters, after: Parameters) -> dict[str, dict[str, str | None]]:
    """By type: the codes whose index values change, with what makes them now, if anything does."""
    types = {t for d in (*before.added, *after.added) for t in d.base}
    found: dict[str, dict[str, str | None]] = {}
    for resource_type in sorted(types):
        old, new = fingerprints(before, resource_type), fingerprints(after, resource_type)
        codes = {c: new.get(c) for c in sorted({*old, *new}) if old.get(c) != new.get(c)}
        if codes:
            found[resource_type] = codes
    return found


def _create_tables(connection: Connection, after: Parameters) -> None:
    for resource_type, kinds in sorted(_tables(after).items()):
        for kind in sorted(kinds - kinds_of_the_standard(resource_type)):
            for statement in schema.ordered_table(kind, resource_type):
                execute(connection, statement)


def _register(connection: Connection, differing: Mapping[str, Mapping[str, str | None]]) -> None:
    jobs = _jobs(connection, sorted(differing))
    for resource_type, codes in differing.items():
        execute(
            connection,
            "DELETE FROM fhir.search_index WHERE type = %s AND code = ANY(%s)",
            (resource_type, list(codes)),
        )
        execute(
            connection,
            "INSERT INTO fhir.search_index (type, code, fingerprint, job) "
            "SELECT %s, c, f, %s FROM unnest(%s::text[], %s::text[]) AS n (c, f) "
            "WHERE f IS NOT NULL",
            (resource_type, jobs[resource_type], list(codes), list(codes.values())),
        )


def _jobs(connection: Connection, types: Sequence[str]) -> dict[str, int]:
    """A job for each type: one that waits already, if there is one, else a new one for all."""
    rows = execute(
        connection,
        "UPDATE fhir.reindex_part p SET made = s.made FROM fhir.search_state s "
        "WHERE p.type = ANY(%s) AND p.state = 'waiting' RETURNING p.type, p.job",
        (list(types),),
    )
    jobs: dict[str, int] = {}
    for resource_type, job in rows:
        jobs[resource_type] = max(job, jobs.get(resource_type, 0))
    missing = [t for t in types if t not in jobs]
    if missing:
        job = new_job(connection, missing, "search parameters have changed")
        jobs |= dict.fromkeys(missing, job)
    return jobs


def new_job(connection: Connection, types: Iterable[str], reason: str) -> int:
    """A job that reindexes these types."""
    rows = execute(
        connection, "INSERT INTO fhir.reindex_job (reason) VALUES (%s) RETURNING id", (reason,)
    )
    job = int(rows[0][0])
    execute(
        connection,
        "INSERT INTO fhir.reindex_part (job, type, made) "
        "SELECT %s, t, made FROM unnest(%s::text[]) AS t, fhir.search_state",
        (job, list(types)),
    )
    return job
