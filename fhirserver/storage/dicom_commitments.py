"""Questions whether instances are kept for good (storage commitment), until they are answered.

https://dicom.nema.org/medical/dicom/current/output/chtml/part04/chapter_J.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fhirserver.model import json
from fhirserver.storage.database import Database, execute


@dataclass(frozen=True, slots=True)
class Commitment:
    """A question: `uid` is the sender's Transaction UID, `content` what the gateway wants to know.

    `attempts` counts how often it was taken on to be answered, this time too.
    """

    number: int
    uid: str
    sender: str
    caller: str
    received: datetime
    attempts: int
    content: Mapping[str, Any]


_COMMITMENT: Final = "c.number, c.uid, c.sender, c.caller, c.received, c.attempts, c.content::text"


def add(database: Database, uid: str, sender: str, caller: str, content: Mapping[str, Any]) -> int:
    """Keep a question; its number."""
    rows = database.write(
        "INSERT INTO dicom.commitment (uid, sender, caller, content) "
        "VALUES (%s, %s, %s, %s::jsonb) RETURNING number",
        (uid, sender, caller, json.dump(dict(content)).decode()),
    )
    return int(rows[0][0])


def due(database: Database, *, limit: int, lease_seconds: float) -> list[Commitment]:
    """Questions to answer now; nobody else gets them for so long."""
    rows = database.write(
        "UPDATE dicom.commitment c SET attempts = c.attempts + 1, "
        "due = clock_timestamp() + make_interval(secs => %s) WHERE c.number = ANY(ARRAY("
        "SELECT number FROM dicom.commitment WHERE state = 'waiting' AND due <= clock_timestamp() "
        f"ORDER BY due LIMIT %s FOR UPDATE SKIP LOCKED)) RETURNING {_COMMITMENT}",
        (lease_seconds, limit),
    )
    found = []
    for number, uid, sender, caller, received, attempts, text in rows:
        content = json.parse_object(text.encode())
        found.append(Commitment(number, uid, sender, caller, received, attempts, content))
    return sorted(found, key=lambda c: c.number)


_LOCK: Final = (
    "SELECT FROM dicom.study WHERE number IN "
    "(SELECT study FROM dicom.instance WHERE uid = ANY(%s)) ORDER BY uid FOR NO KEY UPDATE"
)
_PROMISE: Final = (
    "UPDATE dicom.instance SET committed = clock_timestamp() WHERE uid = ANY(%s) RETURNING uid"
)


def promise(database: Database, uids: Sequence[str]) -> set[str]:
    """Instances that are kept from now on: those of these that are there.

    Nothing of their studies is removed meanwhile.
    """
    if not uids:
        return set()
    with database.transaction() as connection:
        execute(connection, _LOCK, (list(uids),))
        return {row[0] for row in execute(connection, _PROMISE, (list(uids),))}


def put_off(database: Database, number: int, seconds: float) -> None:
    """It couldn't be answered: try again after so long."""
    database.write(
        "UPDATE dicom.commitment SET due = clock_timestamp() + make_interval(secs => %s) "
        "WHERE number = %s AND state = 'waiting'",
        (seconds, number),
    )


def forget(database: Database, before: datetime) -> int:
    """Remove questions that were answered or given up before; how many."""
    sql = "DELETE FROM dicom.commitment WHERE state <> 'waiting' AND done < %s RETURNING 1"
    return len(database.write(sql, (before,)))


def done(database: Database, number: int, *, is_reported: bool = True) -> bool:
    """It was answered, or nobody tries any more; False when it had ended before."""
    rows = database.write(
        "UPDATE dicom.commitment SET state = %s, done = clock_timestamp() "
        "WHERE number = %s AND state = 'waiting' RETURNING 1",
        ("reported" if is_reported else "given up", number),
    )
    return bool(rows)
