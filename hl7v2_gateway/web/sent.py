"""Messages that go out: how receivers stand, what was sent, and sending again, otherwise or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from flask import Blueprint, Response, request

from fhirserver import clock, ids
from fhirserver.access.principal import Principal
from fhirserver.audit.calling import called
from fhirserver.errors import Conflict, Invalid, NotFound, Unprocessable
from fhirserver.reactions.looking import looked_up
from fhirserver.sent_messages import Head, ReceiverStanding, Sent, receivers
from fhirserver.web.administration.admission import Answer, Body, refuse_unknown, text_of
from fhirserver.web.origin import origin
from hl7v2_gateway.er7 import Malformed, parse
from hl7v2_gateway.web.operator import Operator
from hl7v2_gateway.web.shapes import text_of as shown

STATES: Final = ("waiting", "stopped", "accepted", "rejected", "discarded")
MOST: Final = 500
USUAL: Final = 50
_CONTROL: Final = 10


def add_to(made: Blueprint, operator: Operator) -> None:
    """Add the addresses."""

    @made.get("/receivers")
    def sent_receivers() -> Response:
        def act(_principal: Principal, _body: Body) -> Answer:
            return {"receivers": _receivers(operator)}, 200

        return operator.serve("hl7v2-receivers", act)

    @made.get("/sent")
    def sent_messages() -> Response:
        def act(_principal: Principal, _body: Body) -> Answer:
            found = operator.sent.listed(**_wanted(request.args))
            return {"messages": [of_head(h) for h in found]}, 200

        return operator.serve("hl7v2-sent", act)

    @made.get("/sent/<int:number>")
    def sent_message(number: int) -> Response:
        def act(principal: Principal, _body: Body) -> Answer:
            return _read(operator, principal, number), 200

        return operator.serve("hl7v2-sent-message", act, about="hl7v2:sent")

    @made.post("/sent/<int:number>/resend")
    def sent_again(number: int) -> Response:
        def act(_principal: Principal, body: Body) -> Answer:
            refuse_unknown(body)
            _message(operator, number)
            if not operator.sent.again([number]):
                raise Conflict("a message that waits for its turn is sent anyway")
            return {"id": number, "state": "waiting"}, 200

        return operator.serve("hl7v2-resend", act, about="hl7v2:sent")

    @made.post("/sent/<int:number>/cancel")
    def sent_cancelled(number: int) -> Response:
        def act(_principal: Principal, body: Body) -> Answer:
            refuse_unknown(body)
            _message(operator, number)
            if not operator.sent.discard([number]):
                raise Conflict("only a message that waits, or was stopped at, can be cancelled")
            return {"id": number, "state": "discarded"}, 200

        return operator.serve("hl7v2-cancel", act, about="hl7v2:sent")

    @made.post("/sent/<int:number>/copies")
    def sent_copy(number: int) -> Response:
        def act(_principal: Principal, body: Body) -> Answer:
            return _copied(operator, number, body), 201

        return operator.serve("hl7v2-sent-copy", act, about="hl7v2:sent")


def _receivers(operator: Operator) -> list[dict[str, Any]]:
    standing = {r.receiver: r for r in receivers(operator.desk.database)}
    endpoints = looked_up(operator.desk.engine, "Endpoint", ("connection-type", "hl7v2-mllp"))
    names = {e["id"]: e.get("name", e["id"]) for e in endpoints if _receives(e)}
    return [
        {
            "id": id_,
            "name": names.get(id_, id_),
            "isEntered": id_ in names,
            **(_standing(standing[id_]) if id_ in standing else {"queued": 0}),
        }
        for id_ in sorted(standing.keys() | names.keys())
    ]


def _receives(endpoint: Mapping[str, Any]) -> bool:
    return any(e.get("url", "").endswith("/hl7v2-receiver") for e in endpoint.get("extension", ()))


def _standing(one: ReceiverStanding) -> dict[str, Any]:
    found = {
        "queued": one.queued,
        "oldestSeconds": None
        if one.oldest is None
        else round((clock.now() - one.oldest).total_seconds(), 1),
        "attempts": one.attempts,
        "stopped": one.stopped,
        "rejected": one.rejected,
        "lastError": one.reason,
        "failed": _time(one.failed),
        "lastAccepted": _time(one.last),
    }
    return {k: v for k, v in found.items() if v is not None}


def of_head(head: Head) -> dict[str, Any]:
    """A message without what it says."""
    found = {
        "id": head.id,
        "receiver": head.receiver,
        "state": head.state,
        "event": head.event,
        "controlId": head.control,
        "about": f"{head.about}/_history/{head.version}",
        "patient": head.patient and f"Patient/{head.patient}",
        "made": _time(head.made),
        "tried": _time(head.tried),
        "ended": _time(head.ended),
        "attempts": head.attempts,
        "acknowledgement": head.code or None,
        "reason": head.reason,
        "size": head.size,
    }
    return {k: v for k, v in found.items() if v is not None}


def _wanted(given: Mapping[str, str]) -> dict[str, Any]:
    states = [s for s in given.get("state", "").split(",") if s]
    if unknown := set(states) - set(STATES):
        raise Invalid(f"state: {min(unknown)[:40]!r} is none of {', '.join(STATES)}")
    numbers = {}
    for name in ("before", "_count"):
        text = given.get(name)
        if text is not None and not (text.isdecimal() and len(text) <= 18):
            raise Invalid(f"{name} is a number")
        numbers[name] = None if text is None else int(text)
    count = numbers["_count"]
    patient = given.get("patient")
    return {
        "receiver": given.get("receiver") or None,
        "states": states,
        "control": given.get("control") or None,
        "about": given.get("about") or None,
        "patient": patient.removeprefix("Patient/") if patient else None,
        "before": numbers["before"],
        "limit": USUAL if count is None else min(max(count, 1), MOST),
    }


def _message(operator: Operator, number: int) -> Sent:
    found = operator.sent.find(number)
    if found is None:
        raise NotFound("no message with this number was sent")
    return found


def _read(operator: Operator, principal: Principal, number: int) -> dict[str, Any]:
    message = _message(operator, number)
    patients = (message.head.patient,) if message.head.patient else ()
    # Whose data was shown is on record beside the call itself.
    event = called(principal, "hl7v2-sent-text", origin(), reason=f"sent message {number}")
    operator.desk.recorder.add(replace(event, action="R", patients=patients))
    return {
        **of_head(message.head),
        "text": shown(message.raw),
        "answer": shown(message.ack),
    }


def _copied(operator: Operator, number: int, body: Body) -> dict[str, Any]:
    """Send an edited copy, with a control id of its own, in the place of a message."""
    refuse_unknown(body, "text")
    original = _message(operator, number)
    text = text_of(body, "text").replace("\r\n", "\r").replace("\n", "\r")
    control = ids.new()[-20:]
    try:
        codec = parse(original.raw).codec
        raw = _renamed(text, original.head.control, control).encode(codec)
        parse(raw)
    except UnicodeEncodeError as error:
        raise Unprocessable("the text has a character that its character set lacks") from error
    except Malformed as error:
        raise Unprocessable("the text is no HL7 v2 message: it begins with MSH") from error
    made = operator.sent.replace(original.head, control, raw)
    if made is None:
        raise Conflict("this message is being sent at this moment: look again what became of it")
    return {"id": made, "copyOf": number, "controlId": control}


def _renamed(text: str, old: str, new: str) -> str:
    """The text with another MSH-10: one that was used may be taken for a repetition."""
    header, end, rest = text.partition("\r")
    if not header.startswith("MSH") or len(header) < _CONTROL:
        raise Unprocessable("the text is no HL7 v2 message: it begins with MSH")
    fields = header.split(header[3])
    if len(fields) < _CONTROL or fields[_CONTROL - 1] not in {old, ""}:
        raise Unprocessable("leave MSH-10 as it was: the copy gets a control id of its own")
    fields[_CONTROL - 1] = new
    return header[3].join(fields) + end + rest


def _time(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="milliseconds")
