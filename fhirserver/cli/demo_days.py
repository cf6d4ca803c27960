"""The demo day as a part of `fhirserver up --demo`: its settings, and how it is started."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import Final

from fhirserver.embedded.failures import CannotStart
from fhirserver.embedded.ports import check_free
from fhirserver.settings import Settings

NAME: Final = "demo-day"
TOLD: Final = re.compile(r"\d\d:\d\d ")
"""Lines that begin with the time of the demo day are for the terminal."""
MAIL: Final = {
    "smtp_host": "127.0.0.1",
    "smtp_tls": "off",
    "smtp_from": "appointments@saguaro.example",
    "reminder_hours": "24,12",
    "time_zone": "America/Phoenix",
    "site_name": "Saguaro General Hospital",
}
"""What holds for the demo hospital unless somebody has set it otherwise."""
MAIL_PORT: Final = 2
"""So many ports behind the web server's is the demo's mail server."""


@dataclass(frozen=True, slots=True)
class Planned:
    """The arguments of the role, by which it is started, and the settings of all roles."""

    arguments: tuple[str, ...]
    settings: Settings


def planned(settings: Settings, speed: float) -> Planned:
    """With a mailbox for the reminders, if no mail server is set and the port is free."""
    arguments = (NAME, NAME, "--speed", f"{speed:g}")
    port = settings.port + MAIL_PORT
    if settings.smtp_host is not None or not _is_free(port, settings):
        return Planned(arguments, settings)
    defaults = {f.name: f.default for f in dataclasses.fields(Settings)}
    ours = {k: v for k, v in MAIL.items() if getattr(settings, k) == defaults[k]}
    given = dataclasses.replace(settings, **ours, smtp_port=port)  # type: ignore[arg-type]
    return Planned((*arguments, "--mail-port", str(port)), given)


def _is_free(port: int, settings: Settings) -> bool:
    if port in {settings.live_port, settings.port}:
        return False
    try:
        check_free(MAIL["smtp_host"], port)
    except CannotStart:
        return False
    return True
