"""FHIR history: the versions of a resource, of a type, or of everything, newest first.

https://hl7.org/fhir/R4/http.html#history
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from fhirserver.errors import Invalid, NotFound
from fhirserver.interactions.context import Context
from fhirserver.interactions.interaction import interactions
from fhirserver.interactions.messages import FhirRequest, FhirResponse, etag
from fhirserver.interactions.page_links import PageState, link, opened, portable, restored
from fhirserver.interactions.subsets import Subset, subset, wanted_subset
from fhirserver.model import json
from fhirserver.model.bundle import bundle
from fhirserver.model.resource import Resource
from fhirserver.search.types.date import FORM, bounds
from fhirserver.storage import history
from fhirserver.storage.content import instant
from fhirserver.storage.current import current
from fhirserver.storage.history import Entry, Span
from fhirserver.storage.rows import Version

_KNOWN: Final = frozenset({"_since", "_at", "_count", "_page", "_summary", "_elements"})
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST: Final = round((datetime(2, 1, 1, tzinfo=UTC) - _EPOCH).total_seconds()) * 1_000_000
_LATEST: Final = round((datetime(9999, 1, 1, tzinfo=UTC) - _EPOCH).total_seconds()) * 1_000_000
_STATUS: Final = {"POST": "201", "PUT": "200", "PATCH": "200", "DELETE": "204"}


@interactions.register("history-instance")
def history_instance(ctx: Context, request: FhirRequest) -> FhirResponse:
    assert request.type is not None
    assert request.id is not None
    newest = current(ctx.store, request.type, request.id)
    if newest is None:
        raise NotFound(f"{request.type}/{request.id} doesn't exist")
    return _answer(ctx, request, newest.key)


@interactions.register("history-type")
def history_type(ctx: Context, request: FhirRequest) -> FhirResponse:
    return _answer(ctx, request, None)


@interactions.register("history-system")
def history_system(ctx: Context, request: FhirRequest) -> FhirResponse:
    return _answer(ctx, request, None)


def _answer(ctx: Context, request: FhirRequest, key: int | None) -> FhirResponse:
    state = opened(ctx, request)
    pairs = state.query if state else request.query
    _refuse_repeated(pairs)
    if not request.lenient:
        _refuse_unknown(pairs)
    span = _span(ctx, pairs)
    limit = _limit(ctx, pairs)
    after = restored(state.position) if state else None
    entries = _entries(ctx, request, key, span, limit + 1, after)
    shown = entries[:limit]
    links = {"self": _self_link(ctx, request, pairs)}
    if len(entries) > limit and shown:
        links["next"] = _next(ctx, request, pairs, shown[-1])
    total = None
    if state is None and limit > 0 and len(entries) <= limit:
        total = len(shown)
    elif key is not None and request.type and span == Span():
        total = history.count_instance(ctx.store, request.type, key)
    wanted = wanted_subset(pairs)
    shown_as = [_entry(ctx, e.version, wanted) for e in shown]
    resource = bundle("history", shown_as, links=links, total=total)
    return FhirResponse(200, json.dump(resource))


def _entries(
    ctx: Context,
    request: FhirRequest,
    key: int | None,
    span: Span,
    limit: int,
    after: Sequence[Any] | None,
) -> list[Entry]:
    store = ctx.store
    if limit == 1:
        return []
    if request.type is None:
        return history.of_everything(store, span, limit=limit, after=after)
    if key is None:
        return history.of_type(store, request.type, span, limit=limit, after=after)
    return history.of_instance(store, request.type, key, span, limit=limit, after=after)


def _refuse_repeated(pairs: Sequence[tuple[str, str]]) -> None:
    names = [name for name, _ in pairs if name in _KNOWN]
    if len(set(names)) < len(names):
        raise Invalid("each parameter of a history is given at most once")


def _refuse_unknown(pairs: Sequence[tuple[str, str]]) -> None:
    unknown = sorted({name for name, _ in pairs} - _KNOWN)
    if unknown:
        raise Invalid(
            f"history knows no parameter {unknown[0][:50]!r}: it takes _since, _at and _count"
        )


def _span(ctx: Context, pairs: Sequence[tuple[str, str]]) -> Span:
    values = dict(pairs)
    since = at_low = at_high = None
    if "_since" in values:
        since = _moment(_range(ctx, "_since", values["_since"])[0])
    if "_at" in values:
        low, high = _range(ctx, "_at", values["_at"])
        at_low, at_high = _moment(low), _moment(high)
    return Span(since, at_low, at_high)


def _range(ctx: Context, name: str, text: str) -> tuple[int, int]:
    try:
        return bounds(text, ctx.site.zone)
    except ValueError as error:
        raise Invalid(f"{name} must be {FORM}") from error


def _moment(microseconds: int) -> datetime:
    """The moment, or the nearest that can be told: years before 2 and after 9998 are all one."""
    return _EPOCH + timedelta(microseconds=max(_EARLIEST, min(microseconds, _LATEST)))


def _limit(ctx: Context, pairs: Sequence[tuple[str, str]]) -> int:
    text = dict(pairs).get("_count", str(ctx.settings.default_count))
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise Invalid("_count must be a whole number that is not negative")
    return min(int(text), ctx.settings.max_count)


def _entry(ctx: Context, version: Version, wanted: Subset | None) -> Resource:
    """What was asked for then, and what came of it."""
    created = version.method != "DELETE" and version.version == 1
    entry: Resource = {"fullUrl": f"{ctx.settings.fhir_base}/{version.type}/{version.id}"}
    if version.content is not None:
        entry["resource"] = json.raw(
            version.content if wanted is None else subset(version.content, wanted, ctx.definitions)
        )
    address = version.type if version.method == "POST" else f"{version.type}/{version.id}"
    entry["request"] = {"method": version.method, "url": address}
    entry["response"] = {
        "status": "201" if created else _STATUS[version.method],
        "etag": etag(version.version),
        "lastModified": instant(version.updated),
    }
    return entry


def _self_link(ctx: Context, request: FhirRequest, pairs: Sequence[tuple[str, str]]) -> str:
    path = "/".join(p for p in (request.type, request.id, "_history") if p)
    query = urlencode([(k, v) for k, v in pairs if k in _KNOWN])
    return f"{ctx.settings.fhir_base}/{path}" + (f"?{query}" if query else "")


def _next(ctx: Context, request: FhirRequest, pairs: Sequence[tuple[str, str]], last: Entry) -> str:
    state = PageState(
        request.interaction,
        request.type,
        request.id,
        request.version,
        tuple(pairs),
        "",
        0,
        portable(last.position),
        backwards=False,
    )
    return link(ctx, request, state)
