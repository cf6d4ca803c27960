"""What would change if a message of the record were converted again now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl

from fhirserver.access.principal import Principal
from fhirserver.engine import Engine
from fhirserver.errors import Forbidden, Gone, NotFound, Unavailable
from fhirserver.interactions.messages import FhirRequest
from fhirserver.messages import Message, Messages
from fhirserver.model.differences import differences
from fhirserver.model.resource import Resource
from fhirserver.reactions.looking import looked_up
from hl7v2_gateway import er7
from hl7v2_gateway.operating.beside import fields
from hl7v2_gateway.operating.conversions import NotConverted
from hl7v2_gateway.operating.converting import Converter
from hl7v2_gateway.operating.removing import missing

_LEFT_OUT: Final = ("id", "meta", "text")
# They tell of the message itself.
_ITS_OWN: Final = frozenset({"Provenance", "MessageHeader"})


class Replaying:
    """Compares what messages would make with what is stored.

    Who may not see a resource is told where it would change, not what it would say.
    """

    def __init__(self, engine: Engine, messages: Messages, converter: Converter) -> None:
        self._engine = engine
        self._messages = messages
        self._converter = converter

    def preview(self, principal: Principal, message: Message) -> dict[str, Any]:
        """For a message the resources that would be created or changed, and how (FHIRPath Patch).

        `newer` is how many later messages about the same patients were dealt with already: what
        they say would be overwritten unless they are replayed, too.
        """
        head = message.head
        answer: dict[str, Any] = {"message": head.id, "newer": self._messages.newer(head)}
        try:
            parsed, sender = self._converter.read(message)
            made = self._converter.converted(parsed, sender, head.id)
        except NotConverted as error:
            return {**answer, "reason": f"{error.code} {error}", "changes": []}
        entries = made.converted.bundle["entry"]
        stored = {e["fullUrl"]: self._stored(e["request"]["url"]) for e in entries}
        known = {
            url: f"{found['resourceType']}/{found['id']}"
            for url, found in stored.items()
            if found is not None
        }
        changes: list[dict[str, Any]] = []
        for entry in entries:
            given, before = pointed(entry["resource"], known), stored[entry["fullUrl"]]
            if given["resourceType"] in _ITS_OWN:
                continue
            if before is None:
                changes.append({"create": given["resourceType"]})
                continue
            combine = made.combine
            after = given if combine is None else combine(entry["fullUrl"], given, before)
            operations = differences(before, after, leave_out=_LEFT_OUT)
            if operations:
                patch = {"resourceType": "Parameters", "parameter": operations}
                name = known[entry["fullUrl"]]
                is_seen = self._is_seen(principal, before)
                told = {"patch": patch} if is_seen else {"elements": _places(operations)}
                changes.append({"update": name, **told})
        changes += [{"remove": gone} for gone in missing(self._engine, made.snapshots)]
        return {**answer, "changes": changes, "merges": len(made.converted.merges)}

    def beside(self, message: Message) -> dict[str, Any]:
        """A message beside what it says in FHIR, field by field; see beside.py.

        Of one that can't be converted, `reason` says why, and nothing is made of its fields. Raises
        er7.Malformed.
        """
        try:
            parsed, sender = self._converter.read(message)
            made = self._converter.converted(parsed, sender, message.head.id)
        except (NotConverted, Unavailable) as error:
            code = error.code if isinstance(error, NotConverted) else "207"
            return {
                "message": message.head.id,
                "fields": fields(er7.parse(message.raw), None, {}),
                "resources": {},
                "reason": f"{code} {error}",
            }
        entries = made.converted.bundle["entry"]
        stored = {
            e["fullUrl"]: found
            for e in entries
            if e["resource"]["resourceType"] not in _ITS_OWN
            and (found := self._stored(e["request"]["url"])) is not None
        }
        known = {url: f"{r['resourceType']}/{r['id']}" for url, r in stored.items()}
        return {
            "message": message.head.id,
            "fields": fields(parsed, made, known),
            "resources": {
                known.get(e["fullUrl"], e["fullUrl"]): pointed(e["resource"], known)
                for e in entries
            },
        }

    def _stored(self, url: str) -> Resource | None:
        """The resource that an entry would update."""
        resource_type, _, rest = url.partition("?")
        query = parse_qsl(rest) if rest else [("_id", url.partition("/")[2])]
        found = looked_up(self._engine, resource_type.partition("/")[0], *query)
        return found[0] if found else None

    def _is_seen(self, principal: Principal, resource: Resource) -> bool:
        """Whether somebody may see a resource."""
        request = FhirRequest("read", principal, type=resource["resourceType"], id=resource["id"])
        try:
            self._engine.handle(request)
        except (Forbidden, NotFound, Gone):
            return False
        return True


def _places(operations: Sequence[Resource]) -> list[str]:
    """Where a FHIRPath Patch changes something, without what."""
    parts = [p for o in operations for p in o.get("part", ()) if p.get("name") == "path"]
    return list(dict.fromkeys(str(p.get("valueString", "")) for p in parts))


def pointed(value: Any, known: Mapping[str, str]) -> Any:
    """The same with references to stored resources in the place of those to entries."""
    if isinstance(value, dict):
        return {
            k: known.get(v, v) if k == "reference" and isinstance(v, str) else pointed(v, known)
            for k, v in value.items()
        }
    return [pointed(v, known) for v in value] if isinstance(value, list) else value
