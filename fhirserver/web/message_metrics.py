"""How the HL7 v2 messages of each sender stand, as gauges; see queue_metrics.py."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from fhirserver import clock, messages
from fhirserver.errors import FhirError
from fhirserver.queues import Database

log = logging.getLogger(__name__)


class MessageMetrics(Collector):
    """The gauges of the messages in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            found = messages.senders(self._database)
        except FhirError as error:
            log.warning("message_metrics_missing", extra={"error": str(error)})
            return
        now = clock.now()
        waiting = _gauge("waiting", "HL7 v2 messages that are to be converted.")
        oldest = _gauge("oldest_seconds", "How long the oldest of them has been waiting.")
        dead = _gauge("dead", "HL7 v2 messages that can't be converted.")
        last = _gauge("silent_seconds", "How long ago the last message came.")
        for one in found:
            waiting.add_metric([one.sender], one.waiting)
            dead.add_metric([one.sender], one.dead)
            if one.oldest is not None:
                oldest.add_metric([one.sender], (now - one.oldest).total_seconds())
            if one.last is not None:
                last.add_metric([one.sender], (now - one.last).total_seconds())
        yield from (waiting, oldest, dead, last)


def _gauge(name: str, help_: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"fhirserver_hl7v2_{name}", help_, labels=["sender"])
