"""How far behind the readers of the change log are, and how the queues stand, as gauges.

They are asked for when somebody looks; while the database can't be reached they are missing, which
is an alarm of its own (`absent()` in Prometheus).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from fhirserver import clock, queues
from fhirserver.errors import FhirError
from fhirserver.queues import Database

log = logging.getLogger(__name__)

MOST_COUNTED = 10_000


class QueueMetrics(Collector):
    """The gauges of the queues of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            behind = queues.behind(self._database, most=MOST_COUNTED)
            standing = queues.standing(self._database)
        except FhirError as error:
            log.warning("queue_metrics_missing", extra={"error": str(error)})
            return
        readers = [(r.name, r.changes, _seconds(r.since)) for r in behind]
        topics = [(t.topic, t.waiting, t.dead, _seconds(t.since)) for t in standing]
        yield _gauge(
            "fhirserver_change_reader_behind_changes",
            f"Changes that a reader has before it; {MOST_COUNTED} stands for more.",
            "reader",
            [(name, changes) for name, changes, _ in readers],
        )
        yield _gauge(
            "fhirserver_change_reader_behind_seconds",
            "How long the oldest change has been waiting for a reader.",
            "reader",
            [(name, seconds) for name, _, seconds in readers],
        )
        yield _gauge(
            "fhirserver_queue_waiting",
            "Items that are to be done, now or later.",
            "topic",
            [(name, waiting) for name, waiting, _, _ in topics],
        )
        yield _gauge(
            "fhirserver_queue_oldest_seconds",
            "How long the oldest item that is due has been so.",
            "topic",
            [(name, seconds) for name, _, _, seconds in topics],
        )
        yield _gauge(
            "fhirserver_queue_dead",
            "Items that were given up.",
            "topic",
            [(name, dead) for name, _, dead, _ in topics],
        )


def _gauge(name: str, help_: str, label: str, values: list[tuple[str, float]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, help_, labels=[label])
    for key, value in values:
        family.add_metric([key], value)
    return family


def _seconds(since: datetime | None) -> float:
    return 0.0 if since is None else max(0.0, (clock.now() - since).total_seconds())
