"""Searches of the server's own work: nobody's rights decide, and nothing is put on record."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl, urlsplit

from fhirserver.access.principal import Principal
from fhirserver.access.scopes import scopes
from fhirserver.engine import Engine
from fhirserver.interactions.interaction import interactions
from fhirserver.interactions.messages import FhirRequest
from fhirserver.model import json
from fhirserver.model.resource import Resource

_OURS: Final = Principal("system:reactions", scopes("system/*.rs"))
_PAGE: Final = ("_count", "500")


def looked_up(engine: Engine, resource_type: str, *pairs: tuple[str, str]) -> list[Resource]:
    """All that is found, page by page: for what reactions have to know, not for what they tell."""
    found: list[Resource] = []
    query: tuple[tuple[str, str], ...] | None = (*pairs, _PAGE)
    while query is not None:
        request = FhirRequest("search-type", _OURS, type=resource_type, query=query)
        # Directly, not through the door: what is looked up again and again would flood the record.
        answer = interactions["search-type"](engine.own_context, request)
        page = json.parse_object(answer.content or b"{}")
        entries = page.get("entry", ())
        found += [e["resource"] for e in entries if e.get("search", {}).get("mode") == "match"]
        query = next_page(page)
    return found


def next_page(page: Resource) -> tuple[tuple[str, str], ...] | None:
    """The query of the next page of a search; None for the last."""
    for link in page.get("link", ()):
        if link.get("relation") == "next":
            return tuple(parse_qsl(urlsplit(link["url"]).query, keep_blank_values=True))
    return None
