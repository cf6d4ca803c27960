"""How many rows the tables of current versions have, roughly, as the planner knows it."""

from __future__ import annotations

import time
from typing import Final

from fhirserver.storage.database import Database

REMEMBERED_SECONDS: Final = 30.0


class TypeSizes:
    """The row counts of the last ANALYZE or VACUUM, looked up again after some seconds."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows: dict[str, int] = {}
        self._until = 0.0

    def rows(self, resource_type: str) -> int:
        """The rows of a type; 0 for a table that was never looked at."""
        if time.monotonic() > self._until:
            self._rows = dict(
                self._database.read(
                    "SELECT c.relname, greatest(c.reltuples, 0)::int8 FROM pg_class c "
                    "JOIN pg_namespace n ON n.oid = c.relnamespace "
                    "WHERE n.nspname = 'resource' AND c.relkind = 'r'"
                )
            )
            self._until = time.monotonic() + REMEMBERED_SECONDS
        return self._rows.get(resource_type, 0)
