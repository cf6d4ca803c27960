"""Who asks, as a principal, and the searches that are made with their rights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from dicom_gateway.partners import Peer
from fhirserver.access.principal import Principal, User, scopes
from fhirserver.engine import Engine
from fhirserver.errors import Forbidden
from fhirserver.interactions.messages import FhirRequest
from fhirserver.model import json
from fhirserver.model.resource import Resource
from fhirserver.reactions.looking import next_page

Pair = tuple[str, str]

_ROLES: Final = frozenset(["system"])
_SCOPES: Final = "user/*.rs"
_BATCH: Final = 100


def caller(engine: Engine, peer: Peer) -> Principal:
    """A peer as a caller: in the role `system`, with the clearances of its Endpoint.

    An AccessPolicy may name it as the client `dicom:ID`.
    """
    name = peer.subject
    user = User(name, name, roles=_ROLES, clearances=peer.clearances)
    return engine.entitled(Principal(name, scopes(_SCOPES), user=user, client=name))


@dataclass(frozen=True, slots=True)
class Asking:
    """A caller at the engine: what they may not see isn't there."""

    engine: Engine
    principal: Principal

    def search(self, resource_type: str, *pairs: Pair) -> Iterator[Resource]:
        """All that the caller may find, page by page as it is taken."""
        query: tuple[Pair, ...] | None = pairs
        while query is not None:
            request = FhirRequest("search-type", self.principal, type=resource_type, query=query)
            try:
                page = json.parse_object(self.engine.handle(request).content or b"{}")
            except Forbidden:
                return
            for entry in page.get("entry", ()):
                if entry.get("search", {}).get("mode", "match") == "match":
                    yield entry["resource"]
            query = next_page(page)

    def referred(self, references: Iterable[str | None]) -> dict[str, Resource]:
        """The resources that relative references name, by reference; hidden ones are missing."""
        by_type: dict[str, list[str]] = {}
        for reference in dict.fromkeys(references):
            kind, slash, id_ = (reference or "").partition("/")
            if slash and id_ and "/" not in id_ and kind.isalpha():
                by_type.setdefault(kind, []).append(id_)
        found: dict[str, Resource] = {}
        for kind, ids in by_type.items():
            for at in range(0, len(ids), _BATCH):
                some = ids[at : at + _BATCH]
                pairs = (("_id", ",".join(some)), ("_count", str(_BATCH)))
                for resource in self.search(kind, *pairs):
                    found[f"{kind}/{resource['id']}"] = resource
        return found
