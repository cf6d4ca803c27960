"""A number that grows with every change of who may do what, and when a token ends before its time.

Whoever remembers what a caller may do remembers the number with it, reads the number again on each
request, and works it out anew when it has grown. So a change holds from the next request on. What
ends tokens (revocation, the end of a session, a client or user disabled) lets it grow by triggers
of the database: no statement can forget to.
"""

from __future__ import annotations

from fhirserver.storage import numbers
from fhirserver.storage.database import Connection, Database, execute


def current(database: Database) -> int:
    """The number now."""
    return numbers.of_rights(database)


def bump(connection: Connection) -> None:
    """Let it grow, in the transaction of the change."""
    execute(connection, "UPDATE access.epoch SET number = number + 1")
