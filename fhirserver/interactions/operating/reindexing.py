"""Reindex jobs as clients see them: who may have one, and how far it is, as Parameters.

https://hl7.org/fhir/R4/async.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from fhirserver.access.principal import Principal
from fhirserver.errors import Forbidden, NotFound
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.answers import answered
from fhirserver.model.parameters import parameters, parts, value
from fhirserver.model.resource import Resource
from fhirserver.storage.reindex_jobs import Job, Part, find

# A worker looks for work as often.
POLL_SECONDS: Final = 10


def may(principal: Principal, types: Iterable[str]) -> bool:
    """Whether the token speaks for a system that may update all of these types."""
    return all(principal.may("u", t, context="system") for t in types)


def require(principal: Principal, types: Iterable[str]) -> None:
    """Raise Forbidden unless the token speaks for a system that may update these types.

    A reindex reads everything of a type, and keeps a core busy: it isn't for users.
    """
    for resource_type in types:
        if not may(principal, [resource_type]):
            raise Forbidden(
                "reindexing needs a token of a system that may update the type: "
                f"it needs a scope such as system/{resource_type}.u"
            )


def found(ctx: Context, principal: Principal, number: int) -> Job:
    """A job that the caller may know of."""
    job = find(ctx.store.database, number)
    if job is None:
        raise NotFound(f"there is no reindex job {number}")
    require(principal, job.types)
    return job


def accepted(ctx: Context, job: Job) -> FhirResponse:
    """A job that goes on; Content-Location is where to ask how far it is."""
    where = f"{ctx.settings.fhir_base}/$reindex-status?job={job.id}"
    headers = {"Content-Location": where, "X-Progress": progress(job)}
    headers["Retry-After"] = str(POLL_SECONDS)
    return FhirResponse(202, answered(told(job)).content, headers=headers)


def progress(job: Job) -> str:
    """How far a job is, in words."""
    if job.total is None:
        counted = f"{job.done:,} resources done, not all counted yet"
        return f"{job.state}: {counted}"
    percent = 100 * job.done // job.total if job.total else 100
    return f"{job.state}: {job.done:,} of {job.total:,} resources ({percent} %)"


def told(job: Job) -> Resource:
    """How far a job and each of its types is; parameters answer when their type is done."""
    return parameters(_told(job))


def _told(job: Job) -> Iterator[Resource | None]:
    yield value("job", "integer", job.id)
    yield value("state", "code", job.state)
    yield value("reason", "string", job.reason)
    yield value("created", "instant", job.created.isoformat(timespec="milliseconds"))
    yield from _counts(job.done, job.total)
    yield from (parts("type", _of(part)) for part in job.parts)


def _of(part: Part) -> Iterator[Resource | None]:
    yield value("code", "code", part.type)
    yield value("state", "code", part.state)
    yield from _counts(part.done, part.total)
    yield value("changed", "unsignedInt", part.changed)
    for name, moment in (("begun", part.begun), ("ended", part.ended)):
        if moment is not None:
            yield value(name, "instant", moment.isoformat(timespec="milliseconds"))
    yield from (value("waiting", "string", code) for code in part.codes)


def _counts(done: int, total: int | None) -> Sequence[Resource]:
    made = [value("done", "unsignedInt", done)]
    if total is not None:
        made += [value("total", "unsignedInt", total), value("toGo", "unsignedInt", total - done)]
    return made
