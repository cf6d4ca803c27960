"""The values of a message by where they stand: what a comparison of messages counts."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from hl7v2_gateway.er7 import Message

Place = tuple[str, int, int]
"""Segment, field, component."""

_OF_THE_MESSAGE: Final = frozenset({"MSH", "SFT", "UAC", "EVN"})
"""They say when, by what and for whom a message was made: of ours that is something else."""
_NUMBERED: Final = frozenset(
    [
        "PID",
        "NK1",
        "PV1",
        "AL1",
        "IAM",
        "DG1",
        "PR1",
        "GT1",
        "IN1",
        "OBR",
        "OBX",
        "NTE",
        "SPM",
        "TQ1",
        "RGS",
        "AIS",
        "AIG",
        "AIL",
        "AIP",
        "FT1",
        "TXA",
    ]
)
"""Their first field is a running number."""
_SAME_TYPE: Final = {"CE": "CWE", "CNE": "CWE", "TX": "ST", "FT": "ST", "TS": "DTM", "DT": "DTM"}
"""Data types of OBX-5 of which a value may be sent as either."""
_MOVED: Final = {("PID", 2): 3, ("PID", 4): 3, ("PID", 9): 5}
"""Withdrawn fields, and those that have what was in them."""
_NUMBERS: Final = frozenset(
    [("PID", 13), ("PID", 14), ("NK1", 5), ("NK1", 6), ("OBR", 17), ("ORC", 14), ("ORC", 23)]
)
_UNFORMATTED: Final = 12
"""XTN-12 has what XTN-1 was withdrawn for."""
_TIME: Final = re.compile(r"(\d{4,14})(?:\.(\d+))?([+-]\d{4})?")
_NUMBER: Final = re.compile(r"[+-]?\d+\.\d+")
_FIRST_WITH_CLOCK: Final = 9
_MINUTES, _SECONDS = 12, 14


def leaves(message: Message) -> Counter[tuple[Place, str]]:
    """Each component's text, once for each time that it is said."""
    found: Counter[tuple[Place, str]] = Counter()
    for segment in message.segments:
        if segment.name in _OF_THE_MESSAGE:
            continue
        for field in segment.fields:
            if field.number == 1 and segment.name in _NUMBERED:
                continue
            for repetition in field.repetitions:
                for component in repetition.components:
                    for sub in component.subcomponents:
                        text = normal(sub.text)
                        if (segment.name, field.number) == ("OBX", 2):
                            text = _SAME_TYPE.get(text, text)
                        if text and text != '""':
                            found[_place(segment.name, field.number, component.number), text] += 1
    return found


def _place(segment: str, field: int, component: int) -> Place:
    """Where a value belongs, if the standard has moved it: identifiers into PID-3, numbers."""
    if (segment, field) in _MOVED:
        return (segment, _MOVED[segment, field], component)
    if (segment, field) in _NUMBERS and component == _UNFORMATTED:
        return (segment, field, 1)
    return (segment, field, component)


def normal(text: str) -> str:
    """What says the same is the same: times to the second, numbers, spaces.

    >>> normal("20240101120000.0000+0000"), normal("202401011200"), normal("1.50")
    ('20240101120000', '20240101120000', '1.5')
    """
    text = " ".join(text.split())
    time = _TIME.fullmatch(text)
    if time is not None and len(time[1]) >= _FIRST_WITH_CLOCK:
        digits = time[1]
        return digits.ljust(_SECONDS, "0") if len(digits) >= _MINUTES else digits
    if _NUMBER.fullmatch(text):
        return text.rstrip("0").rstrip(".").removeprefix("+")
    return text
