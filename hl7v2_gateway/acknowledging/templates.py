"""What is said to a sender again and again is composed once, and only what differs is filled in.

The header of a message differs from the last one of its sender in its time and its control id, and
so does that of the acknowledgement. Composing it takes longer than all else until it is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from hl7v2_gateway.er7 import Message

MOST: Final = 2_000
TIME: Final = "ourTime0ourTime"
OWN: Final = "ourControl0ourControl"
_LONGEST: Final = 199
_VARYING: Final = (6, 9, 12)
"""MSH-7, MSH-10 and MSH-13 among the parts of the line."""

Key = tuple[str, str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Template:
    """An acknowledgement up to its time, up to its control id, up to that of the message."""

    first: bytes
    second: bytes
    third: bytes

    def filled(self, time: str, own: str, control: str) -> bytes:
        return b"".join(
            (
                self.first,
                time.encode(),
                self.second,
                own.encode(),
                self.third,
                control.encode(),
                b"\r",
            )
        )


class Templates:
    """Templates by what a header says otherwise; `compose` makes an acknowledgement with TIME and
    OWN in their places.
    """

    def __init__(self) -> None:
        self._known: dict[Key, Template | None] = {}

    def of(
        self, message: Message, mode: str, compose: Callable[[], bytes]
    ) -> tuple[Template, str] | None:
        """The template for a message, and its control id; None when it has to be composed."""
        parts = message.segments[0].raw.split(message.delimiters.field)
        control = parts[_VARYING[1]] if len(parts) > _VARYING[1] else ""
        if not _is_plain(control):
            return None
        for n in _VARYING:
            if n < len(parts):
                parts[n] = ""
        key = mode, message.codec, tuple(parts)
        if key not in self._known:
            if len(self._known) >= MOST:
                self._known.clear()
            self._known[key] = _template(compose(), message.delimiters.field, control)
        found = self._known[key]
        return None if found is None else (found, control)


def _is_plain(control: str) -> bool:
    """Whether a control id is the same however it is written.

    >>> _is_plain("A1B2"), _is_plain("A^B"), _is_plain("")
    (True, False, False)
    """
    plain = control.replace("-", "").replace("_", "")
    return 0 < len(control) <= _LONGEST and plain.isascii() and plain.isalnum()


def _template(composed: bytes, separator: str, control: str) -> Template | None:
    time, own = TIME.encode(), OWN.encode()
    end = f"{separator}{control}\r".encode()
    if composed.count(time) != 1 or composed.count(own) != 1 or not composed.endswith(end):
        return None
    first, _, rest = composed[: -len(end) + len(separator.encode())].partition(time)
    second, _, third = rest.partition(own)
    return Template(first, second, third)
