"""Every hour: make the reports that people have put together, once a day, week or month.

Each is made with the rights of its author as they are now: what the author may not see isn't in it.
Nothing is made for who may no longer sign in.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from celery import shared_task

from fhirserver import clock
from fhirserver.access.principal import Principal
from fhirserver.access.scopes import scopes
from fhirserver.engine import Engine
from fhirserver.errors import FhirError, TooCostly
from fhirserver.interactions.messages import FhirRequest
from fhirserver.model import json
from fhirserver.model.resource import Resource
from fhirserver.reports.own import DEFINITION, IDENTIFIERS, TYPES, OwnReport, file_of, own_report
from fhirserver.storage import report_runs
from fhirserver.storage.content import instant
from fhirserver.storage.database import Database
from fhirserver.storage.subscriptions import Holder
from fhirserver.storage.users import users
from fhirserver.subscriptions.rights import Rights
from fhirserver.tasks import SCHEDULE, Periodic
from fhirserver.tasks.scheduled_reports import LEASE, PAUSE, opened

log = logging.getLogger(__name__)

WHO: Final = Principal("task:own-reports", scopes("system/DocumentReference.crs"))
SCOPE: Final = "user/*.rs"
MOST_BYTES: Final = 5_000_000
"""Of one file: it is kept within its document."""


@shared_task(name="own_reports")
def make_own_reports() -> None:
    with opened() as (database, engine):
        rights = Rights(engine)
        today = clock.now().astimezone(engine.context.site.zone).date()
        for report in _scheduled(engine):
            key = report.key(today)
            principal = _author(database, rights, report)
            if principal is not None and report_runs.claim(database, f"own/{key}", LEASE):
                _make(database, engine, principal, report, key)


def _scheduled(engine: Engine) -> Iterator[OwnReport]:
    query: tuple[tuple[str, str], ...] = (("type", f"{TYPES}|{DEFINITION}"),)
    while query:
        found = engine.handle(
            FhirRequest("search-type", WHO, type="DocumentReference", query=query)
        )
        page = json.parse_object(found.content or b"{}")
        for entry in page.get("entry", ()):
            report = own_report(entry["resource"])
            if report is not None:
                yield report
        query = _next(page)


def _next(page: Resource) -> tuple[tuple[str, str], ...]:
    url = next((x["url"] for x in page.get("link", ()) if x["relation"] == "next"), "")
    return tuple(parse_qsl(urlsplit(url).query, keep_blank_values=True))


def _author(database: Database, rights: Rights, report: OwnReport) -> Principal | None:
    """The one user who is the author, as a caller; None if there is none who may sign in."""
    named = [u for u in users(database) if u.fhir_user == report.author and u.is_active]
    if len(named) != 1:
        return None
    return rights.principal(Holder(subject=named[0].id, scope=SCOPE, user=named[0].id))


def _make(
    database: Database, engine: Engine, principal: Principal, report: OwnReport, key: str
) -> None:
    now = instant(clock.now())
    try:
        try:
            made = file_of(report, key, now, _rows(engine, principal, report))
        except FhirError as error:
            # Nobody is helped by trying it again: the author is told, and can mend it.
            made = file_of(report, key, now, None, str(error))
        once = f"identifier={IDENTIFIERS}|{key}"
        engine.handle(
            FhirRequest("create", WHO, type="DocumentReference", body=made, if_none_exist=once)
        )
    except Exception:
        # Whatever is wrong with one report, the others are made.
        log.exception("own_report_failed", extra={"report": report.id})
        report_runs.release(database, f"own/{key}", PAUSE)
        return
    report_runs.made(database, f"own/{key}")
    log.info("own_report_made", extra={"report": report.id})


def _rows(engine: Engine, principal: Principal, report: OwnReport) -> bytes:
    answer = engine.handle(
        FhirRequest("operation", principal, operation="viewdefinition-run", is_post=True,
                    query=(("_format", "csv"),), body=report.parameters)
    )  # fmt: skip
    return b"".join(_limited(answer.stream or ()))


def _limited(pieces: Iterable[bytes]) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > MOST_BYTES:
            raise TooCostly(f"the report has more than {MOST_BYTES // 1_000_000} MB: add a filter, "
                            "or leave columns out")  # fmt: skip
        yield piece


SCHEDULE.register("own_reports")(Periodic("own_reports", timedelta(hours=1)))
