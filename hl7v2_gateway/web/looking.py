"""One message: what it says, what was answered, and what was made of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from flask import Blueprint, Response

from fhirserver.access.principal import Principal
from fhirserver.audit.calling import called
from fhirserver.errors import Unprocessable
from fhirserver.reactions.looking import looked_up
from fhirserver.web.administration.admission import Answer, Body
from fhirserver.web.origin import origin
from hl7v2_gateway.er7 import Malformed
from hl7v2_gateway.web.operator import Operator
from hl7v2_gateway.web.shapes import of_head, text_of

MESSAGES: Final = "urn:fhirserver:hl7v2:message"


def add_to(made: Blueprint, operator: Operator) -> None:
    """Add the address."""

    @made.get("/messages/<int:number>")
    def read(number: int) -> Response:
        def act(principal: Principal, _body: Body) -> Answer:
            return _read(operator, principal, number), 200

        return operator.serve("hl7v2-message", act, about="hl7v2:message")

    @made.get("/messages/<int:number>/fields")
    def fields(number: int) -> Response:
        def act(principal: Principal, _body: Body) -> Answer:
            return _beside(operator, principal, number), 200

        return operator.serve("hl7v2-message-fields", act, about="hl7v2:message")


def _read(operator: Operator, principal: Principal, number: int) -> dict[str, Any]:
    message = operator.message(number)
    ack, answer = operator.messages.answers(number)
    resources = _made(operator, number)
    patients = _patients(resources)
    # Whose data was shown is on record beside the call itself.
    event = called(principal, "hl7v2-message-text", origin(), reason=f"message {number}")
    operator.desk.recorder.add(replace(event, action="R", patients=patients))
    return {
        **of_head(message.head),
        "text": text_of(message.raw),
        "answer": text_of(ack),
        "applicationAnswer": text_of(answer),
        "isAnswerOwed": message.head.is_owed,
        "resources": resources,
        "report": message.head.report or {},
    }


def _beside(operator: Operator, principal: Principal, number: int) -> dict[str, Any]:
    message = operator.message(number)
    try:
        found = operator.replaying.beside(message)
    except Malformed as error:
        raise Unprocessable(f"this message can't be read: {error}") from error
    patients = _patients(found["resources"])
    event = called(principal, "hl7v2-message-text", origin(), reason=f"message {number}")
    operator.desk.recorder.add(replace(event, action="R", patients=patients))
    return found


def _patients(addresses: Iterable[str]) -> tuple[str, ...]:
    """The ids of the patients among some resources."""
    return tuple(a.removeprefix("Patient/") for a in addresses if a.startswith("Patient/"))


def _made(operator: Operator, number: int) -> list[str]:
    """What Provenance says was made of the message: which resources, not what they say."""
    found = looked_up(
        operator.desk.engine, "Provenance", ("entity:identifier", f"{MESSAGES}|{number}")
    )
    targets = [t["reference"] for p in found for t in p.get("target", ()) if "reference" in t]
    return list(dict.fromkeys(targets))
