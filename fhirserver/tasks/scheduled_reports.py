"""Every hour: make the reports of the days, weeks and months that are over."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from celery import current_app, shared_task

from fhirserver import clock
from fhirserver.access.principal import Principal
from fhirserver.access.scopes import scopes
from fhirserver.audit.recorder import Recorder
from fhirserver.engine import Engine, Seals
from fhirserver.interactions.messages import FhirRequest
from fhirserver.model import json
from fhirserver.reports.filing import filed
from fhirserver.reports.schedule import IDENTIFIERS, Due, due
from fhirserver.storage import report_runs
from fhirserver.storage.content import instant
from fhirserver.storage.database import Database
from fhirserver.tasks import DATABASE_URL, SCHEDULE, SETTINGS, Periodic

log = logging.getLogger(__name__)

LEASE: Final = 3_600.0
"""Seconds in which one report is made; after that somebody else may try."""
PAUSE: Final = 600.0
"""Seconds before what failed is tried again."""
WHO: Final = Principal("task:scheduled-reports", scopes("system/*.cruds"))


@shared_task(name="scheduled_reports")
def make_reports() -> None:
    settings = current_app.conf[SETTINGS]
    with opened() as (database, engine):
        for each in due(settings.scheduled_reports, clock.now(), engine.context.site.zone):
            if report_runs.claim(database, each.key, LEASE):
                _make(database, engine, each)


def _make(database: Database, engine: Engine, each: Due) -> None:
    try:
        if _is_stored(engine, each):
            # Whoever stored it didn't live to say so.
            report_runs.made(database, each.key)
            return
        query = (
            ("periodStart", each.start.isoformat()),
            ("periodEnd", each.end.isoformat()),
        )
        answer = engine.handle(
            FhirRequest("operation", WHO, type="Measure", id=each.metric.id,
                        operation="evaluate-measure", query=query)
        )  # fmt: skip
        report = json.parse_object(answer.content or b"{}")
        engine.handle(FhirRequest("bundle", WHO, body=filed(each, report, instant(clock.now()))))
    except Exception:
        # Whatever is wrong with one report, the others are made.
        log.exception("report_failed", extra={"report": each.key})
        report_runs.release(database, each.key, PAUSE)
        return
    report_runs.made(database, each.key)
    log.info("report_made", extra={"report": each.key})


def _is_stored(engine: Engine, each: Due) -> bool:
    query = (("identifier", f"{IDENTIFIERS}|{each.key}"), ("_summary", "count"))
    found = engine.handle(FhirRequest("search-type", WHO, type="MeasureReport", query=query))
    return bool(json.parse_object(found.content or b"{}").get("total"))


@contextmanager
def opened() -> Iterator[tuple[Database, Engine]]:
    """An engine that makes no page links; what it does is on record."""
    settings = current_app.conf[SETTINGS]
    database = Database(current_app.conf[DATABASE_URL])
    recorder = Recorder(settings, database)
    recorder.buffer.start()
    try:
        yield database, Engine(settings, database, Seals(bytes.decode, str.encode), (), recorder)
    finally:
        recorder.buffer.end()
        database.close()


SCHEDULE.register("scheduled_reports")(Periodic("scheduled_reports", timedelta(hours=1)))
