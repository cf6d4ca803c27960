"""What a failure means for a message: try it again for ever, some times, or not at all."""

from __future__ import annotations

import random
from typing import Final

from fhirserver.errors import (
    Conflict,
    FhirError,
    KeyUnavailable,
    Throttled,
    TooCostly,
    Unavailable,
    VersionConflict,
)
from hl7v2_gateway.operating.conversions import Failure

LONGEST_DELAY: Final = 60.0
MOST_DOUBTS: Final = 8
"""How often something is tried of which nobody knows whether it will ever work."""

_TRANSIENT: Final = (Unavailable, KeyUnavailable, Throttled, Conflict, VersionConflict)


def failure_of(error: Exception) -> Failure:
    """What kind of failure it is.

    Transient is what lies with the server, which will be there again; permanent what lies with the
    message; ambiguous what took too long, or a mistake of ours.

    >>> failure_of(Unavailable()), failure_of(KeyError())
    ('transient', 'ambiguous')
    """
    if isinstance(error, _TRANSIENT):
        return "transient"
    if isinstance(error, FhirError) and not isinstance(error, TooCostly):
        return "permanent"
    return "ambiguous"


def delay(attempts: int) -> float:
    """Seconds until the next attempt: about 0.5, 1, 2, 4 ... and at most a minute.

    >>> delay(1) <= 0.75 and delay(60) <= 1.5 * LONGEST_DELAY
    True
    """
    return min(0.25 * 2.0 ** min(attempts, 20), LONGEST_DELAY) * random.uniform(0.5, 1.5)  # noqa: S311


def reason_of(error: Exception) -> str:
    """What the operator is told; an error that isn't ours is only named, as it may say anything."""
    if isinstance(error, FhirError):
        issue = error.issues[0]
        return f"{issue.expression}: {issue.text}" if issue.expression else issue.text
    return type(error).__name__
