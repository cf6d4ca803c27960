"""From settings to a DICOM listener and what works beside it."""

from __future__ import annotations

import functools
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from dicom_gateway.dimse import services
from dicom_gateway.dimse.caller import Caller
from dicom_gateway.dimse.gateway import Gateway
from dicom_gateway.dimse.limits import limits_of
from dicom_gateway.dimse.reporting import Reporter
from dicom_gateway.dimse.server import Server
from dicom_gateway.partners import Directory
from fhirserver.app import open_database, open_engine
from fhirserver.audit.recorder import Recorder
from fhirserver.instances.opening import open_instances
from fhirserver.messages import partners
from fhirserver.registry import discover
from fhirserver.settings import Settings

Secured = Callable[[], ssl.SSLContext]


@dataclass(frozen=True)
class DicomListener:
    """The server of a listening socket, with all that it needs."""

    server: Server
    gateway: Gateway
    reporter: Reporter

    def run(self, bound: socket.socket) -> None:
        """Serve until the server is stopped."""
        recorder = self.gateway.recorder
        recorder.buffer.start()
        self.reporter.start()
        try:
            self.server.run(bound)
        finally:
            self.reporter.stop()
            recorder.buffer.end()
            self.gateway.database.close()


def open_listener(settings: Settings, tls: Secured | None = None) -> DicomListener:
    """A listener for the database of the settings. `tls` gives the context of each connection."""
    discover(services)
    gateway = open_gateway(settings)
    server = Server(gateway, limits_of(settings), context=tls)
    return DicomListener(server, gateway, Reporter(gateway, server))


def open_gateway(settings: Settings) -> Gateway:
    """What the services work with."""
    database = open_database(settings)
    recorder = Recorder(settings, database)
    return Gateway(
        settings=settings,
        database=database,
        instances=open_instances(settings, database),
        directory=Directory(functools.partial(partners, database)),
        recorder=recorder,
        caller=Caller(
            settings.dicom_ae_title, settings.dicom_network_seconds, calling_context(settings)
        ),
        open_engine=functools.partial(open_engine, settings, database, recorder),
    )


def calling_context(settings: Settings) -> Secured | None:
    """What we call others by TLS with; None when no certificate is set."""
    certificate, authority = settings.dicom_tls_certificate, settings.dicom_tls_client_ca
    if certificate is None:
        return None
    key = settings.dicom_tls_key

    def context() -> ssl.SSLContext:
        # Devices are known by their certificates, not by names in them (PS3.15 B.9).
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        made.minimum_version = ssl.TLSVersion.TLSv1_2
        made.check_hostname = False
        made.load_cert_chain(certificate, key, password=lambda: "")
        if authority is not None:
            made.load_verify_locations(authority)
        else:
            made.load_default_certs()
        return made

    return context
