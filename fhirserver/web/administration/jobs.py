"""`/admin/jobs`: what goes on by itself: reindexing, bulk exports and imports, the queues.

It tells of jobs, not of what is in them: of what was asked for only the kind and the types. What a
queue has given up is listed by `/admin/queues/TOPIC/dead`, and tried again by `/revive`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from flask import Blueprint, Response

from fhirserver import clock, queues
from fhirserver.access.principal import Principal
from fhirserver.errors import Invalid
from fhirserver.storage import jobs, reindex_jobs
from fhirserver.web.administration.admission import (
    OPERATES,
    Answer,
    Body,
    Desk,
    refuse_unknown,
)

MOST: Final = 50
MOST_DEAD: Final = 100
MOST_LOOKED: Final = 10_000
MOST_BEHIND: Final = 10_000
"""How many changes before a reader are counted."""


def add_to(admin: Blueprint, desk: Desk) -> None:
    """Add these addresses."""

    @admin.get("/jobs")
    def list_jobs() -> Response:
        def act(_principal: Principal, _body: Body) -> Answer:
            database = desk.database
            return {
                "reindex": [_reindex(j) for j in reindex_jobs.newest(database, limit=MOST)],
                "bulk": [_bulk(j) for j in jobs.newest(database, limit=MOST)],
                "queues": [_queue(q) for q in queues.standing(database)],
                "readers": [_reader(r) for r in queues.behind(database, most=MOST_BEHIND)],
            }, 200

        return desk.serve("list-jobs", act, also=OPERATES)

    @admin.get("/queues/<topic>/dead")
    def list_dead(topic: str) -> Response:
        def act(_principal: Principal, _body: Body) -> Answer:
            found = queues.dead(desk.database, topic=topic, limit=MOST_DEAD + 1)
            return {
                "dead": [_dead(one) for one in found[:MOST_DEAD]],
                "isCut": len(found) > MOST_DEAD,
            }, 200

        return desk.serve("list-dead", act, also=OPERATES, about="queue")

    @admin.post("/queues/<topic>/revive")
    def revive(topic: str) -> Response:
        def act(_principal: Principal, body: Body) -> Answer:
            refuse_unknown(body, "ids")
            ids = _numbers(body)
            if ids is None:
                return {"revived": queues.revive(desk.database, topic=topic)}, 200
            here = {d.id for d in queues.dead(desk.database, topic=topic, limit=MOST_LOOKED)}
            return {"revived": queues.revive(desk.database, ids=sorted(here & ids))}, 200

        return desk.serve("revive-queue", act, also=OPERATES, about="queue")


def _numbers(body: Body) -> set[int] | None:
    given = body.get("ids")
    if given is None:
        return None
    if not isinstance(given, list) or not given or not all(type(i) is int for i in given):
        raise Invalid("ids is a list of numbers that the list of the dead has", expression="ids")
    return set(given)


def _dead(item: queues.Dead) -> Mapping[str, Any]:
    # Not the lane: it may be a patient.
    return {
        "id": item.id,
        "at": _time(item.dead),
        "attempts": item.attempts,
        "reason": item.reason,
    }


def _reindex(job: reindex_jobs.Job) -> Mapping[str, Any]:
    return _said(
        id=job.id,
        state=job.state,
        reason=job.reason,
        created=_time(job.created),
        done=job.done,
        total=job.total,
        types=[
            _said(type=p.type, state=p.state, done=p.done, total=p.total, changed=p.changed)
            for p in job.parts
        ],
    )


def _bulk(job: jobs.Job) -> Mapping[str, Any]:
    return _said(
        id=str(job.id),
        kind=job.kind,
        state=job.state,
        created=_time(job.made),
        ended=_time(job.ended),
        expires=_time(job.expires),
        done=job.done,
        total=job.total,
        by=job.client or job.subject,
        # What follows the question mark may name patients.
        request=job.request.partition("?")[0],
        reason=job.reason,
    )


def _queue(topic: queues.Standing) -> Mapping[str, Any]:
    return _said(
        topic=topic.topic,
        waiting=topic.waiting,
        dead=topic.dead,
        oldestSeconds=_age(topic.since),
    )


def _reader(reader: queues.Behind) -> Mapping[str, Any]:
    return _said(name=reader.name, changes=reader.changes, seconds=_age(reader.since))


def _said(**members: Any) -> Mapping[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")


def _age(since: datetime | None) -> float | None:
    return None if since is None else round((clock.now() - since).total_seconds(), 1)
