"""`fhirserver web`: the HTTP server in the foreground, for production."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import sys
from pathlib import Path

import click

from fhirserver import embedded
from fhirserver.cli.options import with_settings
from fhirserver.embedded.folders import prepare
from fhirserver.keys.tls import is_old_form, server_context
from fhirserver.settings import InvalidSetting, Settings, variables

# A function without arguments that makes the WSGI application, in each process.
FACTORY = "fhirserver.app:serving"
BACKLOG = 1024
GRACE_SECONDS = 5
# After SIGHUP, how long a new worker has to get ready before the old one is stopped: on a busy
# machine its start takes ten times as long, and until then nobody else would listen.
RELOAD_SECONDS = 45


@click.command()
@with_settings(
    *("host", "port", "http_server", "web_processes", "web_threads"),
    *("tls_certificate", "tls_key", "tls_client_ca"),
)
@click.option("--factory", default=FACTORY, hidden=True)
def command(settings: Settings, factory: str) -> None:
    """Answer HTTP requests (one role, for production)."""
    settings = dataclasses.replace(
        settings,
        database_url=embedded.connection_url(settings),
        broker_url=_broker(settings),
        metrics_dir=settings.metrics_dir or _empty(prepare(settings.data_dir), settings.port),
    )
    if settings.tls_certificate is not None:
        server_context(settings)  # What is wrong with it is told here, not in a traceback.
    arguments = SERVER[settings.http_server](settings, factory)
    # https://prometheus.github.io/client_python/multiprocess/ wants it before the first import.
    environment = {**variables(settings), "PROMETHEUS_MULTIPROC_DIR": str(settings.metrics_dir)}
    # The process becomes the HTTP server, so that signals go straight to it.
    command_line = [sys.executable, "-m", *arguments]
    os.execve(sys.executable, command_line, environment)  # noqa: S606 - no shell wanted


def _broker(settings: Settings) -> str | None:
    """Where the web processes tell each other what callers have used; they can do without."""
    with contextlib.suppress(embedded.CannotStart):
        return embedded.broker_url(settings)
    return None


def _empty(data_dir: Path, port: int) -> Path:
    """An empty folder for the metrics of the web processes on this port."""
    folder = data_dir / "metrics" / str(port)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def granian(settings: Settings, factory: str) -> list[str]:
    """https://github.com/emmett-framework/granian#options"""
    return [
        *("granian", factory, "--factory", "--interface", "wsgi", "--http", "1", "--no-ws"),
        *("--host", settings.host, "--port", str(settings.port)),
        *("--workers", str(settings.web_processes)),
        *("--blocking-threads", str(settings.web_threads)),
        *("--backlog", str(BACKLOG), "--respawn-failed-workers"),
        *("--respawn-interval", str(RELOAD_SECONDS)),
        *("--workers-kill-timeout", str(GRACE_SECONDS)),
        *("--no-access-log", "--log-level", "warning"),
        *granian_tls(settings),
    ]


def granian_tls(settings: Settings) -> list[str]:
    """Its arguments for the certificate that the settings name."""
    if settings.tls_certificate is None or settings.tls_key is None:
        return []
    if is_old_form(settings.tls_key):
        raise InvalidSetting(
            f"FHIRSERVER_TLS_KEY: {settings.tls_key} isn't in the form PKCS#8: run openssl pkcs8 "
            f"-topk8 -nocrypt -in {settings.tls_key} -out NEW"
        )
    # Its TLS (rustls) knows only suites with forward secrecy and authenticated encryption.
    arguments = [
        *("--ssl-certificate", str(settings.tls_certificate)),
        *("--ssl-keyfile", str(settings.tls_key), "--ssl-protocol-min", "tls1.2"),
    ]
    if settings.tls_client_ca is not None:
        arguments += ["--ssl-ca", str(settings.tls_client_ca), "--ssl-client-verify"]
    return arguments


def gunicorn(settings: Settings, factory: str) -> list[str]:
    """https://docs.gunicorn.org/en/stable/settings.html"""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return [
        *("gunicorn", f"{factory}()", "--bind", f"{host}:{settings.port}"),
        *("--worker-class", "gthread", "--workers", str(settings.web_processes)),
        *("--threads", str(settings.web_threads), "--backlog", str(BACKLOG)),
        *("--keep-alive", "30", "--timeout", "180", "--graceful-timeout", str(GRACE_SECONDS)),
        *("--no-control-socket", "--log-level", "warning"),
        *_gunicorn_tls(settings),
    ]


def _gunicorn_tls(settings: Settings) -> list[str]:
    if settings.tls_certificate is None:
        return []
    return [
        *("--config", "python:fhirserver.web.gunicorn_tls"),
        *("--certfile", str(settings.tls_certificate), "--keyfile", str(settings.tls_key)),
    ]


SERVER = {"granian": granian, "gunicorn": gunicorn}
