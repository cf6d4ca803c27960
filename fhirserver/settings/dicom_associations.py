"""How DICOM systems connect (DIMSE)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fhirserver.settings.fields import setting


@dataclass(frozen=True)
class DicomAssociations:
    """How DICOM systems connect (DIMSE)."""

    dicom_host: str | None = setting(
        None, "The address that DICOM systems connect to; that of the web server when not set."
    )
    dicom_port: int = setting(
        11112,
        "The TCP port that DICOM systems connect to (DIMSE); with 0 `up` starts no listener.",
    )
    dicom_ae_title: str = setting("FHIRSERVER", "The AE title that DICOM systems call.")
    dicom_tls_certificate: Path | None = setting(
        None,
        "The certificate of the DICOM listener with its chain (PEM); without it there is no TLS. "
        "It and the two that follow are read anew when a file changes.",
    )
    dicom_tls_key: Path | None = setting(None, "The key of that certificate (PEM).")
    dicom_tls_client_ca: Path | None = setting(
        None,
        "Who signs the certificates of DICOM systems (PEM): with it nobody connects without one, "
        "and ours is shown to those that we connect to by TLS, which must be signed by it, too.",
    )
    dicom_allowed: str = setting(
        "",
        "Addresses and networks that may connect by DICOM, with commas between; empty is all.",
    )
    dicom_unknown_peers: str = setting(
        "refuse",
        "Whether instances are taken from AE titles that no Endpoint tells of: refuse, or accept.",
    )
    dicom_max_associations: int = setting(500, "How many DICOM associations there may be at once.")
    dicom_max_associations_per_peer: int = setting(
        100, "How many of them may come from one address, and of one peer."
    )
    dicom_artim_seconds: float = setting(
        30.0, "How long a DICOM system may take to ask for an association (the ARTIM timer)."
    )
    dicom_network_seconds: float = setting(
        60.0, "How long one PDU may take that has begun, and what is sent may wait to be taken."
    )
    dicom_idle_seconds: float = setting(
        600.0, "After how long without a message an association is aborted; 0 is never."
    )
    dicom_max_instance_bytes: int = setting(
        8_000_000_000, "The longest DICOM instance that is taken, in bytes."
    )
    dicom_commitment_hours: float = setting(
        72.0,
        "How long a report of storage commitment is tried to be delivered, at growing distances.",
    )
