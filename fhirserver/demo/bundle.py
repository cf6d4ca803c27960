"""Transaction Bundles, in either of two styles.

https://hl7.org/fhir/R4/http.html#transaction

`put` names every resource (`PUT Patient/<id>`, references `Patient/<id>`), so loading
twice changes nothing. `post` lets the server name them (`POST Patient`, references
`urn:uuid:<id>` inside the Bundle and conditional references to the hospital).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from fhirserver.demo.fhir import Resource

Style = Literal["put", "post"]

PREFIX: Final[dict[Style, str | None]] = {"put": None, "post": "urn:uuid:"}


def reference(style: Style, resource: Resource, display: str | None = None) -> Resource:
    """A Reference from one resource of a Bundle to another."""
    prefix = PREFIX[style] or f"{resource['resourceType']}/"
    target = {"reference": prefix + resource["id"]}
    return target | {"display": display} if display else target


def condition(resource: Resource) -> str:
    """The search that finds a resource of the hospital by its first identifier."""
    if "url" in resource:
        return f"url={resource['url']}"
    first = resource["identifier"][0]
    return f"identifier={first['system']}|{first['value']}"


def transaction(style: Style, resources: Iterable[Resource], *, shared: bool = False) -> Resource:
    """A transaction Bundle; `shared` resources are created once even when posted twice."""
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {
                "fullUrl": f"urn:uuid:{resource['id']}",
                "resource": resource,
                "request": _request(style, resource, shared=shared),
            }
            for resource in resources
        ],
    }


def _request(style: Style, resource: Resource, *, shared: bool) -> Resource:
    type_ = resource["resourceType"]
    if style == "put":
        return {"method": "PUT", "url": f"{type_}/{resource['id']}"}
    if shared:
        return {"method": "POST", "url": type_, "ifNoneExist": condition(resource)}
    return {"method": "POST", "url": type_}
