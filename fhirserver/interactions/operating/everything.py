"""Everything of one compartment: its resources, page by page, and what these refer to.

https://hl7.org/fhir/R4/patient-operation-everything.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from fhirserver.errors import Invalid, Issue
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.answers import most, page, position
from fhirserver.interactions.operating.care_dates import check_order, in_care
from fhirserver.interactions.operating.following import followed
from fhirserver.interactions.operation import Call, Parameter
from fhirserver.interactions.rights import RECORD
from fhirserver.model import json
from fhirserver.model.bundle import Mode, search_entry
from fhirserver.model.outcome import outcome
from fhirserver.model.resource import Resource
from fhirserver.search.compartment import member, types_in
from fhirserver.search.everywhere import last_updated
from fhirserver.search.query import And, Condition
from fhirserver.search.scope import Scope, near, short
from fhirserver.storage.rows import Version
from fhirserver.storage.searches import types_in_use
from fhirserver.storage.walks import Place, walk

PARAMETERS: Final = (
    Parameter("start", "date"),
    Parameter("end", "date"),
    Parameter("_since", "instant"),
    Parameter("_type", "code", max=None),
    Parameter("_count", "integer"),
)


def everything(ctx: Context, call: Call, owner: int | None) -> FhirResponse:
    """A page of the resources in the compartment of the address, with what they refer to.

    What belongs to another patient than the `owner` is never followed to.
    """
    assert call.type is not None
    wanted = _types(ctx, call)
    limit = most(ctx, call, otherwise=ctx.settings.max_count)
    before = position(call)
    after = None if before is None else Place(*before)
    wanted_members = _members(ctx, call, wanted, after)
    found = walk(ctx.store, wanted_members, after=after, limit=limit + 1)
    members = found[:limit]
    others = _supporting(ctx, call, members, owner)
    members = [v for v in members if v.type in wanted]
    entries = [_entry(ctx, v, "match") for v in members]
    entries += [_entry(ctx, v, "include") for v in others if v.type in wanted]
    # Whether there are any of these isn't said.
    hidden = sorted(t for t in wanted if not call.principal.may("r", t))
    if hidden:
        text = f"you may not read {', '.join(hidden)}: whatever there is of them is left out"
        warning = outcome([Issue("warning", "suppressed", text)])
        entries.append({"resource": warning, "search": {"mode": "outcome"}})
    more = len(found) > limit
    last = found[limit - 1] if more else None
    return page(
        ctx,
        call,
        entries,
        after=(last.type, last.key) if last is not None else None,
        total=len(members) if after is None and not more else None,
    )


def _types(ctx: Context, call: Call) -> Sequence[str]:
    """The types asked for; when none is named, all but the record of who has seen the others."""
    known = ctx.definitions.resource_types
    named = [t.strip() for text in call.inputs.all("_type") for t in text.split(",")]
    for number, name in enumerate(named):
        if name not in known:
            raise Invalid(
                f"_type: {short(name)!r} is not a resource type{near(name, known)}",
                expression=call.inputs.place("_type", number),
            )
    return tuple(dict.fromkeys(named)) or tuple(t for t in known if t != RECORD)


def _members(
    ctx: Context, call: Call, wanted: Sequence[str], after: Place | None
) -> Mapping[str, Condition]:
    """What is in the compartment, by type, its own resource first."""
    assert call.type is not None
    assert call.id is not None
    scope = Scope(ctx.parameters, ctx.site)
    start, end = call.inputs.text("start"), call.inputs.text("end")
    check_order(start, end, ctx.site.zone)
    since = call.inputs.text("_since")
    inside = types_in(call.type, scope)
    types = [t for t in dict.fromkeys((call.type, *sorted(inside))) if inside.get(t)]
    types = [t for t in types if t != RECORD or t in wanted]
    if all(inside.get(t) for t in wanted):
        types = [t for t in types if t in wanted]
    in_use = {*types_in_use(ctx.store.database, types), *([after.type] if after else [])}
    made: dict[str, Condition] = {}
    for t in (t for t in types if t in in_use):
        conditions = [member((call.type, call.id), t, scope)]
        dates = in_care(t, start, end, scope) if t != call.type else None
        conditions += [dates] if dates is not None else []
        conditions += [last_updated([f"ge{since}"], scope)] if since is not None else []
        made[t] = And(tuple(conditions))
    return made


def _supporting(
    ctx: Context, call: Call, members: Sequence[Version], owner: int | None
) -> list[Version]:
    """What the members refer to, without what comes as a match on this page or another."""
    inside = types_in(call.type or "", Scope(ctx.parameters, ctx.site))
    comes = {t for t, codes in inside.items() if codes} if call.type == "Patient" else set()
    return followed(ctx, members, owner, leave_out=lambda name: name[0] in comes)


def _entry(ctx: Context, version: Version, mode: Mode) -> Resource:
    full_url = f"{ctx.settings.fhir_base}/{version.type}/{version.id}"
    return search_entry(full_url, json.raw(version.content or "{}"), mode)  # type: ignore[arg-type]
