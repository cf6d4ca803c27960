"""FHIR batch: a Bundle of requests that are answered each by itself.

Changes that follow each other are carried out together where that makes no difference.
https://hl7.org/fhir/R4/http.html#transaction
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from fhirserver.errors import FhirError, Invalid
from fhirserver.interactions.answers import answer, failure
from fhirserver.interactions.changes import INTENT
from fhirserver.interactions.checking import refuse
from fhirserver.interactions.context import Context
from fhirserver.interactions.entries import TOLD_BETTER, request_of
from fhirserver.interactions.independent import commit_each
from fhirserver.interactions.intents import Intent, response
from fhirserver.interactions.messages import FhirRequest, FhirResponse
from fhirserver.interactions.recording import note_entry
from fhirserver.interactions.rights import authorize
from fhirserver.model import json
from fhirserver.model.bundle import bundle
from fhirserver.model.resource import Resource
from fhirserver.validation import check

# Each resource is checked by itself, so that its mistakes don't refuse the others.
_STAND_IN: Final = {"resourceType": "Parameters"}

Change = tuple[int, FhirRequest, Intent]
"""The number of an entry, its request, and what that wants changed."""


def batch(ctx: Context, request: FhirRequest, body: Resource) -> FhirResponse:
    """Answer each entry of a batch."""
    answers: dict[int, Resource] = {}
    changes: list[Change] = []
    for number, entry in sorted(enumerate(entries_of(body)), key=_turn):
        try:
            made = request_of(ctx, request, entry, number, is_checked=False)
        except FhirError as error:
            note_entry(request, error)
            answers[number] = failure(error)
            continue
        alone = replace(made.request, place="")
        try:
            if alone.interaction not in INTENT:
                answers.update(_carried_out(ctx, changes))
                changes = []
                answers[number] = answer(ctx.handle(alone), alone, is_head=made.is_head)
                continue
        except FhirError as error:
            answers[number] = failure(error, number)
            continue
        try:
            authorize(alone)
            changes.append((number, alone, INTENT[alone.interaction](alone)))
        except FhirError as error:
            note_entry(alone, error)
            answers[number] = failure(error, number)
    answers.update(_carried_out(ctx, changes))
    made_of = [answers[number] for number in sorted(answers)]
    return FhirResponse(200, json.dump(bundle("batch-response", made_of)))


def entries_of(body: Resource) -> list[Resource]:
    """A batch's entries; raises Invalid when the Bundle around the resources isn't in order."""
    entries = body.get("entry", [])
    if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        raise Invalid("a Bundle's entries are a list of objects", expression="Bundle.entry")
    frame = [{**e, "resource": _STAND_IN} if "resource" in e else e for e in entries]
    refuse(check({**body, "entry": frame} if entries else body, leave_out=TOLD_BETTER))
    return entries


def entry_request(ctx: Context, request: FhirRequest, entry: Resource, number: int) -> FhirRequest:
    """The request of an entry, as if it had been sent alone."""
    return replace(request_of(ctx, request, entry, number, is_checked=False).request, place="")


# https://hl7.org/fhir/R4/http.html#brules: in the same order as a transaction.
_TURNS: Final = {"DELETE": 0, "POST": 1, "PUT": 2, "PATCH": 2}


def _turn(numbered: tuple[int, Resource]) -> int:
    asked = numbered[1].get("request")
    return _TURNS.get(asked.get("method", ""), 3) if isinstance(asked, dict) else 3


def _carried_out(ctx: Context, changes: list[Change]) -> dict[int, Resource]:
    """The answers to changes, by the numbers of their entries."""
    answers = {}
    for position, done in commit_each(ctx, [intent for _, _, intent in changes]):
        number, request, _ = changes[position]
        note_entry(request, done)
        answers[number] = (
            failure(done, number)
            if isinstance(done, FhirError)
            else answer(response(done, request), request)
        )
    return answers
