"""EHR launches: what the EHR had open when it called an app, under a token that works once.

https://hl7.org/fhir/smart-app-launch/app-launch.html#launch-app-ehr-launch
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from fhirserver.storage.database import Database


@dataclass(frozen=True, slots=True)
class Launch:
    """Who launched which app, and in which context.

    `context` has what else the app is told: intent, fhirContext, need_patient_banner.
    """

    client: str
    user: str
    patient: str | None = None
    encounter: str | None = None
    context: dict[str, Any] = field(default_factory=dict)


def start(database: Database, launch: Launch, lifetime_seconds: float) -> str:
    """A new launch token; only its SHA-256 is stored."""
    token = secrets.token_urlsafe(32)
    database.write(
        "INSERT INTO access.launch (hash, client, user_id, patient, encounter, context, expires) "
        "VALUES (%s, %s, %s, %s, %s, %s, now() + make_interval(secs => %s))",
        (
            _hashed(token),
            launch.client,
            launch.user,
            launch.patient,
            launch.encounter,
            json.dumps(launch.context),
            lifetime_seconds,
        ),
    )
    return token


def claim(database: Database, token: str, *, client: str, user: str) -> Launch | None:
    """The launch of a token, which is used up by whoever presents it.

    None when it is unknown, has expired or was used, or was another app's or another user's.
    """
    rows = database.write(
        "DELETE FROM access.launch WHERE hash = %s "
        "RETURNING client, user_id::text, patient, encounter, context, expires > now()",
        (_hashed(token),),
    )
    if not rows:
        return None
    *values, is_live = rows[0]
    found = Launch(*values)
    return found if is_live and (found.client, found.user) == (client, user) else None


def _hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()
