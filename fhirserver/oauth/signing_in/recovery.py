"""Recovery codes, for the day the phone is lost. OWASP ASVS 5.0, 6.5."""

from __future__ import annotations

import base64
import secrets
from typing import Final

from fhirserver.storage import recovery_codes
from fhirserver.storage.database import Database

CODES: Final = 10
# 120 bits, so that a plain hash keeps them.
_BYTES: Final = 15


def renewed(database: Database, user_id: str) -> list[str]:
    """Ten new codes for a user, to be shown once; earlier ones don't work any more."""
    codes = [base64.b32encode(secrets.token_bytes(_BYTES)).decode().lower() for _ in range(CODES)]
    recovery_codes.set_codes(database, user_id, codes)
    return ["-".join(code[i : i + 4] for i in range(0, len(code), 4)) for code in codes]


def is_right(database: Database, user_id: str, code: str) -> bool:
    """Whether it is one of the user's codes, however it is typed; it is used up then."""
    plain = "".join(c for c in code.lower() if c.isalnum())
    return recovery_codes.use(database, user_id, plain)
