"""The conversion by the mapping tables, as the worker needs it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fhirserver.model.resource import Resource
from hl7v2_gateway.er7 import Message, Place, Problem
from hl7v2_gateway.mapping.context import Answers
from hl7v2_gateway.mapping.conversion import Conversion, Unsupported
from hl7v2_gateway.mapping.convert import convert, supported
from hl7v2_gateway.mapping.merging import merged
from hl7v2_gateway.mapping.overlays import Overlay
from hl7v2_gateway.operating.conversions import Combine, Made, NotConverted
from hl7v2_gateway.outbound.restoring import restoring
from hl7v2_gateway.partners import Sender

_MOST_TOLD = 500


def made_of(
    message: Message,
    sender: Sender,
    number: int,
    answers: Answers | None = None,
    overlays: Sequence[Overlay] | None = None,
) -> Made:
    """What the tables make of a message. Raises NotConverted for one that they don't know."""
    try:
        conversion = convert(
            message,
            sender,
            message_id=str(number),
            answers=answers,
            restore=restoring(message.header.version),
            overlays=overlays,
        )
    except Unsupported as error:
        raise NotConverted(error.code, str(error)) from error
    return Made(
        conversion,
        _combining(conversion),
        report_of(conversion),
        unknown=conversion.unknown_codes,
        is_answered=bool(conversion.answered_codes),
        snapshots=conversion.snapshots,
        provenance=conversion.provenance,
        mentions=frozenset(u.full_url for u in conversion.upserts if u.is_mention),
    )


def supports(message: Message) -> Problem | None:
    """Whether the tables know messages of this type and event; if not, why."""
    header = message.header
    known = supported()
    if f"{header.type}^{header.event}" in known or header.type in known:
        return None
    if any(name.partition("^")[0] == header.type for name in known):
        text = "messages of this event aren't converted here"
        return Problem("201", Place("MSH", 1, 9, 1, 2), text, "E")
    return Problem(
        "200", Place("MSH", 1, 9, 1, 1), "messages of this type aren't converted here", "E"
    )


def report_of(conversion: Conversion) -> dict[str, Any]:
    """What a conversion leaves over: places and codes, no other value of the message."""
    report: dict[str, Any] = {
        "unmapped": [u.position for u in conversion.unmapped[:_MOST_TOLD]],
        "unknownCodes": [
            {"position": c.position, "vocabulary": c.vocabulary, "code": c.code}
            for c in conversion.unknown_codes[:_MOST_TOLD]
        ],
    }
    if conversion.answered_codes:
        report["answeredCodes"] = [
            {
                "position": c.position,
                "vocabulary": c.vocabulary,
                "code": c.code,
                "target": f"{c.system}|{c.target}",
            }
            for c in conversion.answered_codes[:_MOST_TOLD]
        ]
    return report


def _combining(conversion: Conversion) -> Combine:
    by_url = {u.full_url: u for u in conversion.upserts}

    def combine(full_url: str, given: Resource, stored: Resource) -> Resource:
        upsert = by_url[full_url]
        return merged(stored, given, upsert.cleared, is_mention=upsert.is_mention)

    return combine
