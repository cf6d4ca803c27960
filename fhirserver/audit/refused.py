"""Events that the database refuses while it takes others: set aside, so that they hold nobody up.

Each is a file of its own in a folder beside those that wait. Nothing removes it but somebody who
has looked at it; `fhirserver audit verify` tells of it until then.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Final

import msgspec

from fhirserver.audit.event import Event

log = logging.getLogger(__name__)

FOLDER: Final = "refused"


def set_aside(spool: Path, event: Event, error: Exception) -> None:
    """Keep an event in its own file; raises OSError when that isn't possible."""
    folder = spool / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / f"{event.id}.json").open("wb") as file:
        file.write(msgspec.json.encode(event))
        file.flush()
        os.fsync(file.fileno())
    what = {"id": event.id, "error": type(error).__name__}
    log.critical("audit_event_refused", extra=what, exc_info=error)


def refused(spool: Path) -> list[Path]:
    """The files of those that were set aside."""
    return sorted((spool / FOLDER).glob("*.json"))
