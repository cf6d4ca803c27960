"""What a query asks for: QPD, RCP and DSC as values.

HL7 v2.8.2, 5.5.4 (QPD), 5.5.6 (RCP), 2.14.4 (DSC), 3.3.56 to 3.3.59 (Q21 to Q24); IHE ITI TF-2, 3.9
(PIX query) and 3.21 (patient demographics query).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hl7v2_gateway.er7 import Message, Place, Problem, Repetition
from hl7v2_gateway.mapping.context import authority

EVENTS: Final = frozenset({"QBP^Q11", "QBP^Q21", "QBP^Q22", "QBP^Q23", "QBP^Q24"})
MOST: Final = 100
"""Of one response; the rest follows when it is asked for."""
REQUIRED: Final = "101"
DATA_TYPE: Final = "102"
TABLE: Final = "103"
UNKNOWN_KEY: Final = "204"


class Refused(Exception):
    """The query can't be answered; `problem` says where it is wrong."""

    def __init__(self, code: str, text: str, field: int, *place: int) -> None:
        super().__init__(text)
        repetition, component, subcomponent = (*place, None, None, None)[:3]
        where = Place("QPD", 1, field, repetition, component, subcomponent)
        self.problem = Problem(code, where, text, "E")


@dataclass(frozen=True, slots=True)
class Domain:
    """An assigning authority that is asked for, and where it is."""

    system: str
    field: int
    repetition: int


@dataclass(frozen=True, slots=True)
class Query:
    """`authorities` are those of the sender; `pointer` is where a former response left off."""

    message: Message
    event: str
    authorities: Mapping[str, str]
    count: int = MOST
    pointer: str = ""

    def field(self, number: int) -> tuple[Repetition, ...]:
        """The repetitions of a field of QPD."""
        found = self.message.first("QPD")
        return () if found is None else found.field(number).repetitions

    def domains(self, field: int) -> tuple[Domain, ...]:
        """ "What domains returned": the assigning authorities in CX-4."""
        return tuple(Domain(self.system(r), field, r.number) for r in self.field(field) if r)

    def system(self, cx: Repetition) -> str:
        """The system of an identifier (CX)."""
        name, universal, kind = (cx.component(4).subcomponent(n).value or "" for n in (1, 2, 3))
        return authority(self.authorities, name, universal, kind)


def reads(message: Message) -> tuple[str, ...]:
    """The types that a query is answered from."""
    return ("Patient", "Immunization") if message.header.event == "Q11" else ("Patient",)


def query_of(message: Message, authorities: Mapping[str, str]) -> Query:
    """The query that a message is. Raises Refused for one without a parameter segment."""
    event = message.header.event
    if message.first("QPD") is None:
        raise Refused(REQUIRED, "the segment QPD is missing: it says what is asked for", 1)
    if not (message.value("QPD-2") or "").strip():
        raise Refused(REQUIRED, "is empty; it must tell this query from others", 2)
    text = message.value("RCP-2") or ""
    count = int(text) if text.isdecimal() and len(text) < 6 else MOST
    pointer = message.value("DSC-1") or ""
    return Query(message, event, authorities, max(1, min(count, MOST)), pointer)
