"""What is wrong with a message: told in the codes of table 0357, and where.

https://terminology.hl7.org/CodeSystem-v2-0357.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from hl7v2_gateway.er7.places import Place

SEQUENCE: Final = "100"
REQUIRED: Final = "101"
DATA_TYPE: Final = "102"
TABLE: Final = "103"
CARDINALITY: Final = "198"
UNSUPPORTED_TYPE: Final = "200"
UNSUPPORTED_EVENT: Final = "201"
UNSUPPORTED_PROCESSING: Final = "202"
UNSUPPORTED_VERSION: Final = "203"
UNKNOWN_KEY: Final = "204"
DUPLICATE_KEY: Final = "205"
LOCKED: Final = "206"
INTERNAL: Final = "207"

Severity = Literal["E", "W", "I", "F"]
"""Table 0516: error, warning, information, fatal."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding. `text` says what to do about it and never holds a value of the message."""

    code: str
    place: Place
    text: str
    severity: Severity = "W"


class Malformed(Exception):
    """What came can't be read as a message at all; what is milder is a Problem of the message."""

    def __init__(self, code: str, place: Place, text: str) -> None:
        super().__init__(f"{place.path}: {text}")
        self.code = code
        self.place = place
        self.text = text

    @property
    def problem(self) -> Problem:
        return Problem(self.code, self.place, self.text, "E")
