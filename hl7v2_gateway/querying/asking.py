"""Who asks, and the search that is made for them, with the rights that policies leave them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from zoneinfo import ZoneInfo

from fhirserver import clock
from fhirserver.access.principal import Principal, User, scopes
from fhirserver.engine import Engine
from fhirserver.errors import FhirError, Forbidden, Unavailable
from fhirserver.interactions.messages import FhirRequest
from fhirserver.model import json
from fhirserver.model.resource import Resource
from fhirserver.reactions.looking import next_page
from hl7v2_gateway.er7 import Line, Place, Problem
from hl7v2_gateway.outbound.assembling import parts
from hl7v2_gateway.outbound.composing import line_of
from hl7v2_gateway.outbound.wishes import Wishes
from hl7v2_gateway.partners import Sender
from hl7v2_gateway.partners.receiver import VERSIONS
from hl7v2_gateway.querying.asked import UNKNOWN_KEY, Query, Refused
from hl7v2_gateway.sending.reading import Reading

Pair = tuple[str, str]
_PAGE: Final = "_page"
_MOST_DIGITS: Final = 9
_ROLES: Final = frozenset(["system"])
_SCOPES: Final = "user/*.rs"


class Lost(Refused):
    """The continuation pointer is none of ours, or of long ago."""

    def __init__(self) -> None:
        super().__init__(UNKNOWN_KEY, "is no pointer of a response of ours; ask anew", 1)
        self.problem = Problem(UNKNOWN_KEY, Place("DSC", 1, 1), str(self), "E")


@dataclass(frozen=True, slots=True)
class Page:
    """Some of what was found; `pointer` asks for the rest, `sent` counts those before and these."""

    resources: Sequence[Resource]
    total: int | None
    sent: int
    pointer: str


@dataclass(frozen=True)
class Asking:
    """A sender who asks."""

    engine: Engine
    principal: Principal
    sender: Sender
    _known: dict[str, bool] = field(default_factory=dict)

    def search(self, resource_type: str, pairs: Sequence[Pair], query: Query) -> Page:
        """One page, as large as was asked for, or the one that a pointer asks for."""
        sent, wanted = _pointed(query.pointer)
        if not wanted:
            wanted = (*pairs, ("_count", str(query.count)), ("_total", "accurate"))
        request = FhirRequest("search-type", self.principal, type=resource_type, query=wanted)
        try:
            answer = self.engine.handle(request)
        except Forbidden:
            return Page((), 0, 0, "")
        except Unavailable:
            raise
        except FhirError:
            if query.pointer:
                raise Lost from None
            raise
        page: Mapping[str, Any] = json.parse_object(answer.content or b"{}")
        found = [
            e["resource"]
            for e in page.get("entry", ())
            if e.get("search", {}).get("mode", "match") == "match"
        ]
        sent += len(found)
        following = next_page(dict(page))
        token = dict(following or ()).get(_PAGE)
        pointer = f"{sent}.{token}" if token else ""
        return Page(found, page.get("total"), sent, pointer)

    def all(self, resource_type: str, *pairs: Pair) -> list[Resource]:
        """All that the sender may find."""
        return list(self.reading.search(resource_type, pairs))

    def knows(self, system: str) -> bool:
        """Whether it is an assigning authority of the sender, or somebody has a number of it."""
        if system in self.sender.authorities.values():
            return True
        if system not in self._known:
            query = (("identifier", f"{system}|"), ("_count", "1"))
            request = FhirRequest("search-type", self.principal, type="Patient", query=query)
            try:
                page = json.parse_object(self.engine.handle(request).content or b"{}")
            except Forbidden:
                page = {}
            self._known[system] = bool(page.get("entry"))
        return self._known[system]

    @property
    def reading(self) -> Reading:
        """Reads with the sender's rights."""
        return Reading(self.engine, self.principal, self.engine.context.settings.fhir_base)

    def lines(self, query: Query, foci: Sequence[Resource], content: Sequence[Any]) -> list[Line]:
        """The segments of resources, by the tables of what we send."""
        sender, version = self.sender, query.message.header.version
        wishes = Wishes(
            version=version if version in VERSIONS else "2.5.1",
            time_zone=ZoneInfo(sender.time_zone) if sender.time_zone else None,
            authorities={system: name for name, system in sender.authorities.items() if name},
        )
        event = f"RSP^{query.event}"
        made = parts(foci, content, event, wishes, self.reading, time=clock.now())
        return [line_of(segment) for segment in made]


def asking(engine: Engine, sender: Sender) -> Asking:
    """A sender as a caller: in the role `system`, with the clearances of its Endpoint.

    An AccessPolicy may name it as the client `hl7v2:ID`, as it may a receiver.
    """
    name = sender.subject
    user = User(name, name, roles=_ROLES, clearances=sender.clearances)
    caller = Principal(name, scopes(_SCOPES), user=user, client=name)
    return Asking(engine, engine.entitled(caller), sender)


def _pointed(pointer: str) -> tuple[int, tuple[Pair, ...]]:
    number, _, token = pointer.partition(".")
    if not pointer:
        return 0, ()
    if not number.isdecimal() or len(number) > _MOST_DIGITS or not token:
        raise Lost
    return int(number), ((_PAGE, token),)
