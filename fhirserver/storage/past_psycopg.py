"""Statements past psycopg: prepared under a name, and carried out by libpq as they are.

That takes a third of what a cursor takes, for the few statements that nearly every request asks.
https://www.postgresql.org/docs/18/libpq-exec.html#LIBPQ-PQEXECPREPARED
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import count
from typing import Final

import psycopg
from psycopg.pq import ExecStatus
from psycopg.rows import TupleRow

log = logging.getLogger(__name__)

Connection = psycopg.Connection[TupleRow]
Values = tuple[bytes | None, ...]

_TEXT, _BINARY = 0, 1
_MOST_NAMED: Final = 1_000
"""Statements of one thread: each takes the memory of its plan."""
_numbers: Final = count()


class PastPsycopg:
    """What one thread's connections have prepared under names."""

    __slots__ = ("_named",)

    def __init__(self) -> None:
        self._named: dict[bytes, tuple[Connection, bytes]] = {}

    def rows(
        self,
        connection: Connection,
        sql: bytes,
        values: Sequence[bytes] | None = None,
        formats: Sequence[int] | None = None,
    ) -> list[Values] | None:
        """The rows of a statement: texts, or PostgreSQL's binary form when `formats` are given.

        None when anything has gone wrong: it has to be asked through psycopg then, which replaces a
        dead connection and says what is the matter.
        """
        try:
            held = self._named.get(sql)
            if held is None or held[0] is not connection:
                held = self._prepared(connection, sql)
            answer = connection.pgconn.exec_prepared(
                held[1], values, formats, _TEXT if formats is None else _BINARY
            )
            if answer.status == ExecStatus.TUPLES_OK:
                get, width = answer.get_value, range(answer.nfields)
                return [tuple([get(row, n) for n in width]) for row in range(answer.ntuples)]
        except psycopg.OperationalError as error:
            log.debug("past_psycopg_failed", extra={"error": type(error).__name__})
        # A rollback lets psycopg drop all that is prepared.
        self._named.pop(sql, None)
        return None

    def _prepared(self, connection: Connection, sql: bytes) -> tuple[Connection, bytes]:
        """Prepare a statement under a name of its own; the oldest makes room for it."""
        while len(self._named) >= _MOST_NAMED:
            of, oldest = self._named.pop(next(iter(self._named)))
            if of is connection:
                connection.pgconn.exec_(b"DEALLOCATE " + oldest)
        held = connection, f"past_{next(_numbers)}".encode()
        connection.pgconn.prepare(held[1], sql)
        self._named[sql] = held
        return held
