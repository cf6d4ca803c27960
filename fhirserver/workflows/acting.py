"""What a workflow can do: all that a client can, through the one door, under its own name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from fhirserver import ids, queues
from fhirserver.access.principal import Principal
from fhirserver.access.scopes import scopes
from fhirserver.engine import Engine
from fhirserver.errors import Gone, Invalid, NotFound
from fhirserver.interactions.messages import FhirRequest, FhirResponse
from fhirserver.model import definitions, json
from fhirserver.model.resource import Resource
from fhirserver.prescribing.knowledge import Knowledge
from fhirserver.queues import New
from fhirserver.settings import Settings

PAGE: Final = 500


class Acting:
    """A workflow at work. What it does is on record as done by `principal`."""

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine = engine
        self.principal = Principal(f"workflow:{name}", scopes("system/*.cruds"))

    def handle(self, request: FhirRequest) -> FhirResponse:
        """Send a request; raises errors.FhirError as for everybody."""
        return self._engine.handle(request)

    def read(self, resource_type: str, resource_id: str) -> Resource | None:
        """The current version; None when there is none, or no longer."""
        try:
            answer = self.handle(
                FhirRequest("read", self.principal, type=resource_type, id=resource_id)
            )
        except (NotFound, Gone):
            return None
        return _parsed(answer)

    def search(self, resource_type: str, *pairs: tuple[str, str]) -> list[Resource]:
        """All that is found, page by page, with what is included.

        `occasion.search("Task", ("patient", "Patient/1"), ("status", "requested"))`
        """
        return list(self.each(resource_type, *pairs))

    def each(self, resource_type: str, *pairs: tuple[str, str]) -> Iterator[Resource]:
        """As `search`, a page only when it is wanted: for who stops at the first that will do."""
        has_count = any(name == "_count" for name, _ in pairs)
        query: tuple[tuple[str, str], ...] | None = pairs
        if not has_count:
            query = (*pairs, ("_count", str(PAGE)))
        while query is not None:
            request = FhirRequest("search-type", self.principal, type=resource_type, query=query)
            page = _parsed(self.handle(request))
            for entry in page.get("entry", ()):
                if entry.get("search", {}).get("mode") != "outcome":
                    yield entry["resource"]
            query = _next(page)

    def create_once(self, resource: Resource, identifier: Mapping[str, str]) -> Resource:
        """Create a resource unless one of its type has the identifier; that one, or the new one.

        The identifier has a system and a value, and is added to the resource. So a workflow that is
        called again for the same change makes nothing twice, even while it is still at it.
        """
        resource_type = resource["resourceType"]
        given = {"system": identifier["system"], "value": identifier["value"]}
        condition = {"identifier": f"{_literal(given['system'])}|{_literal(given['value'])}"}
        answer = self.handle(
            FhirRequest(
                "create",
                self.principal,
                type=resource_type,
                body=_identified(resource, given),
                if_none_exist=urlencode(condition),
                prefer_return="representation",
            )
        )
        return _parsed(answer)

    def transaction(self, bundle: Resource) -> Resource:
        """Carry out a transaction Bundle: all of it or nothing; the Bundle of responses."""
        return _parsed(self.handle(FhirRequest("bundle", self.principal, body=bundle)))

    @property
    def settings(self) -> Settings:
        """The settings of the site."""
        return self._engine.context.settings

    def medicines(self) -> Knowledge:
        """What is known of medicines: ingredients, groups, allergens."""
        return self._engine.context.medicines.known()

    def later(
        self, timer: str, due: datetime, content: dict[str, Any], *, lane: str | None = None
    ) -> None:
        """Let the handler of a timer be called once that time has come.

        Those of one lane are called one after the other, in the order in which they were set.

        A workflow that is called again sets it again, so the handler looks at what is the case
        then: whether the Task it was set for is still open.
        """
        database = self._engine.context.store.database
        queues.add(database, f"timer.{timer}", [New(lane or ids.new(), content, due)])


def _identified(resource: Resource, identifier: Mapping[str, str]) -> Resource:
    element = definitions.load().property(resource["resourceType"], "identifier")
    if element is None:
        raise Invalid(f"{resource['resourceType']} has no identifier to create it once by")
    if not element.is_list:
        return {**resource, "identifier": identifier}
    others = [i for i in resource.get("identifier", ()) if i != identifier]
    return {**resource, "identifier": [*others, identifier]}


def _next(page: Resource) -> tuple[tuple[str, str], ...] | None:
    for link in page.get("link", ()):
        if link.get("relation") == "next":
            return tuple(parse_qsl(urlsplit(link["url"]).query, keep_blank_values=True))
    return None


def _literal(text: str) -> str:
    """A value of a search parameter as it is meant.

    https://hl7.org/fhir/R4/search.html#escaping
    """
    for character in "\\|,$":
        text = text.replace(character, f"\\{character}")
    return text


def _parsed(answer: FhirResponse) -> Resource:
    made: Resource = json.kept(answer.content or b"{}")
    return made
