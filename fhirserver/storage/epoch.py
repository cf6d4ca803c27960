"""A number that grows with every change of who may do what.

Whoever remembers what a caller may do remembers the number with it, reads the number again together
with the token, and works it out anew when it has grown. So a change holds from the next request on.
"""

from __future__ import annotations

from fhirserver.storage.database import Connection, Database, execute


def current(database: Database) -> int:
    """The number now; the statement that reads a token reads it in the same breath."""
    return int(database.read("SELECT number FROM access.epoch")[0][0])


def bump(connection: Connection) -> None:
    """Let it grow, in the transaction of the change."""
    execute(connection, "UPDATE access.epoch SET number = number + 1")
