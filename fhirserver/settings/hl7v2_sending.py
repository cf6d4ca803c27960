"""How HL7 v2 messages go out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fhirserver.settings.fields import setting


@dataclass(frozen=True)
class Hl7v2Sending:
    """How HL7 v2 messages go out."""

    hl7v2_client_certificate: Path | None = setting(
        None,
        "The certificate with its chain (PEM) that receivers of HL7 v2 messages are shown (mllps).",
    )
    hl7v2_client_key: Path | None = setting(None, "The key of that certificate (PEM).")
    hl7v2_receiver_ca: Path | None = setting(
        None,
        "Who signs the certificates of receivers (PEM); whom this machine trusts when not set.",
    )
    hl7v2_receivers_at_once: int = setting(
        8,
        "For how many slow receivers of HL7 v2 messages one worker process waits at once, "
        "beside those that answer quickly.",
    )
