"""What became of cards: accepted or overridden, and why; kept as AuditEvents.

https://cds-hooks.hl7.org/2.0/#feedback. The user's comment isn't kept: it may tell of a patient.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal
from uuid import UUID

from fhirserver.errors import Invalid

MOST: Final = 100
_LONGEST_CODE: Final = 64


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a user did with a card."""

    card: str
    outcome: Literal["accepted", "overridden"]
    reason: str | None = None
    """The code of the reason to override it."""


def feedback_of(body: Mapping[str, Any]) -> list[Feedback]:
    """The feedback in a body; raises Invalid with the place of what is wrong."""
    given = body.get("feedback")
    if not isinstance(given, list) or not 0 < len(given) <= MOST:
        raise Invalid(f"feedback must be a list of one to {MOST}", expression="feedback")
    return list(_each(given))


def _each(given: list[Any]) -> Iterator[Feedback]:
    for number, item in enumerate(given):
        place = f"feedback[{number}]"
        if not isinstance(item, dict):
            raise Invalid("feedback must be an object", expression=place)
        try:
            card = str(UUID(str(item.get("card"))))
        except ValueError as error:
            raise Invalid("card must be the uuid of a card", expression=f"{place}.card") from error
        if not isinstance(item.get("outcomeTimestamp"), str):
            raise Invalid("outcomeTimestamp is missing", expression=f"{place}.outcomeTimestamp")
        match item.get("outcome"):
            case "accepted":
                if not isinstance(item.get("acceptedSuggestions"), list):
                    at = f"{place}.acceptedSuggestions"
                    raise Invalid("accepted needs acceptedSuggestions", expression=at)
                yield Feedback(card, "accepted")
            case "overridden":
                yield Feedback(card, "overridden", _reason(item.get("overrideReason")))
            case _:
                raise Invalid(
                    "outcome must be accepted or overridden", expression=f"{place}.outcome"
                )


def _reason(given: Any) -> str | None:
    reason = given.get("reason") if isinstance(given, dict) else None
    code = reason.get("code") if isinstance(reason, dict) else None
    return code[:_LONGEST_CODE] if isinstance(code, str) else None
