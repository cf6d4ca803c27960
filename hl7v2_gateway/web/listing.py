"""Lists: the senders and how they stand, the lanes that wait, messages by what is known of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from flask import Blueprint, Response, request

from fhirserver import clock
from fhirserver.access.principal import Principal
from fhirserver.errors import Invalid
from fhirserver.messages import Head, LaneStanding, SenderStanding, Wanted
from fhirserver.reactions.looking import looked_up
from fhirserver.web.administration.admission import Answer, Body
from hl7v2_gateway.intake.lanes import lane
from hl7v2_gateway.web.operator import Operator
from hl7v2_gateway.web.shapes import of_head

MOST: Final = 500
USUAL: Final = 50
MOST_READ: Final = 2_000
"""How many messages are opened to look for a text in them."""
_STATES: Final = ("waiting", "written", "done", "dead", "refused", "discarded")


def add_to(made: Blueprint, operator: Operator) -> None:
    """Add the addresses."""

    @made.get("/senders")
    def senders() -> Response:
        return operator.serve("hl7v2-senders", lambda _p, _b: (_senders(operator), 200))

    @made.get("/lanes")
    def lanes() -> Response:
        def act(_principal: Principal, _body: Body) -> Answer:
            count, about = _count(request.args), _number(request.args, "message")
            found = operator.messages.lanes(limit=count + 1, about=about)
            shown = [_lane(one) for one in found[:count]]
            return {"lanes": shown, "isCut": len(found) > count}, 200

        return operator.serve("hl7v2-lanes", act)

    @made.get("/messages")
    def messages() -> Response:
        def act(_principal: Principal, _body: Body) -> Answer:
            found, is_cut = _found(operator, request.args)
            return {"messages": [of_head(h) for h in found], "isCut": is_cut}, 200

        return operator.serve("hl7v2-messages", act)


def _senders(operator: Operator) -> Mapping[str, Any]:
    standing = {s.sender: s for s in operator.messages.senders()}
    known = {s.id: s.name for s in operator.directory.known(0)}
    ids = sorted(standing.keys() | known.keys())
    names = known | _names(operator, [id_ for id_ in ids if id_ and id_ not in known])
    return {
        "senders": [
            {
                "id": id_,
                "name": names.get(id_, id_ or "(unknown)"),
                "isEntered": id_ in known,
                **_standing(standing.get(id_)),
            }
            for id_ in ids
        ]
    }


def _names(operator: Operator, ids: Sequence[str]) -> dict[str, str]:
    """What senders were called whose Endpoints count no more, such as those switched off."""
    found = [i for i in ids if not i.startswith("open-")][:MOST]
    if not found:
        return {}
    endpoints = looked_up(operator.desk.engine, "Endpoint", ("_id", ",".join(found)))
    return {e["id"]: e["name"] for e in endpoints if e.get("name")}


def _standing(one: SenderStanding | None) -> dict[str, Any]:
    if one is None:
        return {"waiting": 0, "dead": 0, "heldUp": 0, "lastHour": 0}
    found = {
        "waiting": one.waiting,
        "dead": one.dead,
        "heldUp": one.held_up,
        "lastHour": one.last_hour,
        "oldestSeconds": _age(one.oldest),
        "last": None if one.last is None else one.last.isoformat(timespec="seconds"),
        "lastError": one.reason,
    }
    return {k: v for k, v in found.items() if v is not None}


def _lane(one: LaneStanding) -> dict[str, Any]:
    return {
        "lane": one.lane,
        "sender": one.sender,
        "depth": one.depth,
        "oldestSeconds": _age(one.oldest),
        "first": one.first,
        "attempts": one.attempts,
        "reason": one.reason,
        "due": one.due.isoformat(timespec="seconds"),
    }


def _age(since: datetime | None) -> float | None:
    return None if since is None else round((clock.now() - since).total_seconds(), 1)


def _found(operator: Operator, given: Mapping[str, str]) -> tuple[list[Head], bool]:
    """The messages, the newest first; whether the search ended before all were looked at."""
    wanted, count = wanted_of(operator, given), _count(given)
    text = given.get("content")
    if not text:
        found = operator.messages.list(wanted, limit=count + 1)
        return found[:count], len(found) > count
    heads = operator.messages.list(wanted, limit=MOST_READ)
    hits: list[Head] = []
    for head in heads:
        message = operator.messages.find(head.id)
        if message is not None and text.encode() in message.raw:
            hits.append(head)
            if len(hits) >= count:
                return hits, True
    return hits, len(heads) >= MOST_READ


def wanted_of(operator: Operator, given: Mapping[str, Any]) -> Wanted:
    """What is asked for. Raises Invalid."""
    states = [s for s in str(given.get("state", "")).split(",") if s]
    if unknown := set(states) - set(_STATES):
        raise Invalid(f"state: {min(unknown)[:40]!r} is none of {', '.join(_STATES)}")
    sender = given.get("sender")
    return Wanted(
        sender=sender,
        states=states or None,
        event=given.get("event") or None,
        control=given.get("control") or None,
        lanes=_lanes(operator, sender, given.get("patient")),
        since=_instant(given, "since"),
        until=_instant(given, "until"),
        after=_number(given, "from"),
        before=_number(given, "to"),
    )


def _lanes(operator: Operator, sender: str | None, patient: Any) -> list[str] | None:
    """The lanes of a patient's identifier: of one sender, or of all."""
    if not patient:
        return None
    senders = [sender] if sender else [s.sender for s in operator.messages.senders()]
    return [lane(one, str(patient)) for one in senders]


def _instant(given: Mapping[str, Any], name: str) -> datetime | None:
    text = given.get(name)
    if not text:
        return None
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise Invalid(f"{name} is no instant such as 2026-03-01T10:00:00Z") from error
    if found.tzinfo is None:
        raise Invalid(f"{name} needs an offset, such as Z")
    return found


def _number(given: Mapping[str, Any], name: str) -> int | None:
    value = given.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not str(value).isdecimal() or len(str(value)) > 18:
        raise Invalid(f"{name} is the number of a message")
    return int(value)


def _count(given: Mapping[str, str]) -> int:
    count = _number(given, "_count")
    return USUAL if count is None else min(max(count, 1), MOST)
