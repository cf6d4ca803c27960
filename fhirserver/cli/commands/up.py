"""`fhirserver up`: everything on one machine, from the database to the web server."""

from __future__ import annotations

import dataclasses
import logging
import shlex
import sys
import time
from pathlib import Path

import click

from fhirserver import embedded, front_end
from fhirserver.cli import demo_days
from fhirserver.cli.options import with_settings
from fhirserver.embedded.folders import prepare
from fhirserver.embedded.lock import exclusive
from fhirserver.embedded.ports import check_free
from fhirserver.embedded.postgresql import PostgreSQL
from fhirserver.embedded.roles import Role, answers, clear_leftovers, listens
from fhirserver.embedded.supervisor import Service, Step, Supervisor
from fhirserver.embedded.valkey import Valkey
from fhirserver.oauth import own_apps
from fhirserver.settings import Settings, variables
from fhirserver.storage import migrate
from fhirserver.storage.database import Database


@click.command()
@with_settings(
    *("port", "push_port", "host", "web_processes", "http_server"),
    *("tls_certificate", "tls_key", "tls_client_ca", "mllp_port", "dicom_port"),
)
@click.option("--demo/--no-demo", default=False, help="Load the demo hospital when it is missing.")
@click.option(
    "--demo-day/--no-demo-day",
    default=True,
    help="With --demo: let a day of the hospital go by.",
)
@click.option("--speed", default=60.0, show_default=True, type=click.FloatRange(1, 3600),
              help="How fast that day goes, until it has caught up with the clock.")  # fmt: skip
@click.option("--factory", default=None, hidden=True)
def command(
    settings: Settings, demo: bool, demo_day: bool, speed: float, factory: str | None
) -> None:
    """Run everything: database, broker, web server, tasks. Ctrl-C stops it."""
    # It warns of the query that Ctrl-C interrupts, which is no news to who pressed it.
    logging.getLogger("psycopg").setLevel(logging.ERROR)
    data_dir = prepare(settings.data_dir)
    settings = dataclasses.replace(settings, data_dir=data_dir, demo=demo or settings.demo)
    with exclusive(data_dir, "fhirserver up"):
        clear_leftovers(data_dir)
        check_free(settings.host, settings.port)
        check_free(settings.host, settings.live_port, option="--push-port")
        if factory is None and settings.mllp_port:
            check_free(settings.mllp_address, settings.mllp_port, option="--mllp-port")
        if factory is None and settings.dicom_port:
            check_free(settings.dicom_address, settings.dicom_port, option="--dicom-port")
        day = demo_days.planned(settings, speed) if demo and demo_day else None
        Supervisor(_say).run(_plan(settings, demo, day, factory))


def _plan(
    settings: Settings, demo: bool, day: demo_days.Planned | None, factory: str | None
) -> list[Service | Step]:
    """What is started, in this order."""
    if day is not None:
        settings = day.settings
    environment = variables(settings)
    plan: list[Service | Step] = []
    if settings.database_url is None:
        plan.append(PostgreSQL(settings.data_dir))
    if settings.broker_url is None:
        plan.append(Valkey(settings.data_dir))

    def role(name: str, *arguments: str, once: bool = False) -> Role:
        return Role(name, arguments or (name,), settings.data_dir, environment, once=once)

    web = role("web", "web", *(("--factory", factory) if factory else ()))
    ready = answers(
        settings.host, settings.port, "/livez", is_tls=settings.tls_certificate is not None
    )
    if factory is None:  # An application of somebody else's has no use for our tables.
        plan.append(Step("migrations", lambda: _migrate(settings)))
        plan.append(Step("apps", lambda: _register(settings)))
    plan += [
        dataclasses.replace(web, ready=ready),
        role("worker"),
        role("beat"),
        *([] if factory else [role("push")]),
        *([] if factory or not settings.mllp_port else [_mllp(settings, role("mllp"))]),
        *([] if factory or not settings.dicom_port else [_dicom(settings, role("dicom"))]),
        Step("up", lambda: _addresses(settings, demo=demo)),
    ]
    if demo:
        plan.append(role("demo", "load", "--demo", once=True))
    if day is not None:
        plan.append(dataclasses.replace(role(*day.arguments, once=True), told=demo_days.TOLD))
    return plan


def _migrate(settings: Settings) -> str:
    done = migrate.upgrade(embedded.connection_url(settings))
    return f"{len(done)} applied" if done else "up to date"


def _register(settings: Settings) -> str:
    """Make our own apps known as clients, at the address of this start."""
    if front_end.folder() is None:
        return "not built: run `make apps`, then start again"
    url = embedded.connection_url(settings)
    # Not as the web server opens it: that would load the whole of it here.
    database = Database(url)
    try:
        done = own_apps.register(database, settings)
    finally:
        database.close()
    told = f"registered {', '.join(done.changed)}" if done.changed else "registered"
    return "; ".join([told, *(f"NOT REGISTERED: {reason}" for reason in done.refused)])


def _mllp(settings: Settings, role: Role) -> Role:
    """The listener for HL7 v2 messages, which is ready when it takes connections."""
    return dataclasses.replace(role, ready=listens(settings.mllp_address, settings.mllp_port))


def _dicom(settings: Settings, role: Role) -> Role:
    """The listener for DICOM, which is ready when it takes connections."""
    return dataclasses.replace(role, ready=listens(settings.dicom_address, settings.dicom_port))


def _addresses(settings: Settings, *, demo: bool) -> str:
    root = settings.fhir_base.removesuffix("/fhir")
    token = [*_program(), "token", "--scope", "system/*.cruds"]
    if settings.data_dir != Path("var").resolve():
        token += ["--data-dir", str(settings.data_dir)]
    people = "\n  sign in as doctor, nurse ... patient, with demo-doctor, demo-nurse ..."
    return (
        "the server is ready, Ctrl-C stops it\n"
        f"  FHIR    {settings.fhir_base}\n"
        f"  sign in {root}/signin\n"
        f"  live    {_live(settings)}\n"
        f"  HL7 v2  {_mllp_address(settings)}\n"
        f"  DICOM   {_dicom_address(settings)}\n"
        f"  apps    {root}/\n"
        f"  token   {shlex.join(token)}\n"
        f"  logs    {settings.data_dir / 'log'}" + (people if demo else "")
    )


def _mllp_address(settings: Settings) -> str:
    if not settings.mllp_port:
        return "off"
    scheme = "mllps" if settings.mllp_tls_certificate else "mllp"
    return f"{scheme}://{settings.mllp_address}:{settings.mllp_port}"


def _dicom_address(settings: Settings) -> str:
    if not settings.dicom_port:
        return "off"
    scheme = "dicoms" if settings.dicom_tls_certificate else "dicom"
    return f"{scheme}://{settings.dicom_address}:{settings.dicom_port} ({settings.dicom_ae_title})"


def _live(settings: Settings) -> str:
    scheme = "https" if settings.tls_certificate else "http"
    return f"{scheme}://{settings.host}:{settings.live_port}/push"


def _program() -> list[str]:
    """The command as the user would type it here."""
    path = Path(sys.executable).with_name("fhirserver")
    if not path.exists():
        return [sys.executable, "-m", "fhirserver"]
    return [str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)]


def _say(who: str, what: str) -> None:
    click.echo(f"{time.strftime('%H:%M:%S')} {who:<10} {what}")
