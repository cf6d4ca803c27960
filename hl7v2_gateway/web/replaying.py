"""Dealing with messages once more: as they are, or a copy that was edited; or not at all."""

from __future__ import annotations

from typing import Any, Final

from flask import Blueprint, Response

from fhirserver.access.principal import Principal
from fhirserver.errors import Conflict, Invalid, Unprocessable
from fhirserver.messages import Head
from fhirserver.web.administration.admission import Answer, Body, refuse_unknown, text_of
from hl7v2_gateway.er7 import Malformed, parse
from hl7v2_gateway.intake import Received
from hl7v2_gateway.web.listing import wanted_of
from hl7v2_gateway.web.operator import Operator

MOST_PREVIEWED: Final = 100
MOST_REPLAYED: Final = 100_000
_ENDED: Final = ("done", "dead", "discarded")


def add_to(made: Blueprint, operator: Operator) -> None:
    """Add the addresses."""

    @made.post("/replays")
    def replay() -> Response:
        def act(principal: Principal, body: Body) -> Answer:
            return _replayed(operator, principal, body), 200

        return operator.serve("hl7v2-replay", act, about="hl7v2:message")

    @made.post("/messages/<int:number>/copies")
    def copy(number: int) -> Response:
        def act(_principal: Principal, body: Body) -> Answer:
            return _copied(operator, number, body), 201

        return operator.serve("hl7v2-copy", act, about="hl7v2:message")

    @made.post("/messages/<int:number>/discard")
    def discard(number: int) -> Response:
        def act(_principal: Principal, body: Body) -> Answer:
            refuse_unknown(body, "reason")
            operator.message(number)
            if not operator.messages.discard(number, text_of(body, "reason")[:500]):
                raise Conflict("only a message that waits or is dead can be discarded")
            return {"id": number, "state": "discarded"}, 200

        return operator.serve("hl7v2-discard", act, about="hl7v2:message")


def _replayed(operator: Operator, principal: Principal, body: Body) -> dict[str, Any]:
    """Convert messages again: some, or those of a sender; or say what would change."""
    refuse_unknown(
        body,
        "messages",
        "sender",
        "state",
        "event",
        "since",
        "until",
        "from",
        "to",
        "isDryRun",
        "withNewer",
    )
    heads = _chosen(operator, body)
    if body.get("isDryRun") is True:
        previews = [
            operator.replaying.preview(principal, operator.message(head.id))
            for head in heads[:MOST_PREVIEWED]
        ]
        changed = [p for p in previews if p.get("changes") or p.get("reason")]
        return {
            "messages": len(heads),
            "looked": len(previews),
            "unchanged": len(previews) - len(changed),
            "previews": changed,
        }
    ids = [h.id for h in heads]
    is_all = body.get("withNewer") is True
    again = operator.messages.redo(ids) if is_all else operator.messages.again(ids)
    return {"messages": len(again), "replayed": again[:1000]}


def _chosen(operator: Operator, body: Body) -> list[Head]:
    """The messages, the oldest first."""
    ids = body.get("messages")
    if ids is not None:
        if not isinstance(ids, list) or not all(type(i) is int and 0 < i < 1 << 62 for i in ids):
            raise Invalid("messages is a list of numbers", expression="messages")
        heads = [operator.message(i).head for i in sorted(set(ids))]
        if waiting := [h.id for h in heads if h.state not in _ENDED]:
            raise Conflict(f"message {waiting[0]} can't be replayed: it waits, or was refused")
        return heads
    if not body.get("sender"):
        raise Invalid("say which: messages, or a sender", expression="sender")
    wanted = wanted_of(operator, {"state": ",".join(_ENDED), **body})
    return operator.messages.list(wanted, limit=MOST_REPLAYED, oldest_first=True)


def _copied(operator: Operator, number: int, body: Body) -> dict[str, Any]:
    """Put an edited copy in the place of a message, which is discarded for it."""
    refuse_unknown(body, "text")
    text = text_of(body, "text")
    original = operator.message(number)
    if original.head.state not in {*_ENDED, "refused"}:
        raise Conflict("a message that waits can't be edited: discard it first")
    try:
        codec = parse(original.raw).codec
    except Malformed:
        codec = "utf-8"
    try:
        raw = text.replace("\r\n", "\r").replace("\n", "\r").encode(codec)
    except UnicodeEncodeError as error:
        raise Unprocessable("the text has a character that its character set lacks") from error
    received = Received(raw, "copy", original.head.address, copy_of=original.head)
    [answer] = operator.intake.take([received])
    made = operator.message(answer.id or 0).head
    if made.state == "refused":
        raise Unprocessable(f"the copy would be refused: {made.reason}")
    operator.messages.discard(number, f"message {made.id} is in its place")
    return {"id": made.id, "copyOf": number}
