"""`fhirserver push`: the server of live updates in the foreground, for production."""

from __future__ import annotations

import dataclasses
import os
import sys

import click

from fhirserver import embedded
from fhirserver.cli.commands.web import BACKLOG, GRACE_SECONDS, RELOAD_SECONDS, granian_tls
from fhirserver.cli.options import with_settings
from fhirserver.keys.tls import server_context
from fhirserver.settings import Settings, variables

FACTORY = "fhirserver.app:create_push"


@click.command()
@with_settings("host", "port", "push_port", "tls_certificate", "tls_key", "tls_client_ca")
def command(settings: Settings) -> None:
    """Tell browsers what changes as it happens (one role, for production).

    Its port is --push-port; --port is that of the web server, whose pages may listen.
    """
    settings = dataclasses.replace(settings, database_url=embedded.connection_url(settings))
    if settings.tls_certificate is not None:
        server_context(settings)  # What is wrong with it is told here, not in a traceback.
    # The process becomes the HTTP server, so that signals go straight to it.
    command_line = [sys.executable, "-m", *_granian(settings)]
    os.execve(sys.executable, command_line, variables(settings))  # noqa: S606 - no shell wanted


def _granian(settings: Settings) -> list[str]:
    """https://github.com/emmett-framework/granian#options"""
    return [
        *("granian", FACTORY, "--factory", "--interface", "asgi", "--http", "1", "--ws"),
        *("--host", settings.host, "--port", str(settings.live_port), "--workers", "1"),
        *("--backlog", str(BACKLOG), "--respawn-failed-workers"),
        *("--respawn-interval", str(RELOAD_SECONDS)),
        *("--workers-kill-timeout", str(GRACE_SECONDS)),
        *("--no-access-log", "--log-level", "warning"),
        *granian_tls(settings),
    ]
