"""How the HL7 v2 messages of each sender and receiver stand, as gauges; see queue_metrics.py."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from fhirserver import clock, messages, sent_messages
from fhirserver.errors import FhirError
from fhirserver.queues import Database
from fhirserver.sent_messages import ReceiverStanding

log = logging.getLogger(__name__)


class MessageMetrics(Collector):
    """The gauges of the messages in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            found = messages.senders(self._database)
            told = sent_messages.receivers(self._database)
        except FhirError as error:
            log.warning("message_metrics_missing", extra={"error": str(error)})
            return
        now = clock.now()
        waiting = _gauge("waiting", "HL7 v2 messages that are to be converted.")
        oldest = _gauge("oldest_seconds", "How long the oldest of them has been waiting.")
        dead = _gauge("dead", "HL7 v2 messages that can't be converted.")
        failed = _gauge("error_seconds", "How long ago one last turned out to be one that can't.")
        held = _gauge("held_up_lanes", "Patients whose first message failed and is tried again.")
        last = _gauge("silent_seconds", "How long ago the last message came.")
        for one in found:
            waiting.add_metric([one.sender], one.waiting)
            dead.add_metric([one.sender], one.dead)
            held.add_metric([one.sender], one.held_up)
            if one.failed is not None:
                failed.add_metric([one.sender], (now - one.failed).total_seconds())
            if one.oldest is not None:
                oldest.add_metric([one.sender], (now - one.oldest).total_seconds())
            if one.last is not None:
                last.add_metric([one.sender], (now - one.last).total_seconds())
        yield from (waiting, oldest, dead, failed, held, last)
        yield from _receivers(told, now)


def _receivers(told: Sequence[ReceiverStanding], now: datetime) -> Iterator[GaugeMetricFamily]:
    """The lane of each receiver."""
    queued = _gauge("out_waiting", "Changes that a receiver may have to be told of.", "receiver")
    oldest = _gauge("out_oldest_seconds", "How long the first of them has waited.", "receiver")
    attempts = _gauge("out_attempts", "How often the first of them was tried.", "receiver")
    stopped = _gauge("out_stopped", "Messages that hold their receiver up.", "receiver")
    rejected = _gauge("out_rejected", "Messages that were rejected, and left out.", "receiver")
    failed = _gauge("out_error_seconds", "How long ago one last wasn't taken.", "receiver")
    for one in told:
        queued.add_metric([one.receiver], one.queued)
        attempts.add_metric([one.receiver], one.attempts)
        stopped.add_metric([one.receiver], one.stopped)
        rejected.add_metric([one.receiver], one.rejected)
        if one.oldest is not None:
            oldest.add_metric([one.receiver], (now - one.oldest).total_seconds())
        if one.failed is not None:
            failed.add_metric([one.receiver], (now - one.failed).total_seconds())
    yield from (queued, oldest, attempts, stopped, rejected, failed)


def _gauge(name: str, help_: str, whose: str = "sender") -> GaugeMetricFamily:
    return GaugeMetricFamily(f"fhirserver_hl7v2_{name}", help_, labels=[whose])
