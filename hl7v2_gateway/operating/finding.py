"""Finding what messages name by its number, with the rights of their sender."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qs

from fhirserver.access.principal import Principal
from fhirserver.engine import Engine
from fhirserver.errors import MultipleMatches
from fhirserver.interactions.messages import FhirRequest
from fhirserver.model import json
from fhirserver.model.resource import Resource


def active(patients: Sequence[Resource]) -> Resource:
    """The one that goes on, where one that was merged into it has the identifier, too."""
    going = [p for p in patients if not is_replaced(p)]
    if len(going) > 1:
        raise MultipleMatches("several patients have the identifier that stays: merge them first")
    return going[0] if going else patients[0]


def is_replaced(patient: Resource) -> bool:
    """Whether somebody was merged into another one."""
    return any(link.get("type") == "replaced-by" for link in patient.get("link", ()))


def found(engine: Engine, principal: Principal, resource_type: str, search: str) -> list[Resource]:
    """What a search such as `identifier=system|value` finds."""
    query = tuple((k, v) for k, values in parse_qs(search).items() for v in values)
    answer = engine.handle(FhirRequest("search-type", principal, type=resource_type, query=query))
    page = json.parse_object(answer.content or b"{}")
    return [entry["resource"] for entry in page.get("entry", ())]
