"""Users: who may sign in, who they are among the resources, and their roles.

Every change makes what was worked out for anybody before it old, see epoch.py.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from fhirserver import ids
from fhirserver.errors import Conflict, Invalid
from fhirserver.storage import epoch
from fhirserver.storage.database import Database, Stale, execute

ACCOUNT: Final = (
    "id::text, name, display, fhir_user, roles, clearances, is_active, created, updated"
)
_COLUMNS: Final = ("display", "fhir_user", "roles", "clearances", "is_active")
_FHIR_USER: Final = ("Practitioner", "PractitionerRole", "Patient", "RelatedPerson", "Person")


@dataclass(frozen=True, slots=True)
class Account:
    """A user's row. `name` is what they type to sign in, `display` what others see."""

    id: str
    name: str
    display: str
    fhir_user: str | None
    roles: frozenset[str]
    clearances: frozenset[str]
    is_active: bool
    created: datetime
    updated: datetime


def folded(name: str) -> str:
    """A name as it is compared: case and the width of letters don't matter.

    >>> folded(" Ada.Lovelace ")
    'ada.lovelace'
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).strip()


def key_of(user_id: str) -> UUID:
    """An id as PostgreSQL compares it; what is no id becomes that of nobody."""
    try:
        return UUID(user_id)
    except ValueError:
        return UUID(int=0)


def user_by_id(database: Database, user_id: str) -> Account | None:
    """The user of that id, also when disabled."""
    rows = database.read(
        f'SELECT {ACCOUNT} FROM access."user" WHERE id = %s',
        (key_of(user_id),),
    )
    return account_of(rows[0]) if rows else None


def user_by_name(database: Database, name: str) -> Account | None:
    """The user who signs in by that name, also when disabled."""
    rows = database.read(
        f'SELECT {ACCOUNT} FROM access."user" WHERE name = %s',
        (storable(folded(name)),),
    )
    return account_of(rows[0]) if rows else None


def users(database: Database) -> list[Account]:
    """All users, by name."""
    return [
        account_of(row)
        for row in database.read(f'SELECT {ACCOUNT} FROM access."user" ORDER BY name')
    ]


def add(
    database: Database,
    name: str,
    *,
    display: str = "",
    fhir_user: str | None = None,
    roles: Collection[str] = (),
    clearances: Collection[str] = (),
) -> Account:
    """A new user, who can't sign in until a way to do so is added.

    Raises Invalid for a name that can't be typed, Conflict for one that is taken.
    """
    name = _checked_name(name)
    _check_fhir_user(fhir_user)
    try:
        with database.transaction() as connection:
            rows = execute(
                connection,
                'INSERT INTO access."user" (id, name, display, fhir_user, roles, clearances) '
                f"VALUES (%s, %s, %s, %s, %s, %s) RETURNING {ACCOUNT}",
                (
                    ids.new(),
                    name,
                    storable(display or name),
                    fhir_user,
                    sorted(set(roles)),
                    sorted(set(clearances)),
                ),
            )
            epoch.bump(connection)
    except Stale as error:
        raise Conflict(f"there is a user {name!r} already") from error
    return account_of(rows[0])


def change(
    database: Database,
    user_id: str,
    columns: Mapping[str, object],
    *,
    as_read: datetime | None = None,
) -> Account | None:
    """Change some columns of a user at once: all of them, or none; who is shut out is signed out.

    Columns are display, fhir_user, roles, clearances and is_active. Raises Conflict when the user
    isn't as it was when it was read (`as_read` is its `updated` then), Invalid for an fhir_user
    that can't be.
    """
    if unknown := set(columns) - set(_COLUMNS):
        raise ValueError(f"users have no {min(unknown)}")
    fhir_user = columns.get("fhir_user")
    _check_fhir_user(None if fhir_user is None else str(fhir_user))
    assignments = ", ".join(f"{c} = %s" for c in _COLUMNS if c in columns)
    with database.transaction() as connection:
        rows = execute(
            connection,
            'SELECT updated FROM access."user" WHERE id = %s FOR UPDATE',
            (key_of(user_id),),
        )
        if rows and as_read is not None and rows[0][0] != as_read:
            raise Conflict("somebody has changed this account meanwhile: look at it again")
        rows = execute(
            connection,
            f'UPDATE access."user" SET {assignments}, updated = now() WHERE id = %s '
            f"RETURNING {ACCOUNT}",
            (*(columns[c] for c in _COLUMNS if c in columns), key_of(user_id)),
        )
        if columns.get("is_active") is False:
            execute(
                connection,
                "UPDATE access.session SET ended = now() WHERE user_id = %s AND ended IS NULL",
                (key_of(user_id),),
            )
        epoch.bump(connection)
    return account_of(rows[0]) if rows else None


def set_roles(database: Database, user_id: str, roles: Collection[str]) -> Account | None:
    """Give a user these roles and no others."""
    return change(database, user_id, {"roles": sorted(set(roles))})


def set_clearances(database: Database, user_id: str, clearances: Collection[str]) -> Account | None:
    """Give a user these clearances and no others."""
    return change(database, user_id, {"clearances": sorted(set(clearances))})


def set_person(
    database: Database, user_id: str, display: str, fhir_user: str | None
) -> Account | None:
    """Say how a user is called, and who they are among the resources."""
    return change(database, user_id, {"display": display, "fhir_user": fhir_user})


def set_active(database: Database, user_id: str, *, is_active: bool) -> Account | None:
    """Let a user in, or not; who is shut out has no sessions any more."""
    return change(database, user_id, {"is_active": is_active})


def account_of(row: tuple[Any, ...]) -> Account:
    """The account of a row of ACCOUNT's columns."""
    user_id, name, display, fhir_user, roles, clearances, *rest = row
    return Account(
        user_id, name, display, fhir_user, frozenset(roles), frozenset(clearances), *rest
    )


def _checked_name(name: str) -> str:
    name = folded(name)
    if not 1 <= len(name) <= 100 or not name.isprintable() or any(c.isspace() for c in name):
        raise Invalid("a user name is 1 to 100 characters without spaces, such as ada.lovelace")
    return name


def storable(text: str) -> str:
    """Text that PostgreSQL can hold: without NUL and halves of surrogate pairs."""
    return "".join(c for c in text if c != "\0" and not 0xD800 <= ord(c) <= 0xDFFF)


def _check_fhir_user(fhir_user: str | None) -> None:
    if fhir_user is not None:
        kind, _, rest = fhir_user.partition("/")
        if kind not in _FHIR_USER or not rest:
            raise Invalid("who a user is is named like Practitioner/1 or Patient/1")
