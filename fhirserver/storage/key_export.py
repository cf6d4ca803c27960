"""All wrapped keys as a JSON document, to be kept apart from the database, and taken in again.

Nothing in it can be read without the master key. An import never brings a destroyed key back.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from typing import Any, Final
from uuid import UUID

from fhirserver.errors import Invalid
from fhirserver.storage.database import execute
from fhirserver.storage.keys import KeyTables

FORM: Final = "fhirserver keys 1"


def exported(tables: KeyTables) -> str:
    """The document."""
    wrapping = [
        {
            "id": str(s.key.id),
            "made": s.made.isoformat(),
            "provider": s.key.provider,
            "version": s.key.wrapped.version,
            "wrapped": b64encode(s.key.wrapped.data).decode(),
        }
        for s in tables.standing()
    ]
    data = tables.database.read(
        "SELECT id::text, wrapping::text, owner, made::text, destroyed::text, shared, purpose, "
        "encode(wrapped, 'base64') FROM keys.data ORDER BY id"
    )
    columns = ("id", "wrapping", "owner", "made", "destroyed", "shared", "purpose", "wrapped")
    return json.dumps(
        {
            "form": FORM,
            "wrapping": wrapping,
            "data": [dict(zip(columns, row, strict=True)) for row in data],
        },
        indent=1,
    )


def imported(tables: KeyTables, text: str) -> int:
    """Take the keys of a document in; how many data keys it has."""
    try:
        document = json.loads(text)
        if document["form"] != FORM:
            raise Invalid(f"this is no export of keys: its form isn't {FORM!r}")
        wrapping = [_wrapping(row) for row in document["wrapping"]]
        data = [_data(row) for row in document["data"]]
    except (ValueError, KeyError, TypeError) as error:
        raise Invalid("this is no export of keys, or it was damaged") from error
    with tables.database.transaction() as connection:
        for row in wrapping:
            execute(
                connection,
                "INSERT INTO keys.wrapping (id, made, provider, version, wrapped) "
                "VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                row,
            )
        for row in data:
            # What was destroyed, here or there, stays destroyed.
            execute(
                connection,
                "INSERT INTO keys.data AS d "
                "(id, wrapping, owner, made, destroyed, shared, purpose, wrapped) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO UPDATE SET "
                "wrapping = excluded.wrapping, "
                "destroyed = coalesce(d.destroyed, excluded.destroyed), "
                "wrapped = CASE WHEN d.wrapped IS NOT NULL THEN excluded.wrapped END",
                row,
            )
    return len(data)


def _wrapping(row: dict[str, Any]) -> tuple[Any, ...]:
    return (
        UUID(row["id"]),
        row["made"],
        row["provider"],
        row["version"],
        b64decode(row["wrapped"]),
    )


def _data(row: dict[str, Any]) -> tuple[Any, ...]:
    wrapped = None if row["wrapped"] is None else b64decode(row["wrapped"])
    rest = (row[n] for n in ("owner", "made", "destroyed", "shared", "purpose"))
    return (UUID(row["id"]), UUID(row["wrapping"]), *rest, wrapped)
