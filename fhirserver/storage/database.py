"""Connections to PostgreSQL: one for reading and one for writing in each thread.

A dead connection is replaced on the next use, so a restart of PostgreSQL costs the requests that
were under way and no more.
"""

from __future__ import annotations

import json
import logging
import math
import select
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from typing import Any, Final, Literal

import psycopg
from psycopg import errors as pg
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow

from fhirserver.errors import FhirError, TooCostly, TooLarge, Unavailable
from fhirserver.storage.past_psycopg import PastPsycopg, Values
from fhirserver.storage.ready import Ready

log = logging.getLogger(__name__)

Connection = psycopg.Connection[TupleRow]
Rows = list[tuple[Any, ...]]
Texts = tuple[str, ...]
Parameters = Sequence[Any] | Mapping[str, Any]
Role = Literal["read", "write"]

# Writing statements go by keys: one plan, made once, fits all values, also on a table that was
# empty when it was made. Searches are planned anew with their values, and never run here.
_PLANS: Final[dict[Role, dict[str, str]]] = {
    "read": {},
    "write": {"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off"},
}
_SET_PLANS: Final = (
    "SELECT set_config('plan_cache_mode', %s, true), set_config('enable_seqscan', %s, true)"
)


class Stale(Exception):
    """A row changed between reading it and writing it: the whole change is tried again."""


class DatabaseError(Exception):
    """A statement that PostgreSQL refuses: a mistake of ours."""


class _Held(threading.local):
    """What one thread holds; its connections are closed when it ends."""

    def __init__(self) -> None:
        self.connections: dict[Role, Connection] = _Closing()
        self.inside: Connection | None = None
        self.past = PastPsycopg()
        self.rows: dict[str, Texts] | None = None
        self.reads_inside = False
        self.deadline = math.inf


_in_bulk: Final[ContextVar[bool]] = ContextVar("in_bulk", default=False)


@contextmanager
def in_bulk() -> Iterator[None]:
    """What is written meanwhile comes with a bulk load: the change log says so."""
    token = _in_bulk.set(True)
    try:
        yield
    finally:
        _in_bulk.reset(token)


class _Closing(dict[Role, Connection]):
    def __del__(self) -> None:
        for held in self.values():
            held.close()


