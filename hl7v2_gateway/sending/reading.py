"""Reads for a receiver, with the rights that its policies leave it by now.

A receiver is the client `hl7v2:ID` of its Endpoint's id: an AccessPolicy may name it, and it is on
record as who was told. Unlike other systems it sees what is labelled only with a clearance for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fhirserver.access.principal import Principal, User
from fhirserver.access.scopes import scopes
from fhirserver.engine import Engine
from fhirserver.errors import FhirError, Forbidden, Gone, NotFound
from fhirserver.interactions.messages import FhirRequest
from fhirserver.model import json
from fhirserver.model.resource import Resource
from fhirserver.reactions.looking import next_page
from hl7v2_gateway.partners import Receiver

_ROLES: Final = frozenset(["system"])


def principal_of(engine: Engine, receiver: Receiver) -> Principal:
    """The receiver as a caller: in the role `system`, with the clearances of its Endpoint."""
    name = f"hl7v2:{receiver.id}"
    user = User(name, name, roles=_ROLES, clearances=receiver.clearances)
    return engine.entitled(Principal(name, scopes("user/*.rs"), user=user, client=name))


class Reading:
    """What one message needs, each thing read once."""

    def __init__(self, engine: Engine, principal: Principal, base: str = "") -> None:
        self._engine = engine
        self._principal = principal
        self._base = f"{base.rstrip('/')}/" if base else ""
        self._read: dict[str, Resource | None] = {}

    def read(self, reference: str) -> Resource | None:
        """The current version of what is here; of other servers nothing is known."""
        local = reference.removeprefix(self._base) if self._base else reference
        if local not in self._read:
            self._read[local] = self._found(local)
        return self._read[local]

    def _found(self, reference: str) -> Resource | None:
        plain, _, version = reference.partition("/_history/")
        resource_type, _, id_ = plain.partition("/")
        if not id_ or "/" in id_ or ":" in resource_type:
            return None
        if version:
            return self.version(resource_type, id_, version)
        return self._answered(FhirRequest("read", self._principal, type=resource_type, id=id_))

    def version(self, resource_type: str, id_: str, version: str) -> Resource | None:
        """One version, if the receiver may see it."""
        request = FhirRequest("vread", self._principal, type=resource_type, id=id_, version=version)
        return self._answered(request)

    def is_gone(self, resource_type: str, id_: str) -> bool:
        """Whether there was something that has been deleted."""
        try:
            self._engine.handle(FhirRequest("read", self._principal, type=resource_type, id=id_))
        except Gone:
            return True
        except FhirError:
            return False
        return False

    def _answered(self, request: FhirRequest) -> Resource | None:
        try:
            answer = self._engine.handle(request)
        except (NotFound, Gone, Forbidden):
            return None
        return json.parse_object(answer.content or b"{}")

    def search(self, resource_type: str, pairs: Sequence[tuple[str, str]]) -> Sequence[Resource]:
        """All that the receiver may find."""
        found: list[Resource] = []
        query: tuple[tuple[str, str], ...] | None = (*pairs, ("_count", "100"))
        while query is not None:
            request = FhirRequest("search-type", self._principal, type=resource_type, query=query)
            try:
                answer = self._engine.handle(request)
            except Forbidden:
                return []
            page = json.parse_object(answer.content or b"{}")
            found += [
                e["resource"]
                for e in page.get("entry", ())
                if e.get("search", {}).get("mode", "match") == "match"
            ]
            query = next_page(page)
        return found
