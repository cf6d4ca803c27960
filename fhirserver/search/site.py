"""The site: what a server has to know about itself to index and to search."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

from fhirserver.settings import Settings


@dataclass(frozen=True, slots=True)
class Site:
    """`base_url`: the own FHIR base, without a slash at its end; references to it become relative.

    `zone`: the zone of dates and times that are written without one.
    """

    base_url: str = "http://127.0.0.1:8000/fhir"
    zone: tzinfo = UTC

    def relative(self, url: str) -> str:
        """The address without the own base, or as it is.

        >>> Site("http://a.org/fhir").relative("http://a.org/fhir/Patient/1")
        'Patient/1'
        """
        base = self.base_url
        return url[len(base) + 1 :] if url.startswith(base) and url[len(base) :][:1] == "/" else url


def site_of(settings: Settings) -> Site:
    """The site that the settings describe."""
    zone = UTC if settings.time_zone == "UTC" else ZoneInfo(settings.time_zone)
    return Site(settings.fhir_base, zone)
