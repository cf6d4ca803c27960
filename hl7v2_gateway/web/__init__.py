"""`/hl7v2`: messages by HTTP, and what the operator of the interfaces sees and does."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint

from fhirserver.app import open_keyring
from fhirserver.sent_messages import SentMessages
from fhirserver.web.administration.admission import Desk
from hl7v2_gateway.intake.directory import Directory
from hl7v2_gateway.intake.opening import open_intake, open_messages
from hl7v2_gateway.operating.answering import Answering
from hl7v2_gateway.operating.converting import Converter
from hl7v2_gateway.operating.mapped import supports
from hl7v2_gateway.operating.overlays import Overlays
from hl7v2_gateway.operating.replaying import Replaying
from hl7v2_gateway.querying import EVENTS, Responder
from hl7v2_gateway.web import (
    describing,
    listing,
    looking,
    overlaying,
    posting,
    questions,
    replaying,
    sent,
)
from hl7v2_gateway.web.operator import Operator


def blueprints(desk: Desk) -> Sequence[Blueprint]:
    """The addresses of the gateway."""
    settings = desk.engine.context.settings
    messages = open_messages(settings, desk.database)
    directory = Directory(messages.partners)
    convert = Answering(desk.engine, messages, asks=False)
    converter = Converter(desk.engine, messages, directory, convert)
    intake = open_intake(settings, messages, supports, EVENTS)
    operator = Operator(
        desk,
        messages,
        directory,
        intake,
        Responder(lambda: desk.engine),
        Replaying(desk.engine, messages, converter),
        converter,
        Overlays(desk.engine),
        SentMessages(desk.database, open_keyring(settings, desk.database)),
    )
    made = Blueprint("hl7v2", __name__, url_prefix="/hl7v2")
    for part in (posting, listing, looking, replaying, questions, overlaying, sent, describing):
        part.add_to(made, operator)
    return [made]
