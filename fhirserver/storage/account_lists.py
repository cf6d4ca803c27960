"""Accounts to look at: a page of those that fit, by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fhirserver.storage.database import Database
from fhirserver.storage.users import ACCOUNT, Account, account_of, key_of, storable


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which accounts; what is empty or None doesn't matter.

    `words` are parts of what they are called or of what they type to sign in: each must be there.
    `ids` and `people` name accounts, either by id or by who they are (`Practitioner/1`).
    """

    words: Sequence[str] = ()
    role: str | None = None
    is_active: bool | None = None
    ids: Sequence[str] = ()
    people: Sequence[str] = ()


def accounts(
    database: Database, wanted: Wanted, *, limit: int, after: str | None = None
) -> list[Account]:
    """The first of them by what they are called, or those that follow the account `after`."""
    values: dict[str, Any] = {
        "role": wanted.role,
        "active": wanted.is_active,
        "ids": [key_of(i) for i in wanted.ids],
        "people": list(wanted.people),
        "words": [f"%{_literal(w)}%" for w in wanted.words],
        "after": None if after is None else key_of(after),
        "limit": limit,
    }
    rows = database.read(
        f'SELECT {ACCOUNT} FROM access."user" u '
        "WHERE (%(role)s::text IS NULL OR %(role)s = ANY(roles)) "
        "AND (%(active)s::bool IS NULL OR is_active = %(active)s) "
        "AND (cardinality(%(ids)s::uuid[]) + cardinality(%(people)s::text[]) = 0 "
        "OR id = ANY(%(ids)s::uuid[]) OR fhir_user = ANY(%(people)s::text[])) "
        "AND (display || ' ' || name) ILIKE ALL (%(words)s::text[]) "
        "AND (%(after)s::uuid IS NULL OR (lower(display), id) > "
        '(SELECT lower(display), id FROM access."user" WHERE id = %(after)s::uuid)) '
        "ORDER BY lower(display), id LIMIT %(limit)s",
        values,
        prepare=False,
    )
    return [account_of(row) for row in rows]


def _literal(word: str) -> str:
    r"""A word as LIKE looks for it.

    >>> _literal("50%_a")
    '50\\%\\_a'
    """
    escaped = storable(word).replace("\\", r"\\")
    return escaped.replace("%", r"\%").replace("_", r"\_")
