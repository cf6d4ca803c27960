"""Reading many resources at a time through the one door, for what walks from one to another.

Each call is a constant number of requests, however many resources it is about.
https://hl7.org/fhir/R4/graphql.html, https://hl7.org/fhir/R4/graphdefinition.html
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from urllib.parse import parse_qsl, urlsplit

from fhirserver.access.principal import Principal
from fhirserver.errors import Forbidden, Gone, Invalid, NotFound, TooCostly
from fhirserver.graphql.source import Edge, Name, Page, Pairs
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirRequest
from fhirserver.interactions.operating.reading import read
from fhirserver.interactions.page_links import PARAMETER
from fhirserver.model import json
from fhirserver.model.references import parse_reference
from fhirserver.model.resource import Resource
from fhirserver.search.extract import references

_ABSENT = (NotFound, Gone, Forbidden)
_AT_ONCE = 200
"""Resources whose referrers are searched for together."""


class Reading:
    """A graphql.source.Source: what a caller can see of this server."""

    def __init__(self, ctx: Context, principal: Principal) -> None:
        self._ctx = ctx
        self._principal = principal

    def literal(self, reference: str) -> tuple[Name, str | None] | None:
        found = parse_reference(reference, self._ctx.settings.fhir_base)
        if not found.is_local or found.type is None or found.id is None:
            return None
        return (found.type, found.id), found.version

    def read(self, names: AbstractSet[Name]) -> Mapping[Name, Resource]:
        """One search for each type; one read for each resource, where only that is allowed."""
        found: dict[Name, Resource] = {}
        by_type: dict[str, list[str]] = defaultdict(list)
        for resource_type, resource_id in sorted(names):
            by_type[resource_type].append(resource_id)
        for resource_type, ids in by_type.items():
            if not self._principal.may("r", resource_type):
                continue
            if len(ids) == 1 or not self._principal.may("s", resource_type):
                made: Iterable[Resource | None] = (self._one(resource_type, i) for i in ids)
            else:
                made = self._by_id(resource_type, ids)
            found |= {(resource_type, r["id"]): r for r in made if r is not None}
        return found

    def version(self, name: Name, version: str) -> Resource | None:
        asked = FhirRequest("vread", self._principal, type=name[0], id=name[1], version=version)
        try:
            return json.parse_object(self._ctx.handle(asked).content or b"{}")
        except (*_ABSENT, Invalid):
            return None

    def matches(self, resource_type: str, pairs: Pairs) -> Sequence[Resource]:
        if any(name == "_count" for name, _ in pairs):
            return [edge.resource for edge in _edges(self._search(resource_type, pairs))]
        settings = self._ctx.settings
        found: list[Resource] = []
        asked: Pairs = [*pairs, ("_count", str(settings.max_count))]
        while asked:
            bundle = self._search(resource_type, asked)
            found += (edge.resource for edge in _edges(bundle))
            token = _token(bundle, "next")
            if token and len(found) >= settings.max_includes:
                raise TooCostly(
                    f"there are more than {settings.max_includes:,} matches of {resource_type}: "
                    "narrow the search, or ask for a page of them"
                )
            asked = [(PARAMETER, token)] if token else []
        return found

    def referring(
        self, resource_type: str, code: str, names: Sequence[Name], pairs: Pairs
    ) -> Mapping[Name, Sequence[Resource]]:
        found: dict[Name, list[Resource]] = {name: [] for name in names}
        for start in range(0, len(names), _AT_ONCE):
            together = ",".join("/".join(name) for name in names[start : start + _AT_ONCE])
            for resource in self.matches(resource_type, [*pairs, (code, together)]):
                for name in self._referred(resource, code):
                    if name in found:
                        found[name].append(resource)
        return found

    def page(self, resource_type: str, pairs: Pairs) -> Page:
        settings = self._ctx.settings
        bundle = self._search(resource_type, pairs)
        asked = dict(pairs).get("_count")
        size = min(int(asked) if asked else settings.default_count, settings.max_count)
        return _page(bundle, 0, size)

    def turned(self, resource_type: str, cursor: str) -> Page:
        token, _, place = cursor.rpartition(":")
        offset, _, size = place.partition("-")
        if not (token and offset.isdecimal() and size.isdecimal() and len(place) < 20):
            raise Invalid("the cursor isn't one of this server's")
        return _page(self._search(resource_type, [(PARAMETER, token)]), int(offset), int(size))

    def _one(self, resource_type: str, resource_id: str) -> Resource | None:
        try:
            return read(self._ctx, self._principal, resource_type, resource_id)
        except _ABSENT:
            return None

    def _by_id(self, resource_type: str, ids: Sequence[str]) -> Iterable[Resource]:
        most = self._ctx.settings.max_count
        for start in range(0, len(ids), most):
            some = ids[start : start + most]
            pairs = [("_id", ",".join(some)), ("_count", str(len(some)))]
            yield from (edge.resource for edge in _edges(self._search(resource_type, pairs)))

    def _search(self, resource_type: str, pairs: Pairs) -> Resource:
        asked = FhirRequest("search-type", self._principal, type=resource_type, query=tuple(pairs))
        return json.parse_object(self._ctx.handle(asked).content or b"{}", max_depth=_DEEPEST)

    def _referred(self, resource: Resource, code: str) -> set[Name]:
        ctx = self._ctx
        parameter = ctx.parameters.for_type(resource["resourceType"])[code]
        codes = [p.code for p in parameter.answered_by] or [code]
        found = references(resource, ctx.parameters, ctx.site, codes)
        return {(f.type, f.id) for f in found if f.type and f.id}


# A Bundle lies around resources that are as deep as they may be.
_DEEPEST = 2 * json.MAX_DEPTH


def _page(bundle: Resource, offset: int, size: int) -> Page:
    edges = _edges(bundle)
    return Page(
        edges,
        bundle.get("total"),
        offset,
        size,
        next=_cursor(bundle, "next", offset + len(edges), size),
        previous=_cursor(bundle, "previous", max(0, offset - size), size),
    )


def _edges(bundle: Resource) -> list[Edge]:
    found = []
    for entry in bundle.get("entry", ()):
        searched = entry.get("search", {})
        if searched.get("mode") != "outcome":
            found.append(Edge(entry["resource"], searched.get("mode"), searched.get("score")))
    return found


def _cursor(bundle: Resource, relation: str, offset: int, size: int) -> str | None:
    """The token of a page link, with what a page's place can't be told by: how many come before."""
    token = _token(bundle, relation)
    return None if token is None else f"{token}:{offset}-{size}"


def _token(bundle: Resource, relation: str) -> str | None:
    """What a page link remembers."""
    for link in bundle.get("link", ()):
        if link["relation"] == relation:
            query: str = urlsplit(link["url"]).query
            return dict(parse_qsl(query))[PARAMETER]
    return None
