"""What is done at the command line, on record before it is done.

There is an event for each file that `fhirserver load` reads, and for each command that changes who
may do what. What the files hold isn't named: they may have millions of resources.
"""

from __future__ import annotations

import os
import pwd
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from fhirserver import clock, ids
from fhirserver.audit.content import Rows
from fhirserver.audit.event import Caller, Event
from fhirserver.search.site import Site
from fhirserver.storage.audit_events import insert
from fhirserver.storage.database import Database

AT_ONCE: Final = 400
_CLIENT: Final = "fhirserver load"


def record_imports(database: Database, site: Site, names: Sequence[str]) -> None:
    """Write down that files of these names are imported by the user of this process.

    Raises Unavailable when that isn't possible: then nothing is to be imported.
    """
    rows, caller = Rows(site), Caller(client=_CLIENT, user=_user())
    now = int(clock.now().timestamp() * 1000)
    made = [
        rows.row(Event(ids.new(), now, "import", "E", caller, reason=name[:200])) for name in names
    ]
    for start in range(0, len(made), AT_ONCE):
        insert(database, made[start : start + AT_ONCE])


def record_command(
    database: Database, site: Site, name: str, about: str, *, reason: str | None = None
) -> None:
    """Write down that the user of this process runs a command such as `user disable`, about this.

    `reason` says why it came to nothing. Raises Unavailable when that isn't possible.
    """
    event = Event(
        ids.new(),
        int(clock.now().timestamp() * 1000),
        "operation",
        "E",
        Caller(client=f"fhirserver {name}", user=_user()),
        outcome="4" if reason else "0",
        reason=(reason or about)[:200] or None,
        operation=f"cli-{name.replace(' ', '-')}",
    )
    insert(database, [Rows(site).row(event)])


def record_export(database: Database, site: Site, name: str, about: Event) -> None:
    """Write down that the user of this process is about to export what an event is about.

    Raises Unavailable when that isn't possible: then nothing is to be exported.
    """
    event = replace(about, caller=Caller(client=f"fhirserver {name}", user=_user()))
    insert(database, [Rows(site).row(event)])


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        # Containers run as numbers that nobody has named.
        return str(os.getuid())
