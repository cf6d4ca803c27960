"""The links of a result page: everything a later page needs, sealed into one opaque token.

Nothing is kept on the server: any replica can answer, and a link can be neither read nor changed.
https://hl7.org/fhir/R4/http.html#paging
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from fhirserver.errors import Invalid, NotFound
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirRequest

PARAMETER: Final = "_page"

# Requests that a link can continue; checked against the request it comes in with.
Pairs = tuple[tuple[str, str], ...]


class PageState(msgspec.Struct, frozen=True, array_like=True):
    """What a link remembers. `searched` is the type in a compartment, or an operation with its `$`.

    `position` holds sort values as JSON and datetimes as ISO text.
    """

    interaction: str
    type: str | None
    id: str | None
    searched: str | None
    query: Pairs
    snapshot: str
    part: int
    position: tuple[Any, ...]
    backwards: bool
    subject: str = ""
    """Whose page it is: nobody else can go on with it."""


def link(ctx: Context, request: FhirRequest, state: PageState) -> str:
    """The absolute address of the page."""
    own = msgspec.structs.replace(state, subject=request.principal.subject)
    token = ctx.seal(msgspec.msgpack.encode(own))
    path = "/".join(p for p in (state.type, state.id, state.searched) if p)
    if request.interaction.startswith("history"):
        path = f"{path}/_history" if path else "_history"
    base = ctx.settings.fhir_base
    return f"{base}/{path}?{PARAMETER}={token}" if path else f"{base}?{PARAMETER}={token}"


def opened(ctx: Context, request: FhirRequest) -> PageState | None:
    """The state in the request's page link; None when the request isn't one.

    Raises Invalid for a token that isn't ours, is too old, or belongs to another address, NotFound
    for one of somebody else.
    """
    token = request.first(PARAMETER)
    if token is None:
        return None
    try:
        state = msgspec.msgpack.decode(ctx.unseal(token), type=PageState)
    except msgspec.DecodeError as error:
        raise Invalid("the page link is from another release: start the search again") from error
    here = (request.interaction, request.type, request.id, searched(request))
    if (state.interaction, state.type, state.id, state.searched) != here:
        raise Invalid("the page link belongs to another address")
    if state.subject != request.principal.subject:
        raise NotFound("there is no such page: start the search again")
    return state


def searched(request: FhirRequest) -> str | None:
    """What follows the type and the id in the address of a page."""
    return request.version if request.operation is None else f"${request.operation}"


def portable(values: Sequence[Any]) -> tuple[Any, ...]:
    """Sort values as a link can carry them."""
    return tuple({"t": v.isoformat()} if isinstance(v, datetime) else v for v in values)


def restored(values: Sequence[Any]) -> tuple[Any, ...]:
    """The reverse of `portable`."""
    return tuple(datetime.fromisoformat(v["t"]) if isinstance(v, dict) else v for v in values)
