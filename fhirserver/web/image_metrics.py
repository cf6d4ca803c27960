"""How many DICOM instances there are, and what is open, as gauges; see queue_metrics.py."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from fhirserver import clock
from fhirserver.errors import FhirError
from fhirserver.instances import totals
from fhirserver.queues import Database

log = logging.getLogger(__name__)


class ImageMetrics(Collector):
    """The gauges of the DICOM instances in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            found = totals(self._database)
        except FhirError as error:
            log.warning("image_metrics_missing", extra={"error": str(error)})
            return
        yield _gauge("studies", "DICOM studies that are kept.", found.studies)
        yield _gauge("series", "Their series.", found.series)
        yield _gauge("instances", "Their instances.", found.instances)
        yield _gauge("bytes", "The bytes of their files.", found.size)
        yield _gauge(
            "conflicts", "Instances that came with other bytes, undecided.", found.conflicts
        )
        yield _gauge("unmapped", "Studies whose ImagingStudy isn't up to date.", found.open)
        if found.oldest_open is not None:
            waited = (clock.now() - found.oldest_open).total_seconds()
            yield _gauge("unmapped_seconds", "How long the first of them has waited.", waited)


def _gauge(name: str, help_: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"fhirserver_dicom_{name}", help_, value=value)
