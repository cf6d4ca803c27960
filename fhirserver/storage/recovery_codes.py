"""Recovery codes: each signs its user in once. Only their SHA-256 is kept."""

from __future__ import annotations

from collections.abc import Sequence

from fhirserver.storage.database import Database, execute
from fhirserver.storage.sessions import digest
from fhirserver.storage.users import key_of


def set_codes(database: Database, user_id: str, codes: Sequence[str]) -> None:
    """Give a user these codes; earlier ones don't work any more."""
    with database.transaction() as connection:
        execute(
            connection, "DELETE FROM access.recovery_code WHERE user_id = %s", (key_of(user_id),)
        )
        execute(
            connection,
            "INSERT INTO access.recovery_code (user_id, hash) SELECT %s, unnest(%s::bytea[])",
            (key_of(user_id), [digest(code) for code in codes]),
        )


def use(database: Database, user_id: str, code: str) -> bool:
    """Use up a code; False when it isn't one of the user's, or was used before."""
    rows = database.write(
        "UPDATE access.recovery_code SET used = now() "
        "WHERE user_id = %s AND hash = %s AND used IS NULL RETURNING 1",
        (key_of(user_id), digest(code)),
    )
    return bool(rows)


def left(database: Database, user_id: str) -> int:
    """How many codes a user has left."""
    rows = database.read(
        "SELECT count(*) FROM access.recovery_code WHERE user_id = %s AND used IS NULL",
        (key_of(user_id),),
    )
    return int(rows[0][0])
