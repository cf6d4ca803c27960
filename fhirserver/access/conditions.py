"""A predicate as a condition on the rows of one type."""

from __future__ import annotations

from typing import Final

from fhirserver.access.access import EVERYTHING, NOTHING
from fhirserver.access.actor import Actor, digests
from fhirserver.access.combining import both, either, never
from fhirserver.access.labels import label
from fhirserver.access.predicates import (
    AllOf,
    AnyOf,
    Care,
    Everything,
    IdIn,
    Labels,
    NotSo,
    Oneself,
    OwnerAbsent,
    OwnRecord,
    Predicate,
    Refers,
    Search,
    SharedWith,
    Unit,
)
from fhirserver.access.records import record
from fhirserver.errors import Invalid
from fhirserver.search import conditions as searching
from fhirserver.search.hashing import element
from fhirserver.search.query import (
    AnyElement,
    CaredFor,
    Condition,
    Ids,
    InUnits,
    Labelled,
    Selves,
    Shared,
    Unowned,
)
from fhirserver.search.scope import Scope, any_of

_INDEXED: Final = frozenset(["token", "uri", "reference"])
_ALSO: Final = frozenset(["_id", "_tag", "_security", "_profile", "_source"])


def condition(predicate: Predicate, resource_type: str, actor: Actor, scope: Scope) -> Condition:
    """What a row of a type must meet. Raises errors.Invalid when the predicate doesn't fit it."""
    match predicate:
        case Everything():
            return EVERYTHING
        case OwnRecord():
            return either([record(p, resource_type, scope) for p in actor.patients])
        case Oneself():
            ours = tuple(a for a in actor.me if a.startswith(f"{resource_type}/"))
            return Selves(digests(ours)) if ours else NOTHING
        case Care(kinds):
            return CaredFor(actor.everyone, kinds) if actor.everyone else NOTHING
        case SharedWith():
            return Shared(actor.persons) if actor.persons else NOTHING
        case Unit():
            return InUnits(digests(actor.units)) if actor.units else NOTHING
        case Refers(codes, to):
            return _refers(codes, _addresses(actor, to), resource_type, scope)
        case Search(text):
            return _search(text, resource_type, scope)
        case Labels(codings):
            pairs = [c.rpartition("|") for c in codings]
            return Labelled(tuple(label(system, code) for system, _, code in pairs))
        case OwnerAbsent():
            return Unowned()
        case IdIn(ids):
            return Ids(ids)
        case AllOf(parts):
            return both([condition(p, resource_type, actor, scope) for p in parts])
        case AnyOf(parts):
            return either([condition(p, resource_type, actor, scope) for p in parts])
        case NotSo(part):
            return never(condition(part, resource_type, actor, scope))


def _addresses(actor: Actor, to: str) -> tuple[str, ...]:
    units = (*actor.units, *actor.places)
    return actor.me if to == "me" else units if to == "units" else (*actor.me, *units)


def _refers(
    codes: tuple[str, ...], addresses: tuple[str, ...], resource_type: str, scope: Scope
) -> Condition:
    found: list[Condition] = []
    for code in codes:
        parameter = scope.parameter(code, resource_type)
        if parameter.type != "reference":
            raise Invalid(f"{resource_type}'s search parameter {code} is no reference")
        for stored in parameter.answered_by or (parameter,):
            elements = tuple(element(stored.code, f"r|{a}") for a in addresses)
            found += [AnyElement(elements)] if elements else []
    return any_of(found) if found else NOTHING


def _search(text: str, resource_type: str, scope: Scope) -> Condition:
    found = []
    for pair in text.split("&"):
        key, equals, value = pair.partition("=")
        code, colon, modifier = key.partition(":")
        if not equals or not value or "." in key:
            raise Invalid(f"{key[:60]!r}: a rule's search is CODE=VALUE, without chains")
        if colon and modifier != "not":
            raise Invalid(f"{key[:60]!r}: a rule's search has no modifier but :not")
        parameter = scope.parameter(code, resource_type)
        if parameter.type not in _INDEXED and code not in _ALSO:
            raise Invalid(f"{code}: a rule goes by tokens, uris and references, not by {code}")
        found.append(searching.condition(parameter, modifier or None, value, scope))
    return both(found)
