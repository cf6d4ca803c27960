"""Emergencies: who broke the glass for which patient, why, and until when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fhirserver.storage.database import Database
from fhirserver.storage.versions import array

# The grant is a care relationship like others, of a source that no resource has.
_OPEN: Final = """
WITH made AS (
  INSERT INTO access.emergency (patient, actor, ends, purpose, user_id, task)
  VALUES (%(patient)s, %(actor)s, now() + make_interval(mins => %(minutes)s), %(purpose)s, %(user)s,
          %(task)s)
  RETURNING id, patient, actor, starts, ends),
granted AS (
  INSERT INTO access.care (source, patient, actor, kind, starts, ends)
  SELECT -id, patient, actor, 'break-glass', starts, ends FROM made)
UPDATE access.epoch SET number = number + 1"""


def open_emergency(
    database: Database,
    *,
    patient: int,
    actor: int,
    minutes: int,
    purpose: str,
    user: str,
    task: str,
) -> None:
    """Let an actor see the record of a patient (digests), as a part of this thread's transaction.

    `task` is the id of the Task by which it is reviewed.
    """
    database.write(
        _OPEN,
        {
            "patient": patient,
            "actor": actor,
            "minutes": minutes,
            "purpose": purpose,
            "user": user,
            "task": task,
        },
    )


def purposes_of(database: Database, actors: Sequence[int]) -> tuple[str, ...]:
    """For what purposes one of the actors has broken the glass and still sees through it."""
    rows = database.read(
        "SELECT DISTINCT purpose FROM access.emergency "
        "WHERE actor = ANY(%s::int8[]) AND ends > now() ORDER BY purpose",
        (array(actors),),
    )
    return tuple(row[0] for row in rows)
