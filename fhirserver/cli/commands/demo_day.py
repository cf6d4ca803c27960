"""`fhirserver demo-day`: a day of the demo hospital, played into the server that runs."""

from __future__ import annotations

import signal
import threading
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import click
import httpx

from fhirserver import clock, embedded
from fhirserver.cli.databases import recorded_database
from fhirserver.cli.options import with_settings
from fhirserver.demo.day.client import Client, Refused
from fhirserver.demo.day.mailbox import mailbox
from fhirserver.demo.day.player import Another, Player
from fhirserver.demo.day.running import run
from fhirserver.demo.moment import ZONE
from fhirserver.embedded.failures import reason
from fhirserver.loader.demo_hospital import is_loaded
from fhirserver.settings import Settings
from fhirserver.storage import tokens
from fhirserver.storage.database import Database

SCOPE = "system/*.cruds"
LIFETIME_SECONDS = 86_400
CLIENT = "demo-day"
MAIL, REPORTS = "demo-mail", "demo-reports"


@click.command()
@with_settings("port", "host")
@click.option("--speed", default=60.0, show_default=True, type=click.FloatRange(1, 3600),
              help="How fast the day goes, until it has caught up with the clock.")  # fmt: skip
@click.option("--seed", default=1, show_default=True, type=click.IntRange(1, 999),
              help="Another number is a day with other patients.")  # fmt: skip
@click.option("--mail-port", type=click.IntRange(1, 65_535),
              help="Be the mail server that the reminders go to, on this port.")  # fmt: skip
def command(settings: Settings, speed: float, seed: int, mail_port: int | None) -> None:
    """Play a day of the demo hospital into the server that runs here, over HTTP.

    Patients come, are treated and go home; results, alerts, appointments and reports come with
    them. It begins nine to twenty-one hours ago, goes faster than the clock until it has caught up,
    and then goes on with the clock. Started again, it goes on where it was. Ctrl-C stops it.
    """
    embedded.connection_url(settings)  # Nothing is started for this: it needs a server that runs.
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with ExitStack() as stack:
        if mail_port is not None:
            _receive(stack, mail_port, settings.data_dir / MAIL)
        http = stack.enter_context(httpx.Client(timeout=60, verify=_trusting(settings)))
        base = f"{settings.fhir_base.partition('://')[0]}://{settings.host}:{settings.port}/fhir"
        client = Client(http, base, lambda: _token(settings))
        player = Player(client, seed, _say, reports=settings.data_dir / REPORTS)
        if not _is_loaded(settings):
            click.echo("waits for the demo hospital: `fhirserver load --demo` loads it")
        try:
            run(player, speed, stop, lambda: _is_loaded(settings))
        except KeyboardInterrupt:
            return
        except (Another, Refused) as error:
            raise click.ClickException(str(error)) from error


def _token(settings: Settings) -> str:
    with recorded_database(settings, CLIENT) as (_, database):
        return tokens.issue(
            database, subject=CLIENT, scope=SCOPE, lifetime_seconds=LIFETIME_SECONDS
        )


def _is_loaded(settings: Settings) -> bool:
    database = Database(embedded.connection_url(settings))
    try:
        return is_loaded(database)
    finally:
        database.close()


def _trusting(settings: Settings) -> bool:
    """Our own server's certificate needn't name the address of this machine."""
    return settings.tls_certificate is None


def _receive(stack: ExitStack, port: int, folder: Path) -> None:
    try:
        stack.enter_context(mailbox(port, folder, _mailed))
    except OSError as error:
        _say(
            clock.now().astimezone(ZONE),
            f"no mailbox: can't listen on port {port}: {reason(error)}",
        )


def _mailed(to: str, subject: str) -> None:
    _say(_now(), f"mail to {to}: {subject}")


def _say(at: datetime, what: str) -> None:
    click.echo(f"{at:%H:%M} {what}")


def _now() -> datetime:
    return clock.now().astimezone(ZONE)
