"""Visits and accounts that become one (A35, A36, A41, A42): what refers to the one that ends is
the other's, which also has its number from then on, as an old one.

Unlike Patient/$merge this isn't undone by a message; the versions before are kept.
"""

from __future__ import annotations

from typing import Any, Final

from fhirserver.access.principal import Principal
from fhirserver.engine import Engine
from fhirserver.errors import MultipleMatches, NotFound
from fhirserver.model.resource import Resource
from hl7v2_gateway.mapping.identity import token
from hl7v2_gateway.operating.finding import found
from hl7v2_gateway.operating.repointing import repoint, write

_OWN: Final = frozenset(
    {"resourceType", "id", "meta", "text", "identifier", "status", "statusHistory", "partOf"}
)
_JOINED: Final = frozenset(
    {"participant", "location", "diagnosis", "reasonCode", "reasonReference", "account",
     "coverage", "guarantor", "type", "subject"}
)  # fmt: skip
_ENDED: Final = {"Encounter": "entered-in-error", "Account": "inactive"}


def join(engine: Engine, principal: Principal, kind: str, retired: str, survivor: str) -> list[str]:
    """Join what the search `retired` finds into what `survivor` finds; what there is to say."""
    ending = found(engine, principal, kind, retired)
    going = found(engine, principal, kind, survivor)
    if not going:
        raise NotFound(f"the {kind} that is to stay isn't there")
    if not ending:
        return [f"no {kind} was known by the number that ends"]
    if len(going) > 1:
        raise MultipleMatches(f"several of {kind} have the number that stays: put that right first")
    target = going[0]
    sources = [r for r in ending if r["id"] != target["id"]]
    for source in sources:
        target = _joined(engine, principal, kind, source, target)
    return [] if sources else [f"both numbers are of the same {kind} already"]


def _joined(
    engine: Engine, principal: Principal, kind: str, source: Resource, target: Resource
) -> Resource:
    old, new = f"{kind}/{source['id']}", f"{kind}/{target['id']}"
    repoint(engine, principal, {old: new})
    merged = _completed(source, target)
    numbers = [{**i, "use": "old"} for i in source.get("identifier", ())]
    known = {_key(i) for i in target.get("identifier", ())}
    merged["identifier"] = [
        *target.get("identifier", ()),
        *(i for i in numbers if _key(i) not in known),
    ]
    ended = {k: v for k, v in source.items() if k != "identifier"}
    ended |= {"status": _ENDED[kind], "partOf": {"reference": new}}
    write(engine, principal, [merged, ended])
    [written] = found(engine, principal, kind, f"_id={target['id']}")
    return written


def _completed(source: Resource, target: Resource) -> Resource:
    """The one that stays with what only the other one says."""
    merged = dict(target)
    for name, value in source.items():
        there: Any = merged.get(name)
        if name in _OWN:
            continue
        if there is None:
            merged[name] = value
        elif name in _JOINED and isinstance(value, list) and isinstance(there, list):
            past = [_past(i) for i in value]
            merged[name] = [*there, *(i for i in past if i not in there)]
    return merged


def _past(item: Any) -> Any:
    """A place of the other visit: nobody is in two at once."""
    is_now = isinstance(item, dict) and item.get("status") == "active" and "location" in item
    return {**item, "status": "completed"} if is_now else item


def _key(identifier: Resource) -> tuple[Any, Any]:
    return identifier.get("system"), identifier.get("value")


def renumber(
    engine: Engine, principal: Principal, kind: str, of: str, to: str, number: Resource
) -> list[str]:
    """Let what the search `of` finds have a number, which `to` finds, in place of the one it had.

    Done before what the message says is written, which finds it by the new number.
    """
    before, after = found(engine, principal, kind, of), found(engine, principal, kind, to)
    if not before:
        return [] if after else [f"no {kind} was known by the number that ends"]
    if after:
        # Somebody has used the new number already: joined by the caller, after the writing.
        return []
    if len(before) > 1:
        raise MultipleMatches(f"several of {kind} have the number that ends: put that right first")
    listed = []
    for identifier in before[0].get("identifier", ()):
        if _is_searched(of, identifier):
            listed += [{**identifier, **number}, {**identifier, "use": "old"}]
        else:
            listed.append(identifier)
    write(engine, principal, [{**before[0], "identifier": listed}])
    return []


def _is_searched(search: str, identifier: Resource) -> bool:
    """Whether a search by one identifier means this one."""
    return "value" in identifier and search == f"identifier={token(identifier)}"
