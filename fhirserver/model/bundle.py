"""Bundles and their entries.

https://hl7.org/fhir/R4/bundle.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from fhirserver.model.resource import Resource

Type = Literal[
    "searchset", "history", "batch-response", "transaction-response", "collection", "transaction"
]
Mode = Literal["match", "include", "outcome"]


def bundle(
    type: Type,  # noqa: A002 - FHIR's word
    entries: Sequence[Resource],
    *,
    links: Mapping[str, str] | None = None,
    total: int | None = None,
) -> Resource:
    """A Bundle; `links` are addresses by relation (`self`, `next`), empty lists are left out."""
    made: Resource = {"resourceType": "Bundle", "type": type}
    if total is not None:
        made["total"] = total
    if links:
        made["link"] = [{"relation": r, "url": url} for r, url in links.items()]
    if entries:
        made["entry"] = list(entries)
    return made


def search_entry(full_url: str, resource: Resource, mode: Mode = "match") -> Resource:
    """An entry of a searchset."""
    return {"fullUrl": full_url, "resource": resource, "search": {"mode": mode}}


def response_entry(
    status: str,
    *,
    location: str | None = None,
    etag: str | None = None,
    last_modified: str | None = None,
    resource: Resource | None = None,
    outcome: Resource | None = None,
) -> Resource:
    """An entry of a batch or transaction response; `status` is such as `201 Created`.

    https://hl7.org/fhir/R4/bundle-definitions.html#Bundle.entry.response
    """
    response: Resource = {"status": status}
    optional = {
        "location": location,
        "etag": etag,
        "lastModified": last_modified,
        "outcome": outcome,
    }
    response.update({name: value for name, value in optional.items() if value is not None})
    return (
        {"response": response}
        if resource is None
        else {
            "resource": resource,
            "response": response,
        }
    )


def resources(bundle: Resource) -> Iterable[Resource]:
    """The resources of a Bundle's entries, in their order."""
    return (e["resource"] for e in bundle.get("entry", ()) if "resource" in e)
