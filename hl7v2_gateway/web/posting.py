"""`POST /hl7v2`: a message or a batch by HTTP; the acknowledgement is the answer.

Who may: a token with the scope `system/MessageHeader.c`. What is true of a message that comes by
MLLP is true of one that comes here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from flask import Blueprint, Response, request

from fhirserver.access.principal import Principal
from fhirserver.audit.calling import called
from fhirserver.errors import FhirError, Invalid, UnsupportedMedia
from fhirserver.web.bodies import read_body
from fhirserver.web.origin import origin
from hl7v2_gateway.batches import batch_of, is_batch
from hl7v2_gateway.er7 import parse
from hl7v2_gateway.intake import Answer, Received
from hl7v2_gateway.querying import reads
from hl7v2_gateway.web.operator import Operator

MEDIA_TYPES: Final = ("application/hl7-v2", "x-application/hl7-v2+er7")
SCOPE_TYPE: Final = "MessageHeader"
MOST_AT_ONCE: Final = 200
_STATUS: Final = {"AA": 200, "CA": 200, "AE": 500, "CE": 500, "AR": 400, "CR": 400}
_NOTHING: Final = 202


def add_to(made: Blueprint, operator: Operator) -> None:
    """Add the address."""
    desk = operator.desk
    most = desk.engine.context.settings.hl7v2_max_message_bytes

    @made.post("")
    def take() -> Response:
        request.environ["fhirserver.interaction"] = "hl7v2"
        principal = desk.principal_of(request.headers.get("Authorization"))
        try:
            answer = _taken(operator, principal, most)
        except FhirError as error:
            desk.recorder.add(called(principal, "hl7v2-message", origin(), error=error))
            raise
        desk.recorder.add(called(principal, "hl7v2-message", origin()))
        return answer


def _taken(operator: Operator, principal: Principal, most: int) -> Response:
    principal.require("c", SCOPE_TYPE)
    if request.mimetype not in MEDIA_TYPES:
        raise UnsupportedMedia(f"this takes {MEDIA_TYPES[0]}")
    body = read_body(request, most)
    batch = is_batch(body)
    messages = batch_of(body).messages if batch else (body,)
    if not messages or not body.strip():
        raise Invalid("the body holds no HL7 v2 message: it begins with MSH")
    answers: list[Answer] = []
    for start in range(0, len(messages), MOST_AT_ONCE):
        answers += operator.intake.take(
            [
                Received(raw, "http", request.remote_addr, client=principal.client)
                for raw in messages[start : start + MOST_AT_ONCE]
            ]
        )
    answers = [_answered(operator, principal, one) for one in answers]
    return _batch(answers) if batch else _single(answers[0])


def _answered(operator: Operator, principal: Principal, answer: Answer) -> Answer:
    """With the response to a query in place of an acknowledgement.

    Who may only send messages learns nothing by asking.
    """
    if answer.question is None:
        return answer
    for resource_type in reads(answer.question.message):
        for right in ("r", "s"):
            principal.require(right, resource_type)
    response = operator.responder.answer(answer.question)
    if response is None:
        return answer
    code = parse(response).value("MSA-1") or ""
    return replace(answer, ack=response, code=code)


def _single(answer: Answer) -> Response:
    if answer.ack is None:
        return Response(status=_NOTHING)
    return _response(answer.ack, _STATUS.get(answer.code, 400))


def _batch(answers: Sequence[Answer]) -> Response:
    """The acknowledgements as a batch, in the order of the messages; one may lack its own."""
    told = [a.ack for a in answers if a.ack is not None]
    lines = [b"BHS|^~\\&\r", *told, f"BTS|{len(told)}\r".encode()]
    return _response(b"".join(lines), 200)


def _response(content: bytes, status: int) -> Response:
    answer = Response(content, status=status, mimetype=MEDIA_TYPES[0])
    answer.headers["Cache-Control"] = "no-store"
    return answer
