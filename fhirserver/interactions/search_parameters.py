"""SearchParameters that are written take effect: with the transaction that writes them.

https://hl7.org/fhir/R4/searchparameter.html
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from fhirserver.errors import FhirError, Issue, Unprocessable
from fhirserver.interactions.context import Context
from fhirserver.interactions.intents import Intent
from fhirserver.model.definitions import SearchParameterDefinition
from fhirserver.model.resource import Resource
from fhirserver.search.custom import own_types, problems
from fhirserver.search.parameters import Parameters
from fhirserver.storage.added_parameters import change, locked
from fhirserver.storage.database import Connection
from fhirserver.storage.reindex import work

log = logging.getLogger(__name__)

# A small server needs no worker for it.
AT_ONCE_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Standing:
    """What became of SearchParameters that were written: which answer, and which can't be used.

    `in_force` are types and codes, with how far the index is where it isn't complete yet.
    """

    in_force: tuple[str, ...]
    unusable: tuple[str, ...]


def put_in_force(ctx: Context, connection: Connection, intents: Sequence[Intent]) -> None:
    """Make these versions of SearchParameters count, once the transaction is committed.

    Raises Unprocessable for an active one that can't be used, unless it came in a package.
    """
    if not intents:
        return
    standard = ctx.added.standard
    before = locked(connection)
    after = dict(before)
    written: dict[str, SearchParameterDefinition | None] = {}
    # A composite may have components that come with it.
    for intent in sorted(intents, key=lambda i: (i.resource or {}).get("type") == "composite"):
        assert intent.id is not None
        found = _in_force(intent, _without(standard, after, intent))
        for id_ in [intent.id, *(i for i, d in after.items() if found and d.url == found.url)]:
            written[id_] = None
            after.pop(id_, None)
        if found is not None:
            after[intent.id] = written[intent.id] = found
    if after != before:
        change(connection, _set_of(standard, before), _set_of(standard, after), written)


def settle(ctx: Context) -> None:
    """Bring the index in step at once, where that takes no longer than a moment.

    What was written has been committed: what fails now is left to a worker.
    """
    try:
        ctx.added.now()
        work(ctx.store, seconds=AT_ONCE_SECONDS)
    except FhirError as error:
        log.warning("reindex_left_to_worker", extra={"why": type(error).__name__})


def standing(ctx: Context, written: Iterable[Resource]) -> Standing:
    """How these SearchParameters stand now; those of the standard's meaning aren't mentioned."""
    there = ctx.added.now()
    added = {d.url: d for d in there.added}
    in_force: list[str] = []
    unusable: list[str] = []
    for resource in written:
        if resource.get("status") != "active" or _is_named_query(resource):
            continue
        definition = added.get(resource["url"])
        if definition is None or definition.id != resource["id"]:
            found = _problems(resource, there)
            name = f"SearchParameter/{resource['id']} ({resource['code']})"
            unusable += [f"{name}: {i.expression}: {i.text}" for i in found[:1]]
            continue
        for resource_type in definition.base:
            how_far = there.incomplete.get((resource_type, definition.code))
            not_yet = f": {how_far()}" if how_far else ""
            in_force.append(f"{resource_type} {definition.code}{not_yet}")
    return Standing(tuple(sorted(in_force)), tuple(sorted(unusable)))


def _in_force(intent: Intent, others: Parameters) -> SearchParameterDefinition | None:
    """What an active SearchParameter adds to these others; None when that is nothing."""
    resource = intent.resource
    if resource is None or resource.get("status") != "active" or _is_named_query(resource):
        return None
    found = _problems(resource, others)
    if found:
        if intent.may_be_unusable:
            return None
        error = Unprocessable(issues=found)
        raise error.inside(f"{intent.place}.resource") if intent.place else error
    types, definition = own_types(resource, others)
    return definition if types else None


def _problems(resource: Resource, others: Parameters) -> list[Issue]:
    try:
        return problems(resource, others)
    except FhirError as error:
        return list(error.issues)


def _is_named_query(resource: Resource) -> bool:
    """https://hl7.org/fhir/R4/search.html#query: they have no expression; there are none here."""
    return resource.get("type") == "special" and "expression" not in resource


def _without(
    standard: Parameters, active: dict[str, SearchParameterDefinition], intent: Intent
) -> Parameters:
    """The parameters beside those that the intent replaces: of its id, or of its address."""
    url = (intent.resource or {}).get("url")
    return _set_of(standard, {i: d for i, d in active.items() if i != intent.id and d.url != url})


def _set_of(standard: Parameters, active: dict[str, SearchParameterDefinition]) -> Parameters:
    return standard.with_added([active[i] for i in sorted(active)])
