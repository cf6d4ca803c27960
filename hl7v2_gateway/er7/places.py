"""Where something is in a message: segment, field, repetition, component, subcomponent.

Data type ERL (HL7 v2.5.1, 2.A.28), in which an ERR segment says it: `PID^1^3^2^1`; and the shorter
way in which people write it: `PID-3(2).1`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_PATH: Final = re.compile(
    r"([A-Z][A-Z0-9]{2})(?:\((\d+)\))?(?:-(\d+)(?:\((\d+)\))?(?:\.(\d+)(?:\.(\d+))?)?)?"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Counted from 1; None is the whole of what stands above.

    >>> str(Place("PID", 1, 3, 2, 1)), Place("OBX", 2, 5).path
    ('PID^1^3^2^1', 'OBX(2)-5')
    """

    segment: str
    sequence: int = 1
    """Which of the segments of this name."""
    field: int | None = None
    repetition: int | None = None
    component: int | None = None
    subcomponent: int | None = None

    def __str__(self) -> str:
        parts = (self.field, self.repetition, self.component, self.subcomponent)
        return "^".join(
            [self.segment, str(self.sequence)] + ["" if n is None else str(n) for n in parts]
        ).rstrip("^")

    @property
    def path(self) -> str:
        """As people write it; what is 1 and can be left out is left out."""
        text = self.segment + (f"({self.sequence})" if self.sequence != 1 else "")
        if self.field is None:
            return text
        text += f"-{self.field}"
        if self.repetition not in {None, 1}:
            text += f"({self.repetition})"
        if self.component is not None:
            text += f".{self.component}"
            if self.subcomponent is not None:
                text += f".{self.subcomponent}"
        return text


@lru_cache(maxsize=4096)
def read(path: str) -> Place:
    """The place that is written so.

    >>> read("PID-3(2).1.2")
    Place(segment='PID', sequence=1, field=3, repetition=2, component=1, subcomponent=2)
    """
    match = _PATH.fullmatch(path)
    if match is None:
        raise ValueError(f"{path!r} is no place in a message; write it as PID-3(2).1.1")
    sequence, *rest = (int(n) if n else None for n in match.groups()[1:])
    return Place(match[1], sequence or 1, *rest)
