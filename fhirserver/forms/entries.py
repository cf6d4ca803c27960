"""Resources made of answers, as entries of a transaction.

http://hl7.org/fhir/uv/sdc/extraction.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from fhirserver.model.resource import Resource

CONDITIONS: Final = ("ifNoneMatch", "ifModifiedSince", "ifMatch", "ifNoneExist")
"""What an extension may say of the request, by the same names."""


@dataclass(frozen=True, slots=True)
class Made:
    """A resource made of answers; `link_id` is the item it was made at, None for the whole form."""

    resource: Resource
    full_url: str
    link_id: str | None = None
    conditions: Mapping[str, str] = field(default_factory=dict)


def entry(made: Made) -> Resource:
    """The entry that creates a resource, or updates the one with its id."""
    resource_type, id_ = made.resource["resourceType"], made.resource.get("id")
    method, url = ("PUT", f"{resource_type}/{id_}") if id_ else ("POST", resource_type)
    request = {"method": method, "url": url, **made.conditions}
    return {"fullUrl": made.full_url, "resource": made.resource, "request": request}