class Database:
    """A PostgreSQL database, as the current thread sees it."""

    def __init__(
        self, url: str, *, search_timeout_seconds: float = 20, write_timeout_seconds: float = 120
    ) -> None:
        self.url = url
        self._timeouts: dict[Role, float] = {
            "read": search_timeout_seconds,
            "write": write_timeout_seconds,
        }
        self._local = _Held()

    def connection(self, role: Role, *, may_be_cut: bool = False) -> Connection:
        """This thread's connection for `read` or `write`, opened when there is none.

        `may_be_cut`: who can ask again doesn't look whether PostgreSQL has ended it. That takes a
        system call, during which other threads get the interpreter.
        """
        held = self._local.connections.get(role)
        if held is not None and not may_be_cut and not held.closed and _is_cut(held):
            held.close()
        if held is None or held.closed:
            held = self._local.connections[role] = self._connect(role)
        return held

    def _connect(self, role: Role) -> Connection:
        timeout = int(self._timeouts[role] * 1000)
        options = {
            "statement_timeout": timeout,
            "lock_timeout": timeout,
            "idle_in_transaction_session_timeout": 300_000,
            "timezone": "UTC",
            "jit": "off",
            # An answer in milliseconds isn't worth the start of parallel workers.
            "max_parallel_workers_per_gather": 0,
            **_PLANS[role],
        }
        try:
            connection = psycopg.connect(
                self.url,
                autocommit=True,
                options=" ".join(f"-c {name}={value}" for name, value in options.items()),
                application_name=f"fhirserver-{role}",
            )
        except psycopg.OperationalError as error:
            raise _translated(error) from error
        # Every type has its own statements.
        connection.prepared_max = 2000
        return connection

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """What this thread does meanwhile must be done in time, all in all; 0 is no limit.

        No statement and no transaction begins later; one that has begun has a limit of its own.
        """
        self._local.deadline = time.monotonic() + seconds if seconds else math.inf
        self._local.rows = {}
        try:
            yield
        finally:
            self._local.deadline = math.inf
            self._local.rows = None

    def _in_time(self) -> None:
        if time.monotonic() > self._local.deadline:
            raise TooCostly(
                "the request took longer than the server allows: send it in smaller parts"
            )

    def read(self, sql: str, parameters: Parameters = (), *, prepare: bool = True) -> Rows:
        """The rows of one statement that may run twice without harm.

        It does when the connection turns out to be dead. `prepare=False` is for searches: their
        plans depend on the values. It sees only what is committed, except in `reading_inside`.
        """
        self._in_time()
        inside = self._local.inside
        if inside is not None and self._local.reads_inside:
            return execute(inside, sql, parameters, prepare=prepare)
        return self._repeatable("read", sql, parameters, prepare=prepare)

    def point(self, sql: str, parameters: Parameters) -> Rows:
        """The same for a statement that goes by keys: one plan, made once, fits all values.

        Under an access policy planning it anew takes longer than carrying it out.
        """
        if self._local.inside is not None:
            return self.read(sql, parameters)
        self._in_time()
        return self._repeatable("write", sql, parameters)

    def ready(self, statement: Ready, keys: Sequence[bytes]) -> list[Values] | None:
        """The rows of a statement by keys, in PostgreSQL's binary form, past all of psycopg.

        It is prepared under a name and sees what `point` sees. None when it has to be asked there:
        inside a transaction, and when anything has gone wrong.
        """
        if self._local.inside is not None:
            return None
        self._in_time()
        connection = self.connection("write", may_be_cut=True)
        values = (*keys, *statement.values)
        return self._local.past.rows(connection, statement.sql, values, statement.formats)

    def _repeatable(
        self, role: Role, sql: str, parameters: Parameters, *, prepare: bool = True
    ) -> Rows:
        try:
            return execute(self.connection(role), sql, parameters, prepare=prepare)
        except Unavailable:
            if not self._is_dead(role):
                raise
        return execute(self.connection(role), sql, parameters, prepare=prepare)

    def row(self, sql: str) -> Texts:
        """The one row, as texts, of a statement without parameters that every request asks.

        It goes to libpq as it is, prepared under a name: a third of what `read` takes. It sees what
        `read` sees. While a request is answered (`within`) it is asked once, and again when this
        thread has written something.
        """
        if self._local.inside is not None and self._local.reads_inside:
            return _texts(self.read(sql))
        known = self._local.rows
        if known is None:
            return self._asked(sql)
        if sql not in known:
            known[sql] = self._asked(sql)
        return known[sql]

    def _asked(self, sql: str) -> Texts:
        connection = self.connection("read", may_be_cut=True)
        rows = self._local.past.rows(connection, sql.encode())
        if rows is None:
            return _texts(self.read(sql))
        return tuple([(value or b"").decode() for value in rows[0]])

    def stream(
        self, sql: str, parameters: Parameters, *, at_once: int, seconds: float
    ) -> Iterator[Rows]:
        """The rows of one statement, so many at a time, however many there are.

        What this thread reads meanwhile is read in the same transaction; `seconds` is what each
        portion may take.
        """
        try:
            connection = self.connection("read")
            with connection.transaction():
                timeout = str(int(seconds * 1000))
                execute(connection, "SELECT set_config('statement_timeout', %s, true)", (timeout,))
                with connection.cursor(name="stream") as cursor:
                    cursor.execute(sql, parameters)
                    while rows := cursor.fetchmany(at_once):
                        yield rows
        except psycopg.Error as error:
            raise _translated(error) from error

    def write(self, sql: str, parameters: Parameters = ()) -> Rows:
        """The rows of one writing statement, which is a transaction of its own.

        It is never repeated: when the connection breaks, nobody knows whether it took effect.
        """
        try:
            return execute(self.connection("write"), sql, parameters)
        finally:
            self._forget_rows()

    def write_aside(self, sql: str, parameters: Parameters = ()) -> Rows:
        """The same on the reading connection: it stays whatever a transaction does."""
        try:
            return execute(self.connection("read"), sql, parameters)
        finally:
            self._forget_rows()

    def _forget_rows(self) -> None:
        if self._local.rows is not None:
            self._local.rows = {}

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction at READ COMMITTED on this thread's writing connection."""
        self._in_time()
        try:
            with ExitStack() as stack:
                connection = self._begun(stack)
                self._local.inside = connection
                self._local.reads_inside = False
                yield connection
        except psycopg.Error as error:
            raise _translated(error) from error
        finally:
            self._local.inside = None
            self._forget_rows()

    @contextmanager
    def reading_inside(self) -> Iterator[None]:
        """What this thread reads meanwhile sees what its transaction has written.

        Otherwise reading goes by its own connection, whose plans fit searches.
        """
        inside = self._local.inside
        assert inside is not None
        execute(inside, _SET_PLANS, ("force_custom_plan", "on"))
        self._local.reads_inside = True
        try:
            yield
        finally:
            self._local.reads_inside = False
        execute(inside, _SET_PLANS, (_PLANS["write"]["plan_cache_mode"], "off"))

    def _begun(self, stack: ExitStack) -> Connection:
        """The writing connection in a new transaction; a dead one is replaced, once."""
        connection = self.connection("write")
        if connection.info.transaction_status != TransactionStatus.IDLE:
            connection.close()
            connection = self.connection("write")
        try:
            stack.enter_context(connection.transaction())
        except psycopg.OperationalError:
            connection.close()
            connection = self.connection("write")
            stack.enter_context(connection.transaction())
        if _in_bulk.get():
            execute(connection, "SET LOCAL fhirserver.bulk = 'on'")
        return connection

    def _is_dead(self, role: Role) -> bool:
        held = self._local.connections.get(role)
        return held is None or held.closed

    def close(self) -> None:
        """Close this thread's connections."""
        for held in self._local.connections.values():
            held.close()


