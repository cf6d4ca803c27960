"""How operations answer: with a resource, such as Parameters, or a page of a searchset Bundle.

https://hl7.org/fhir/R4/operations.html#response
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from fhirserver.errors import Invalid
from fhirserver.interactions.context import Context
from fhirserver.interactions.inputs import plain
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operation import Call
from fhirserver.interactions.page_links import PageState, link, portable, restored, searched
from fhirserver.model import json
from fhirserver.model.bundle import bundle
from fhirserver.model.resource import Resource

Position = Sequence[Any]
"""Where a page ends: texts, numbers, datetimes and None."""


def answered(resource: Resource, *, status: int = 200) -> FhirResponse:
    """A resource as the answer."""
    return FhirResponse(status, json.dump(resource))


def most(ctx: Context, call: Call, *, otherwise: int | None = None) -> int:
    """How many entries are wanted: `_count`, up to what the settings allow; raises Invalid."""
    count = call.inputs.one("_count")
    if count is None:
        return ctx.settings.default_count if otherwise is None else otherwise
    if count < 1:
        raise Invalid(
            "_count must be a whole number from 1", expression=call.inputs.place("_count")
        )
    return min(int(count), ctx.settings.max_count)


def page(
    ctx: Context,
    call: Call,
    entries: Sequence[Resource],
    *,
    after: Position | None,
    total: int | None = None,
    snapshot: str = "",
) -> FhirResponse:
    """A page of a searchset; with a position to go on `after`, it links to the next one.

    The operation must be `is_paged`: in the next call `position(call)` is what was given here, with
    the same inputs, which must be simple ones; how they came makes no difference.
    """
    links: Mapping[str, str] = {"self": _self_link(ctx, call)}
    if after is not None:
        links = {**links, "next": _next(ctx, call, after, snapshot)}
    return answered(bundle("searchset", entries, links=links, total=total))


def position(call: Call) -> tuple[Any, ...] | None:
    """Where the page before ended; None for the first page."""
    return None if call.page is None else restored(call.page.position)


def _self_link(ctx: Context, call: Call) -> str:
    steps = (call.type, call.id, searched(call.request))
    address = "/".join([ctx.settings.fhir_base, *filter(None, steps)])
    asked = _asked(call)
    return f"{address}?{urlencode(asked, safe=',|:/$')}" if asked else address


def _asked(call: Call) -> tuple[tuple[str, str], ...]:
    """The inputs as an address has them."""
    named = ((n, plain(v)) for n, values in call.inputs.values.items() for v in values)
    return (*((n, text) for n, text in named if text is not None), *call.others)


def _next(ctx: Context, call: Call, after: Position, snapshot: str) -> str:
    request = call.request
    state = PageState(
        request.interaction,
        request.type,
        request.id,
        searched(request),
        _asked(call),
        snapshot,
        0,
        portable(after),
        backwards=False,
    )
    return link(ctx, request, state)
