"""What the MSH segment says about its message (HL7 v2.8.2, 2.14.9)."""

from __future__ import annotations

from typing import Final

from hl7v2_gateway.er7.elements import NULL
from hl7v2_gateway.er7.places import Place
from hl7v2_gateway.er7.problems import REQUIRED, UNSUPPORTED_VERSION, Problem
from hl7v2_gateway.er7.segments import Segment

VERSIONS: Final = (
    "2.1", "2.2", "2.3", "2.3.1", "2.4", "2.5", "2.5.1",
    "2.6", "2.7", "2.7.1", "2.8", "2.8.1", "2.8.2", "2.9",
)  # fmt: skip


def _plain(value: str | None) -> str:
    if value is None or value == NULL:
        return ""
    if not value.isprintable():
        # Names and ids are stored and logged, where a stray NUL would do harm.
        value = "".join(filter(str.isprintable, value))
    return value.strip()


class Header:
    """Values of MSH; an empty string where the sender said nothing."""

    __slots__ = ("segment",)

    def __init__(self, segment: Segment) -> None:
        self.segment = segment

    def _value(self, field: int, component: int = 1) -> str:
        return _plain(self.segment.value(field, component))

    @property
    def control_id(self) -> str:
        """MSH-10, all of it: it has no components, but some senders write delimiters into it."""
        return _plain(self.segment.field(10).text)

    @property
    def sending_application(self) -> str:
        return self._value(3)

    @property
    def sending_facility(self) -> str:
        return self._value(4)

    @property
    def receiving_application(self) -> str:
        return self._value(5)

    @property
    def receiving_facility(self) -> str:
        return self._value(6)

    @property
    def sent(self) -> str:
        """MSH-7, as it was written."""
        return self._value(7)

    @property
    def type(self) -> str:
        """MSH-9.1, as ADT."""
        return self._value(9, 1)

    @property
    def event(self) -> str:
        """MSH-9.2, as A08."""
        return self._value(9, 2)

    @property
    def structure(self) -> str:
        """MSH-9.3, as ADT_A01; many senders leave it out."""
        return self._value(9, 3)

    @property
    def processing_id(self) -> str:
        """MSH-11.1: P, T or D."""
        return self._value(11)

    @property
    def version(self) -> str:
        return self._value(12)

    @property
    def accept_acknowledgement(self) -> str:
        """MSH-15: AL, NE, ER or SU (table 0155); empty in original mode."""
        return self._value(15)

    @property
    def application_acknowledgement(self) -> str:
        return self._value(16)

    @property
    def is_acknowledgement(self) -> bool:
        return self.type == "ACK"

    def problems(self) -> tuple[Problem, ...]:
        """What a header must say and this one doesn't. The message can be read all the same."""
        found = [
            Problem(REQUIRED, Place("MSH", 1, field), text, "E")
            for field, text in (
                (9, "is empty; it must say message type and event"),
                (10, "is empty; it must identify the message"),
                (11, "is empty; it must say P, T or D"),
                (12, "is empty; it must say the version of HL7"),
            )
            if not self._value(field)
        ]
        if self.version and self.version not in VERSIONS:
            found.append(
                Problem(
                    UNSUPPORTED_VERSION, Place("MSH", 1, 12), "isn't a version from 2.1 to 2.9", "E"
                )
            )
        return tuple(found)