def _texts(rows: Rows) -> Texts:
    return tuple("" if value is None else str(value) for value in rows[0])


def _is_cut(connection: Connection) -> bool:
    """Whether PostgreSQL has ended an idle connection: only then is there something to read.

    A writing statement on it would fail, and could not be repeated.
    """
    idle = select.poll()
    idle.register(connection.fileno(), select.POLLIN)
    return bool(idle.poll(0))


def execute(
    connection: Connection, sql: str, parameters: Parameters = (), *, prepare: bool = True
) -> Rows:
    """The rows of one statement, with PostgreSQL's errors as ours."""
    try:
        cursor = connection.execute(sql, parameters or None, prepare=prepare)
        return cursor.fetchall() if cursor.rownumber is not None else []
    except psycopg.Error as error:
        if connection.broken:
            connection.close()
        raise _translated(error) from error


def planned(rows: Rows) -> dict[str, Any]:
    """The plan in the answer to EXPLAIN (FORMAT JSON)."""
    plan = rows[0][0]
    found: dict[str, Any] = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]
    return found


def _translated(error: psycopg.Error) -> FhirError | Stale | DatabaseError:
    """What the client is told of a database error."""
    match error:
        case pg.QueryCanceled():
            return TooCostly(
                "the request took longer than the server allows: narrow it, for instance by "
                "patient, by date or by a smaller _count"
            )
        case pg.UniqueViolation() | pg.DeadlockDetected() | pg.SerializationFailure():
            return Stale(str(error.diag.sqlstate))
        case pg.LockNotAvailable():
            return Unavailable("another change to the same resources is still under way: try again")
        case pg.ProgramLimitExceeded():
            return TooLarge("the resource is larger than the database can hold: split it")
        case pg.ReadOnlySqlTransaction():
            return Unavailable("the database only reads right now: try again shortly")
        case pg.DiskFull():
            return Unavailable("the database has no disk space left: tell the administrator")
        case pg.OutOfMemory():
            return Unavailable("the database is out of memory: try again, or with a smaller bundle")
        case psycopg.OperationalError() | psycopg.InterfaceError():
            log.warning("database_unavailable", extra={"error": type(error).__name__})
            return Unavailable("the database can't be reached right now: try again shortly")
        case _:
            # A mistake of ours: it isn't the client's business.
            return DatabaseError(type(error).__name__)
