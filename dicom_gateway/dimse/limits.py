"""What the listener puts up with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fhirserver.settings import Settings

HANDSHAKE_SECONDS: Final = 10.0
SLOW_SECONDS: Final = 120.0
"""After so long a dataset must have come at SLOW_BYTES_PER_SECOND at least."""
SLOW_BYTES_PER_SECOND: Final = 2_000


@dataclass(frozen=True, slots=True)
class Limits:
    """See the settings of the same names."""

    associations: int = 500
    per_peer: int = 100
    artim_seconds: float = 30.0
    network_seconds: float = 60.0
    dimse_seconds: float = 600.0
    instance_bytes: int = 8_000_000_000
    allowed: tuple[str, ...] = ()


def limits_of(settings: Settings) -> Limits:
    """The limits that a site has set."""
    return Limits(
        associations=settings.dicom_max_associations,
        per_peer=settings.dicom_max_associations_per_peer,
        artim_seconds=settings.dicom_artim_seconds,
        network_seconds=settings.dicom_network_seconds,
        dimse_seconds=settings.dicom_idle_seconds,
        instance_bytes=settings.dicom_max_instance_bytes,
        allowed=tuple(settings.dicom_allowed.replace(",", " ").split()),
    )
