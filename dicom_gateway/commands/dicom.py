"""`fhirserver dicom`: the DICOM listener in the foreground, for production."""

from __future__ import annotations

import dataclasses
import logging
import signal
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from fhirserver import embedded, logs
from fhirserver.cli.options import with_settings
from fhirserver.embedded.ports import check_free
from fhirserver.keys.tls import Listener
from fhirserver.settings import Settings

log = logging.getLogger(__name__)


@click.group(invoke_without_command=True)
@with_settings(
    *("host", "dicom_host", "dicom_port", "dicom_ae_title", "dicom_tls_certificate"),
    *("dicom_tls_key", "dicom_tls_client_ca", "dicom_allowed", "dicom_unknown_peers"),
)
@click.pass_context
def command(context: click.Context, /, settings: Settings) -> None:
    """Take DICOM instances and answer queries by DIMSE (one role, for production).

    An instance is answered with success when it is on the disk; `fhirserver worker` makes its
    ImagingStudy.
    """
    if context.invoked_subcommand is not None:
        return
    settings = dataclasses.replace(settings, database_url=embedded.connection_url(settings))
    logs.configure(settings.log_level)
    with listening(settings) as bound:
        _serve(settings, bound)


@contextmanager
def listening(settings: Settings) -> Iterator[socket.socket]:
    """The socket of the listener."""
    host = settings.dicom_address
    check_free(host, settings.dicom_port, option="--dicom-port")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, settings.dicom_port), family=family, backlog=128) as bound:
        yield bound


def _serve(settings: Settings, bound: socket.socket) -> None:
    # Who connects waits for these: the port is there before them, and `up` goes on.
    from dicom_gateway.dimse.opening import open_listener  # noqa: PLC0415

    listener = open_listener(settings, tls(settings))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: listener.server.stop())
    log.info(
        "dicom_listening",
        extra={"port": settings.dicom_port, "tls": settings.dicom_tls_certificate is not None},
    )
    listener.run(bound)


def tls(settings: Settings) -> Callable[[], ssl.SSLContext] | None:
    if settings.dicom_tls_certificate is None:
        return None
    listener = Listener(
        # Who signs the certificates of modalities isn't who signs those of browsers.
        dataclasses.replace(settings, tls_client_ca=None),
        certificate=settings.dicom_tls_certificate,
        key=settings.dicom_tls_key,
        client_ca=settings.dicom_tls_client_ca,
    )
    return lambda: listener.context
