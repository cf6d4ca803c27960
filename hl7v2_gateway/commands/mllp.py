"""`fhirserver mllp`: the listener for HL7 v2 messages in the foreground, for production."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import logging
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click

from fhirserver import embedded, logs
from fhirserver.app import open_database, open_engine
from fhirserver.audit.recorder import Recorder
from fhirserver.cli.options import with_settings
from fhirserver.embedded.ports import check_free
from fhirserver.keys.tls import Listener
from fhirserver.settings import Settings
from hl7v2_gateway.intake.opening import open_intake, open_messages
from hl7v2_gateway.listening import Asking, Group, Server
from hl7v2_gateway.listening.folder import Folder
from hl7v2_gateway.listening.limits import limits_of
from hl7v2_gateway.listening.owed import Owed
from hl7v2_gateway.listening.server import BACKLOG
from hl7v2_gateway.operating.mapped import supports
from hl7v2_gateway.querying import EVENTS, Responder

log = logging.getLogger(__name__)

FOLDER_SECONDS: Final = 2.0


@click.command()
@with_settings(
    *("host", "mllp_host", "mllp_port", "mllp_tls_certificate", "mllp_tls_key"),
    *("mllp_tls_client_ca", "mllp_allowed", "hl7v2_unknown_senders"),
)
@click.option(
    "--folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Take in the files that are put here, too.",
)
def command(settings: Settings, folder: Path | None) -> None:
    """Take HL7 v2 messages by MLLP (one role, for production).

    An acknowledgement leaves when its message is on the disk; `fhirserver worker` converts it.
    """
    settings = dataclasses.replace(settings, database_url=embedded.connection_url(settings))
    logs.configure(settings.log_level)
    with listening(settings) as bound:
        asyncio.run(_serve(settings, bound, folder))


@contextmanager
def listening(settings: Settings) -> Iterator[socket.socket]:
    """The socket of the listener."""
    host = settings.mllp_address
    check_free(host, settings.mllp_port, option="--mllp-port")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, settings.mllp_port), family=family, backlog=BACKLOG) as bound:
        yield bound


async def _serve(settings: Settings, bound: socket.socket, folder: Path | None) -> None:
    database = open_database(settings)
    messages = open_messages(settings, database)
    tls = _tls(settings)
    intake = open_intake(settings, messages, supports, EVENTS)
    group = Group(intake.take, database.close)
    watching = None
    if folder is not None:
        watched = Folder(folder, intake.take, most=settings.hl7v2_max_message_bytes)
        watching = asyncio.create_task(_watch(watched))
    owed = Owed(messages)
    recorder = Recorder(settings, database)
    recorder.buffer.start()
    engine = functools.cache(functools.partial(open_engine, settings, database, recorder))
    asking = Asking(Responder(engine).answer, database.close)
    server = Server(
        group,
        limits_of(settings),
        context=None if tls is None else lambda: tls.context,
        owed=owed,
        asking=asking,
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    log.info("hl7v2_listening", extra={"port": settings.mllp_port, "tls": tls is not None})
    try:
        await server.run(bound)
    finally:
        if watching is not None:
            watching.cancel()
        await group.stop()
        owed.close()
        asking.close()
        recorder.buffer.end()


async def _watch(folder: Folder) -> None:
    """Look into a folder again and again."""
    while True:
        try:
            await asyncio.to_thread(folder.look)
        except Exception:
            # Whatever it is, the next look may do.
            log.exception("hl7v2_folder")
        await asyncio.sleep(FOLDER_SECONDS)


def _tls(settings: Settings) -> Listener | None:
    if settings.mllp_tls_certificate is None:
        return None
    return Listener(
        # Who signs the certificates of senders isn't who signs those of browsers.
        dataclasses.replace(settings, tls_client_ca=None),
        certificate=settings.mllp_tls_certificate,
        key=settings.mllp_tls_key,
        client_ca=settings.mllp_tls_client_ca,
    )
