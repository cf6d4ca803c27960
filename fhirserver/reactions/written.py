"""What a change of the log is about: the version that was written, the one before, and by whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from fhirserver.engine import Engine
from fhirserver.model import json
from fhirserver.model.resource import Resource
from fhirserver.reactions.looking import looked_up
from fhirserver.storage.numbered import Place, numbered
from fhirserver.storage.rows import Version

_METHOD: Final[Mapping[str, Any]] = {"POST": "C", "PUT": "U", "PATCH": "U", "DELETE": "D"}
_BESIDE: Final = timedelta(minutes=5)
"""A change and its AuditEvent are written in one transaction; long ones take a while."""


@dataclass(frozen=True, slots=True)
class Written:
    """A version that was written: C (created), U (updated or patched) or D (deleted).

    `resource` is None for a deletion; `before` is None for what is new, or had been deleted.
    """

    type: str
    id: str
    version: int
    method: Literal["C", "U", "D"]
    updated: datetime
    resource: Resource | None
    before: Resource | None

    @property
    def reference(self) -> str:
        return f"{self.type}/{self.id}"


def written(engine: Engine, resource_type: str, key: int, version: int) -> Written | None:
    """A version by its place in the change log; None when it was expunged meanwhile."""
    place = (resource_type, key, version)
    return all_written(engine, [place]).get(place)


def all_written(engine: Engine, places: Sequence[Place]) -> dict[Place, Written]:
    """The versions at some places in the change log, but those that were expunged meanwhile."""
    before = {p: (p[0], p[1], p[2] - 1) for p in places}
    wanted = dict.fromkeys([*places, *(b for b in before.values() if b[2])])
    found = numbered(engine.context.store.database, list(wanted))
    return {
        place: Written(
            now.type,
            now.id,
            now.version,
            _METHOD[now.method],
            now.updated,
            _resource(now),
            _resource(found.get(before[place])),
        )
        for place in before
        if (now := found.get(place)) is not None
    }


def authors(engine: Engine, change: Written) -> frozenset[str]:
    """Who wrote a version, as the AuditEvents have it: clients, or what systems are known as.

    Empty where nothing was put on record.
    """
    events = looked_up(
        engine,
        "AuditEvent",
        ("entity", change.reference),
        ("date", f"ge{(change.updated - _BESIDE).isoformat()}"),
        ("date", f"le{(change.updated + _BESIDE).isoformat()}"),
        ("action", "C,U,D,E"),
    )
    return frozenset(who for e in events if _is_of(e, change) for who in _agents(e))


def _is_of(event: Resource, change: Written) -> bool:
    """Whether an event that names the resource is of this version, or doesn't say of which."""
    named = [e.get("what", {}).get("reference", "") for e in event.get("entity", ())]
    own = [n for n in named if n.partition("/_history/")[0] == change.reference]
    return not own or f"{change.reference}/_history/{change.version}" in own


def _agents(event: Resource) -> list[str]:
    """The names of agents, whatever they are: identifiers and alternative ids."""
    found = []
    for agent in event.get("agent", ()):
        found += [agent.get("who", {}).get("identifier", {}).get("value"), agent.get("altId")]
    return [name for name in found if name]


def _resource(version: Version | None) -> Resource | None:
    if version is None or version.content is None:
        return None
    return json.parse_object(version.content.encode())
