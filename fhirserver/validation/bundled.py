"""Where references between the entries of a Bundle lead, and between what Parameters carry.

https://hl7.org/fhir/R4/bundle.html#references
"""

from __future__ import annotations

import re
from typing import Final

from fhirserver.validation.node import Node

_RESTFUL: Final = re.compile(
    r"(?P<base>https?://.+/|)(?P<type>[A-Z][A-Za-z]+)/(?P<id>[A-Za-z0-9\-.]{1,64})"
    r"(?:/_history/(?P<version>[A-Za-z0-9\-.]{1,64}))?"
)


class Entries:
    """The entries of a Bundle at the top by what refers to them; none for another resource."""

    def __init__(self, top: Node) -> None:
        self.is_bundle = top.type == "Bundle"
        self._by_url: dict[str, list[Node]] = {}
        self._urls: dict[int, str] = {}
        for entry in top.named("entry") if self.is_bundle else ():
            resource = entry.first("resource")
            url = entry.text("fullUrl")
            if resource is not None and url is not None:
                self._by_url.setdefault(url, []).append(resource)
                self._urls[id(resource)] = url
        self._carried: dict[str, Node] = {}
        if top.type == "Parameters":
            self._carry(top, "parameter")

    def _carry(self, node: Node, name: str) -> None:
        """Parameters have no addresses: type and id are all there is to refer to."""
        for parameter in node.named(name):
            resource = parameter.first("resource")
            if resource is not None:
                self._carried.setdefault(f"{resource.type}/{resource.text('id')}", resource)
            self._carry(parameter, "part")

    def matches(self, reference: str, from_: Node) -> list[Node]:
        """The resources that a reference from inside an entry may mean."""
        if not self.is_bundle or reference.startswith("#"):
            return []
        reference = reference.partition("#")[0]
        found = _RESTFUL.fullmatch(reference)
        version = found["version"] if found is not None else None
        url = reference.partition("/_history/")[0]
        if found is not None and not found["base"]:
            base = self._base(from_)
            if base is None:
                return []
            url = base + url
        targets = self._by_url.get(url, [])
        if version is not None:
            return [t for t in targets if _version(t) == version]
        return targets

    def find(self, reference: str, from_: Node) -> Node | None:
        """The resource that a reference means; the first if several have its address."""
        carried = self._carried.get(reference)
        return carried or next(iter(self.matches(reference, from_)), None)

    def of_another_type(self, reference: str) -> Node | None:
        """The resource whose `urn:uuid:` has the id of a relative reference, but not its type."""
        found = _RESTFUL.fullmatch(reference)
        if found is None or found["base"]:
            return None
        same = self._by_url.get(f"urn:uuid:{found['id']}", [])
        return next((r for r in same if r.type != found["type"]), None)

    def full_url(self, node: Node) -> str | None:
        """The fullUrl of the entry that a node is in."""
        entry = entry_of(node)
        resource = entry.first("resource") if entry is not None else None
        return None if resource is None else self._urls.get(id(resource))

    def _base(self, from_: Node) -> str | None:
        """What a relative reference is relative to: the root of the entry's own fullUrl."""
        url = self.full_url(from_)
        found = _RESTFUL.fullmatch(url) if url is not None else None
        entry = entry_of(from_)
        resource = entry.first("resource") if entry is not None else None
        if found is None or resource is None:
            return None
        # An address that isn't the resource's own says nothing of where it is.
        is_own = (found["type"], found["id"]) == (resource.type, resource.text("id"))
        return found["base"] if is_own else None


def _version(resource: Node) -> str | None:
    meta = resource.first("meta")
    return None if meta is None else meta.text("versionId")


def entry_of(node: Node) -> Node | None:
    """The entry of the Bundle at the top that a node is in."""
    while node.parent is not None:
        if node.type == "Bundle.entry" and node.parent.parent is None:
            return node
        node = node.parent
    return None
