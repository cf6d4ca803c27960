"""FHIR transaction: a Bundle of requests of which all are carried out, or none.

https://hl7.org/fhir/R4/http.html#transaction
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from fhirserver.audit.trail import Trail
from fhirserver.errors import FhirError, Invalid
from fhirserver.interactions.answers import answer
from fhirserver.interactions.changes import INTENT, READS
from fhirserver.interactions.checking import refuse
from fhirserver.interactions.commit import commit, commit_together
from fhirserver.interactions.context import Context
from fhirserver.interactions.entries import TOLD_BETTER, Entry, request_of
from fhirserver.interactions.handing import updates
from fhirserver.interactions.intents import Done, Intent, changed, response
from fhirserver.interactions.messages import FhirRequest, FhirResponse, Hand
from fhirserver.interactions.rights import authorize
from fhirserver.interactions.together import Apart, Part
from fhirserver.model import json
from fhirserver.model.bundle import bundle
from fhirserver.model.resource import Resource
from fhirserver.validation import check


@dataclass(frozen=True, slots=True)
class Plan:
    """A transaction's entries, those of them that change something, and what these want."""

    entries: list[Entry]
    writes: list[Entry]
    intents: list[Intent]


def transaction(ctx: Context, request: FhirRequest, body: Resource) -> FhirResponse:
    """Carry out a transaction and answer each of its entries."""
    planned = plan(ctx, request, body)
    answers: dict[int, Resource] = {}
    reads = [e for e in planned.entries if e.request.interaction in READS]

    def read_too() -> None:
        for entry in reads:
            done = _inside(entry, ctx.handle)
            answers[entry.number] = answer(done, entry.request, is_head=entry.is_head)

    hand = request.hand or Hand()

    def then() -> None:
        read_too()
        if hand.also is not None:
            hand.also()

    outcomes = commit(ctx, planned.intents, then=then if reads or hand.also else None)
    return _answered(planned, outcomes, answers)


def transactions(
    ctx: Context,
    requests: Sequence[FhirRequest],
    trails: Sequence[Trail | None],
    also: Callable[[], None],
) -> list[Callable[[], FhirResponse]]:
    """Carry out transactions that only write, all or none, each on its own record.

    Returns what makes the answer to each. Raises Apart when they can't be carried out together.
    """
    plans = [plan(ctx, r, r.resource, t) for r, t in zip(requests, trails, strict=True)]
    if any(len(p.writes) < len(p.entries) for p in plans):
        raise Apart
    parts = [Part(p.intents, t) for p, t in zip(plans, trails, strict=True)]
    outcomes = commit_together(ctx, parts, then=also)
    return [partial(_answered, p, o, {}) for p, o in zip(plans, outcomes, strict=True)]


def _answered(
    planned: Plan, outcomes: Sequence[Done], answers: dict[int, Resource]
) -> FhirResponse:
    for entry, done in zip(planned.writes, outcomes, strict=True):
        answers[entry.number] = answer(response(done, entry.request), entry.request)
    made = bundle("transaction-response", [answers[e.number] for e in planned.entries])
    return FhirResponse(200, json.dump(made))


def plan(ctx: Context, request: FhirRequest, body: Resource, trail: Trail | None = None) -> Plan:
    """What a transaction wants; raises FhirError for what is wrong whatever is stored.

    In a Bundle that our own hand has made most resources are there already: those that are to be
    written are checked, when that is known.
    """
    if request.hand is None:
        refuse(check(body, leave_out=TOLD_BETTER))
    else:
        found = updates(ctx, request, request.hand, body.get("entry", ()), trail)
        if found is not None:
            return Plan(found[0], found[0], found[1])
    entries = [
        request_of(ctx, request, e, i, is_checked=True) for i, e in enumerate(body.get("entry", ()))
    ]
    for entry in entries:
        _inside(entry, authorize)
        _refuse_change(entry.request)
    writes = [e for e in entries if e.request.interaction in INTENT]
    return Plan(entries, writes, [_intent(e, request.hand, trail) for e in writes])


def _refuse_change(request: FhirRequest) -> None:
    """An operation that may change something is a transaction of its own."""
    if request.operation is not None and request.is_post:
        raise Invalid(
            f"${request.operation} by POST may change something by itself: send it by GET, "
            "alone, or in a batch",
            expression=request.place.removesuffix(".resource") + ".request.url",
        )


def _intent(entry: Entry, hand: Hand | None, trail: Trail | None) -> Intent:
    intent: Intent = _inside(entry, INTENT[entry.request.interaction])
    combine = None
    if hand is not None and hand.combine is not None and intent.action == "update":
        combine = partial(hand.combine, entry.full_url or "")
    return changed(
        intent,
        full_url=entry.full_url,
        combine=combine,
        is_unchecked=hand is not None,
        wants_content=hand is None or entry.request.prefer_return == "representation",
        trail=trail,
    )


def _inside(entry: Entry, act: Callable[[FhirRequest], Any]) -> Any:
    try:
        return act(entry.request)
    except FhirError as error:
        raise error.inside(entry.request.place) from error
