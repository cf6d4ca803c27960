"""`fhirserver doctor`: what is in order on this machine, and what to do about the rest."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Callable
from typing import Final

import click
import psycopg
import redis
from cryptography import x509

from fhirserver import clock, embedded, front_end
from fhirserver.cli.options import with_settings
from fhirserver.embedded.accounts import owner_for
from fhirserver.embedded.failures import CannotStart
from fhirserver.embedded.folders import prepare
from fhirserver.embedded.ports import check_free
from fhirserver.embedded.postgresql import PostgreSQL, program
from fhirserver.embedded.roles import answers
from fhirserver.embedded.valkey import Valkey
from fhirserver.errors import FhirError, KeyUnavailable
from fhirserver.keys import opening
from fhirserver.keys.tls import server_context
from fhirserver.oauth import own_apps
from fhirserver.settings import InvalidSetting, Settings
from fhirserver.storage import migrate
from fhirserver.storage.database import Database

OLDEST_POSTGRESQL: Final = 15
LOW_BYTES: Final = 2_000_000_000
FEW_DAYS: Final = 14


class Trouble(Exception):
    """What is wrong, and what to do about it."""

    def __init__(self, found: str, advice: str) -> None:
        super().__init__(f"{found}; {advice}")


@click.command()
@with_settings("port", "host")
def command(settings: Settings) -> None:
    """Check this machine and say what to do about each trouble."""
    troubles = 0
    for name, check in CHECKS.items():
        try:
            click.echo(f"ok    {name:<15} {check(settings)}")
        except (Trouble, CannotStart, FhirError, InvalidSetting) as error:
            troubles += 1
            click.echo(f"FAIL  {name:<15} {' '.join(str(error).split())}")
    if troubles:
        click.echo(f"\n{troubles} of {len(CHECKS)} checks failed")
        sys.exit(1)


def python(settings: Settings) -> str:
    if sys.version_info < (3, 11):  # noqa: UP036 - pip can be told to ignore requires-python
        raise Trouble(platform.python_version(), "install Python 3.11 or newer")
    return platform.python_version()


def data_directory(settings: Settings) -> str:
    return f"{prepare(settings.data_dir)} is writable"


def disk(settings: Settings) -> str:
    path = settings.data_dir.absolute()
    here = next(p for p in (path, *path.parents) if p.is_dir())
    free = shutil.disk_usage(here).free
    found = f"{free / 1e9:.1f} GB free"
    if free < LOW_BYTES:
        raise Trouble(found, f"free {LOW_BYTES / 1e9:.0f} GB, or choose another --data-dir")
    return found


def port(settings: Settings) -> str:
    is_tls = settings.tls_certificate is not None
    if answers(settings.host, settings.port, "/livez", is_tls=is_tls)():
        return f"{settings.port} is answered by a running server"
    check_free(settings.host, settings.port)
    return f"{settings.port} is free"


def postgresql(settings: Settings) -> str:
    url = _database(settings)
    if url is None:
        _, version = program(owner_for(PostgreSQL(settings.data_dir.resolve()).cluster))
        return f"embedded, not running: {version}"
    with _connect(url) as connection:
        number = connection.info.server_version
    if number < OLDEST_POSTGRESQL * 10_000:
        advice = f"use PostgreSQL {OLDEST_POSTGRESQL} or newer, or unset FHIRSERVER_DATABASE_URL"
        raise Trouble(f"version {number // 10_000}", advice)
    return f"version {number // 10_000}.{number % 10_000} answers"


def pg_trgm(settings: Settings) -> str:
    url = _database(settings)
    if url is None:
        return "comes with the embedded PostgreSQL"
    with _connect(url) as connection:
        found = connection.execute(
            "select default_version from pg_available_extensions where name = 'pg_trgm'"
        ).fetchone()
    if found is None:
        raise Trouble("not available", "install the contrib package of your PostgreSQL")
    return f"version {found[0]}"


def migrations(settings: Settings) -> str:
    url = _database(settings)
    if url is None:
        return "run by `fhirserver up`"
    _connect(url).close()
    applied = migrate.applied(url)
    if applied != migrate.head():
        raise Trouble(
            f"at {applied or 'nothing'} of {migrate.head()}", "run `fhirserver db upgrade`"
        )
    return f"at {applied}"


def broker(settings: Settings) -> str:
    url = settings.broker_url or Valkey(settings.data_dir.resolve()).url()
    if url is None:
        return "embedded, not running"
    # Celery and the client spell the URL of a socket differently.
    client = redis.Redis.from_url(
        url.replace("redis+socket://", "unix://"), socket_timeout=5, socket_connect_timeout=5
    )
    try:
        with client:
            client.ping()
    except redis.RedisError as error:
        raise Trouble(str(error), "check FHIRSERVER_BROKER_URL") from error
    return "answers"


def keys(settings: Settings) -> str:
    url = _database(settings)
    wrapped = 0
    if url is not None and migrate.applied(url) == migrate.head():
        with _connect(url) as connection:
            row = connection.execute("select count(*) from keys.wrapping").fetchone()
            wrapped = row[0] if row else 0
    try:
        return opening.provider(settings).health()
    except KeyUnavailable as error:
        if settings.key_provider == "file" and not wrapped and "is missing" in str(error):
            return "the master key is made when it is first needed"
        raise


def certificate(settings: Settings) -> str:
    if settings.tls_certificate is None:
        return "no TLS: for this machine only, or behind a proxy that ends TLS"
    server_context(settings)
    held = x509.load_pem_x509_certificate(settings.tls_certificate.read_bytes())
    left = (held.not_valid_after_utc - clock.now()).days
    if left < FEW_DAYS:
        raise Trouble(f"valid for {left} more days", "renew the certificate")
    return f"valid for {left} more days"


def apps(settings: Settings) -> str:
    built = front_end.folder()
    if built is None:
        return "not built: `make apps` builds them"
    count = f"{len(front_end.apps(built))} built"
    if settings.database_url is None:
        return f"{count}, registered by `fhirserver up`"
    _connect(settings.database_url).close()
    if migrate.applied(settings.database_url) != migrate.head():
        raise Trouble(f"{count}, not registered yet", "run `fhirserver db upgrade`")
    if missing := own_apps.missing(Database(settings.database_url), settings, built):
        raise Trouble(
            f"not registered at {settings.root}: {', '.join(missing)}",
            "check FHIRSERVER_BASE_URL, and run `fhirserver db upgrade`",
        )
    return f"{count}, and registered at {settings.root}"


CHECKS: Final[dict[str, Callable[[Settings], str]]] = {
    "Python": python,
    "data directory": data_directory,
    "disk": disk,
    "port": port,
    "PostgreSQL": postgresql,
    "pg_trgm": pg_trgm,
    "migrations": migrations,
    "broker": broker,
    "keys": keys,
    "certificate": certificate,
    "apps": apps,
}


def _database(settings: Settings) -> str | None:
    if settings.database_url is None and PostgreSQL(settings.data_dir.resolve()).url() is None:
        return None
    return embedded.connection_url(settings)


def _connect(url: str) -> psycopg.Connection[psycopg.rows.TupleRow]:
    try:
        return psycopg.connect(url, connect_timeout=5)
    except psycopg.Error as error:
        raise Trouble(str(error).partition("\n")[0], "check FHIRSERVER_DATABASE_URL") from error
