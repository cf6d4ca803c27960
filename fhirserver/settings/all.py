"""All settings together."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from fhirserver.settings.apps import Apps
from fhirserver.settings.care import Care
from fhirserver.settings.content import Content
from fhirserver.settings.dicom_associations import DicomAssociations
from fhirserver.settings.dicom_record import DicomRecord
from fhirserver.settings.hl7v2 import Hl7v2
from fhirserver.settings.hl7v2_sending import Hl7v2Sending
from fhirserver.settings.limits import Limits
from fhirserver.settings.messages import Messages
from fhirserver.settings.privacy import Privacy
from fhirserver.settings.server import Server
from fhirserver.settings.sign_in import SignIn


@dataclass(frozen=True)
class Settings(
    Privacy, Apps, SignIn, Hl7v2, Hl7v2Sending, DicomAssociations, DicomRecord, Messages, Care,
    Content, Limits, Server,
):  # fmt: skip
    """The settings of one server: read once, by the composition root."""

    @property
    def websocket_address(self) -> str:
        """Where clients reach the websockets of live updates."""
        if self.base_url:
            base = urlsplit(self.base_url)
            scheme, host = base.scheme.replace("http", "ws"), base.netloc
        else:
            scheme = "ws" if self.tls_certificate is None else "wss"
            host = f"{self.host}:{self.live_port}"
        return self.websocket_url or f"{scheme}://{host}/push/subscriptions"

    @property
    def push_address(self) -> str:
        """Where browsers listen for live updates."""
        if self.base_url:
            base = urlsplit(self.base_url)
            scheme, host = base.scheme, base.netloc
        else:
            scheme = "http" if self.tls_certificate is None else "https"
            host = f"{self.host}:{self.live_port}"
        return self.push_url or f"{scheme}://{host}/push"

    @property
    def live_port(self) -> int:
        """The port of live updates."""
        return self.push_port or self.port + 1

    @property
    def mllp_address(self) -> str:
        """The address that HL7 v2 messages come to."""
        return self.mllp_host or self.host

    @property
    def dicom_address(self) -> str:
        """The address that DICOM systems connect to."""
        return self.dicom_host or self.host

    @property
    def fhir_base(self) -> str:
        """The FHIR base URL, without a slash at its end."""
        scheme = "https" if self.tls_certificate else "http"
        return (self.base_url or f"{scheme}://{self.host}:{self.port}/fhir").rstrip("/")

    @property
    def root(self) -> str:
        """What lies before /fhir, /oauth and /apps.

        >>> Settings(base_url="https://hospital.example/fhir").root
        'https://hospital.example'
        """
        return self.fhir_base.rpartition("/")[0]
