"""FHIR search: on a type, in a compartment, or on the whole server, page by page.

https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import urlencode

from fhirserver.errors import Forbidden, Issue
from fhirserver.interactions.context import Context
from fhirserver.interactions.including import included
from fhirserver.interactions.interaction import interactions
from fhirserver.interactions.messages import FhirRequest, FhirResponse
from fhirserver.interactions.page_links import PageState, link, opened, portable, restored
from fhirserver.interactions.rights import refuse_forbidden_chains
from fhirserver.interactions.shipped import content, matches
from fhirserver.interactions.subsets import Subset, subset
from fhirserver.interactions.vocabulary import SearchVocabulary
from fhirserver.model import json
from fhirserver.model.bundle import Mode, bundle, search_entry
from fhirserver.model.heads import Head
from fhirserver.model.outcome import outcome
from fhirserver.model.resource import Resource
from fhirserver.search.parse import parse
from fhirserver.search.query import Query
from fhirserver.storage import searches
from fhirserver.storage.rows import Version
from fhirserver.storage.search_sql.pages import Position, Wanted
from fhirserver.storage.searches import Page

# The part of the result that is shipped with the server; those of storage are 0 and up.
_SUPPLIED: Final = -1


@interactions.register("search-type")
def search_type(ctx: Context, request: FhirRequest) -> FhirResponse:
    return _search(ctx, request)


@interactions.register("search-system")
def search_system(ctx: Context, request: FhirRequest) -> FhirResponse:
    return _search(ctx, request)


@interactions.register("search-compartment")
def search_compartment(ctx: Context, request: FhirRequest) -> FhirResponse:
    """`Patient/123/Observation`: request.version holds the type that is searched."""
    return _search(ctx, request)


def _search(ctx: Context, request: FhirRequest) -> FhirResponse:
    state = opened(ctx, request)
    pairs = state.query if state else request.query
    query = _understood(ctx, request, pairs)
    if query.explain:
        return _explain(ctx, request, query)
    supplied = matches(ctx, query) if request.interaction == "search-type" else ()
    if query.summary == "count" or query.count == 0:
        return _answer(_counted(ctx, request, query, len(supplied)))
    page = _page(ctx, query, state)
    shown, page = _after_stored(ctx, query, state, supplied, page)
    links = {"self": _self_link(ctx, request, query)}
    for relation, position, backwards in (
        ("next", page.after, False),
        ("previous", page.before, True),
    ):
        if position is not None:
            links[relation] = _link(ctx, request, pairs, page, position, backwards=backwards)
    entries = [entry(ctx, v, query, "match") for v in page.matches]
    entries += [_supplied_entry(ctx, query, head) for head in shown]
    entries += [
        entry(ctx, v, query, "include") for v in included(ctx, page.matches, query.includes)
    ]
    total = _total(ctx, query, page, len(supplied), is_first=state is None)
    return _answer(bundle("searchset", entries + _warnings(query), links=links, total=total))


def _understood(ctx: Context, request: FhirRequest, pairs: Sequence[tuple[str, str]]) -> Query:
    compartment = None
    searched = request.type
    if request.interaction == "search-compartment":
        assert request.type is not None
        assert request.id is not None
        compartment = (request.type, request.id)
        searched = None if request.version == "*" else request.version
    query = parse(
        searched,
        pairs,
        parameters=ctx.parameters,
        site=ctx.site,
        vocabulary=SearchVocabulary(ctx, request),
        lenient=request.lenient,
        compartment=compartment,
        hidden=ctx.store.guard.hidden,
    )
    refuse_forbidden_chains(query.condition, ctx.store.guard)
    if len(query.types) > 1:
        return replace(query, types=searches.types_in_use(ctx.store.database, query.types))
    return query


def _page(ctx: Context, query: Query, state: PageState | None) -> Page:
    if not query.types or _is_past_stored(state):
        return Page([], "", None, None)
    limit = _limit(ctx, query)
    wanted = Wanted(limit)
    if state is not None:
        position = Position(state.part, restored(state.position))
        wanted = Wanted(limit, position, state.backwards, state.snapshot)
    return searches.find_page(ctx.store, query, wanted)


def _limit(ctx: Context, query: Query) -> int:
    return min(query.count or ctx.settings.default_count, ctx.settings.max_count)


def _is_past_stored(state: PageState | None) -> bool:
    return state is not None and state.part == _SUPPLIED


def _after_stored(
    ctx: Context, query: Query, state: PageState | None, supplied: Sequence[Head], page: Page
) -> tuple[Sequence[Head], Page]:
    """The shipped definitions of a page, which come after all that is stored."""
    if page.after is not None or not supplied:
        return (), page
    start = state.position[0] if state is not None and _is_past_stored(state) else 0
    end = start + _limit(ctx, query) - len(page.matches)
    after = Position(_SUPPLIED, (end,)) if end < len(supplied) else None
    return supplied[start:end], replace(page, after=after)


def _total(ctx: Context, query: Query, page: Page, supplied: int, *, is_first: bool) -> int | None:
    """The number of matches: exact when asked for, or when the first page has them all."""
    if is_first and (page.after is None or page.after.part == _SUPPLIED):
        return len(page.matches) + supplied
    match query.total:
        case "accurate":
            return searches.count(ctx.store, query) + supplied
        case "estimate":
            estimate = max(searches.estimate(ctx.store, query), len(page.matches))
            return estimate + supplied
        case _:
            return None


def _counted(ctx: Context, request: FhirRequest, query: Query, supplied: int) -> Resource:
    total = supplied + (searches.count(ctx.store, query) if query.types else 0)
    links = {"self": _self_link(ctx, request, query)}
    return bundle("searchset", _warnings(query), links=links, total=total)


def entry(ctx: Context, version: Version, query: Query, mode: Mode) -> Resource:
    """The entry of a found resource, or of the part of it that the search asks for."""
    return _entry(ctx, f"{version.type}/{version.id}", version.content or "{}", query, mode)


def _supplied_entry(ctx: Context, query: Query, head: Head) -> Resource:
    resource_type = query.types[0]
    text = content(ctx, resource_type, head).decode()
    return _entry(ctx, f"{resource_type}/{head.id}", text, query, "match")


def _entry(ctx: Context, address: str, content: str, query: Query, mode: Mode) -> Resource:
    full_url = f"{ctx.settings.fhir_base}/{address}"
    if query.summary in {"true", "text", "data"} or query.elements:
        wanted = (
            Subset(elements=query.elements) if query.elements else Subset(summary=query.summary)  # type: ignore[arg-type]
        )
        return search_entry(full_url, json.raw(subset(content, wanted, ctx.definitions)), mode)  # type: ignore[arg-type]
    return search_entry(full_url, json.raw(content), mode)  # type: ignore[arg-type]


def _warnings(query: Query) -> list[Resource]:
    """What lenient handling left out, as an entry of its own."""
    if not query.ignored:
        return []
    issues = [Issue("warning", "not-supported", text) for text in query.ignored]
    return [{"resource": outcome(issues), "search": {"mode": "outcome"}}]


def _self_link(ctx: Context, request: FhirRequest, query: Query) -> str:
    """The search as it was understood, so that clients see what was used."""
    path = "/".join(p for p in (request.type, request.id, request.version) if p)
    address = f"{ctx.settings.fhir_base}/{path}" if path else ctx.settings.fhir_base
    return f"{address}?{urlencode(query.used, safe=',|:/$')}" if query.used else address


def _link(
    ctx: Context,
    request: FhirRequest,
    pairs: Sequence[tuple[str, str]],
    page: Page,
    position: Position,
    *,
    backwards: bool,
) -> str:
    state = PageState(
        request.interaction,
        request.type,
        request.id,
        request.version,
        tuple(pairs),
        page.snapshot,
        position.part,
        portable(position.values),
        backwards,
    )
    return link(ctx, request, state)


def _explain(ctx: Context, request: FhirRequest, query: Query) -> FhirResponse:
    """`_explain=true`: the statement and its plan, for those who look after the server."""
    if not request.principal.is_system:
        raise Forbidden("_explain needs a token with a system scope")
    sql, plan = searches.explain(ctx.store, query, limit=_limit(ctx, query))
    parameters = [
        {"name": "sql", "valueString": sql},
        {"name": "plan", "valueString": json.dump(plan).decode()},
    ]
    return _answer({"resourceType": "Parameters", "parameter": parameters})


def _answer(resource: Resource) -> FhirResponse:
    return FhirResponse(200, json.dump(resource))
