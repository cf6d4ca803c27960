"""How HL7 v2 messages come in, and how long they are kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fhirserver.settings.fields import setting


@dataclass(frozen=True)
class Hl7v2:
    """How HL7 v2 messages come in, and how long they are kept."""

    mllp_host: str | None = setting(
        None, "The address that HL7 v2 messages come to; that of the web server when not set."
    )
    mllp_port: int = setting(
        2575, "The TCP port that HL7 v2 messages come to (MLLP); with 0 `up` starts no listener."
    )
    mllp_tls_certificate: Path | None = setting(
        None,
        "The certificate of the MLLP listener with its chain (PEM); without it there is no TLS. It "
        "and the two that follow are read anew when a file changes.",
    )
    mllp_tls_key: Path | None = setting(None, "The key of that certificate (PEM).")
    mllp_tls_client_ca: Path | None = setting(
        None,
        "Who signs the certificates of senders (PEM): with it nobody connects without one.",
    )
    mllp_allowed: str = setting(
        "",
        "Addresses and networks that may connect by MLLP, with commas between; empty is all.",
    )
    mllp_max_connections: int = setting(500, "How many MLLP connections there may be at once.")
    mllp_max_connections_per_address: int = setting(
        100, "How many of them may come from one address."
    )
    mllp_message_seconds: float = setting(
        30.0, "How long a message that has begun may pause before its connection is closed."
    )
    mllp_idle_seconds: float = setting(
        0.0, "After how long without a message a connection is closed; 0 is never."
    )
    hl7v2_max_message_bytes: int = setting(
        50_000_000, "The largest HL7 v2 message that is taken, in bytes."
    )
    hl7v2_unknown_senders: str = setting(
        "refuse",
        "Whether messages are taken from senders that no Endpoint tells of: refuse, or accept.",
    )
    hl7v2_duplicate_days: float = setting(
        7.0,
        "After how many days a sender may use the control id of a message (MSH-10) again for "
        "another one.",
    )
    hl7v2_retention_days: float = setting(
        0.0,
        "After how many days the text of an HL7 v2 message that came is removed with all that is "
        "known of it, when it is done, discarded or refused; never before its control id may come "
        "again. 0 is never.",
    )
    hl7v2_sent_retention_days: float = setting(
        0.0,
        "After how many days an HL7 v2 message that was sent is removed, when it was accepted or "
        "discarded. 0 is never.",
    )
    hl7v2_threads: int = setting(
        1,
        "How many threads of one worker process convert HL7 v2 messages. Each takes on many "
        "patients at a time; more of them only help where PostgreSQL is far away: start more "
        "processes.",
    )
