"""The other resources of a search page: what the matches refer to, and what refers to them.

Each round of inclusion is at most three statements, however many resources the page has.
https://hl7.org/fhir/R4/search.html#revinclude
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from fhirserver.errors import TooCostly
from fhirserver.interactions.context import Context
from fhirserver.interactions.rights import RECORD
from fhirserver.model import json
from fhirserver.model.resource import Resource
from fhirserver.search.extract import references
from fhirserver.search.hashing import reference_self, salt
from fhirserver.search.query import Include
from fhirserver.storage.rows import Version
from fhirserver.storage.searches import by_reference, by_version, referring

MOST_ROUNDS = 50
Name = tuple[str, str, int]
"""Type, id and version number."""


def included(
    ctx: Context, matches: Sequence[Version], includes: Sequence[Include]
) -> list[Version]:
    """The resources to add to a page, each once and none that is a match."""
    seen = {_name(v) for v in matches}
    found: list[Version] = []
    frontier: Sequence[Version] = matches
    for round_ in range(MOST_ROUNDS):
        active = [i for i in includes if round_ == 0 or i.iterate]
        if not active or not frontier:
            break
        fresh = []
        for version in _forward(ctx, frontier, active, seen) + _reverse(ctx, frontier, active):
            if _name(version) not in seen:
                seen.add(_name(version))
                fresh.append(version)
        # In one order, whatever else the tables hold.
        fresh.sort(key=lambda v: v.place)
        found += fresh
        if len(found) > ctx.settings.max_includes:
            raise TooCostly(
                f"the page would include more than {ctx.settings.max_includes} resources: "
                "ask for a smaller _count or fewer inclusions"
            )
        frontier = fresh
    return found


def _name(version: Version) -> Name:
    return version.type, version.id, version.version


def _forward(
    ctx: Context,
    versions: Iterable[Version],
    includes: Sequence[Include],
    seen: AbstractSet[Name],
) -> list[Version]:
    """What the versions refer to: as it is now, or in the version that the reference names."""
    wanted: set[tuple[str, str]] = set()
    versioned: set[Name] = set()
    for version in versions:
        mine = [i for i in includes if not i.reverse and i.source in {version.type, "*"}]
        if not mine or version.content is None:
            continue
        resource: Resource = json.parse(version.content.encode())
        for include in mine:
            codes = _codes(ctx, version.type, include.code)
            for found in references(resource, ctx.parameters, ctx.site, codes):
                if not (found.type and found.id and include.target in {None, found.type}):
                    continue
                number = found.reference.partition("/_history/")[2]
                if number.isdecimal() and len(number) < 10:
                    versioned.add((found.type, found.id, int(number)))
                else:
                    wanted.add((found.type, found.id))
    store, limit = ctx.store, ctx.settings.max_includes + 1
    wanted -= {name[:2] for name in seen}
    return by_reference(store, wanted, limit=limit) + by_version(
        store, versioned - seen, limit=limit
    )


def _reverse(
    ctx: Context, versions: Sequence[Version], includes: Sequence[Include]
) -> list[Version]:
    elements: dict[str, list[int]] = defaultdict(list)
    for include in includes:
        if not include.reverse:
            continue
        # `_revinclude=*` is every type that may refer to one of the page's, but not the record of
        # who has seen it.
        sources: Sequence[str] = (include.source,)
        if include.source == "*":
            sources = tuple(t for t in ctx.definitions.resource_types if t != RECORD)
        for source in sources:
            for code in _codes(ctx, source, include.code):
                parameter = ctx.parameters.for_type(source)[code]
                elements[source] += [
                    reference_self(v.type, v.id) ^ salt(stored.code)
                    for v in versions
                    if include.target in {None, v.type} and v.type in parameter.targets
                    for stored in parameter.answered_by or (parameter,)
                ]
    return referring(ctx.store, elements, limit=ctx.settings.max_includes + 1)


def _codes(ctx: Context, resource_type: str, code: str) -> tuple[str, ...]:
    if code != "*":
        return (code,)
    parameters = ctx.parameters.for_type(resource_type)
    return tuple(c for c, p in parameters.items() if p.type == "reference")
