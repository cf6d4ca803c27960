"""MLLP, the minimal lower layer protocol: where a message begins and ends in a stream of bytes.

    decoder = Decoder(limit=20_000_000)
    for event in decoder.feed(data): ...

A block is 0B, the message, 1C 0D. Real senders double the marks, leave the last one out, put line
feeds between blocks, and break off in the middle; none of that costs a message that is whole.
Pure: it never waits. HL7 version 2, appendix C; MLLP release 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

START: Final = b"\x0b"
END: Final = b"\x1c"
RETURN: Final = b"\r"
_HEADERS: Final = (b"MSH", b"FHS", b"BHS")
_BLANK: Final = b"\r\n\x1c \x00"
HEAD_BYTES: Final = 4096
"""How much is kept of a message that is too long, to say so to whoever sent it."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A message, as it was sent."""

    content: bytes


@dataclass(frozen=True, slots=True)
class Odd:
    """What is no message: bytes between blocks, a block that broke off, one that is too long.

    `head` is how one that is too long begins.
    """

    kind: Literal["junk", "broken-off", "too-long"]
    size: int
    head: bytes = b""


Event = Frame | Odd


def framed(message: bytes) -> bytes:
    r"""A message as a block.

    >>> framed(b"MSH|")
    b'\x0bMSH|\x1c\r'
    """
    return START + message + END + RETURN


class Decoder:
    """Blocks out of a stream. `limit` is the largest message, in bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = bytearray()
        self._scanned = 0
        self._is_inside = False
        # How much of a message that is too long has gone by; 0 while there is none.
        self._drained = 0

    @property
    def is_inside(self) -> bool:
        """Whether a block has begun that hasn't ended."""
        return self._is_inside

    @property
    def held(self) -> int:
        """How many bytes wait for what comes after them."""
        return len(self._held)

    @property
    def is_ending(self) -> bool:
        """Whether all of a block is there but the return after its end."""
        return self._is_inside and self._held.endswith(END)

    def feed(self, data: bytes) -> list[Event]:
        """What comes to its end with these bytes."""
        self._held += data
        return self._events()

    def settle(self) -> list[Event]:
        """The same when nothing follows for a while: an end mark is one without its return."""
        return self.feed(RETURN) if self.is_ending else []

    def close(self) -> list[Event]:
        """The same when nothing will follow any more."""
        events = self.settle()
        if self._is_inside and (size := self._drained + len(self._held)):
            events.append(Odd("broken-off", size))
        self._held.clear()
        self._is_inside = False
        return events

    def _events(self) -> list[Event]:
        events: list[Event] = []
        while self._held:
            if not self._is_inside and not self._begin(events):
                break
            if not self._end(events):
                break
        return events

    def _begin(self, events: list[Event]) -> bool:
        at = self._held.find(START)
        before = bytes(self._held if at < 0 else self._held[:at])
        if size := len(before.strip(_BLANK)):
            events.append(Odd("junk", size))
        if at < 0:
            self._held.clear()
            return False
        del self._held[: at + 1]
        self._is_inside, self._scanned, self._drained = True, 0, 0
        return True

    def _end(self, events: list[Event]) -> bool:
        """Whether the block ends in what is there."""
        at = self._find_end()
        if at < 0:
            self._drain(events)
            return False
        content = bytes(self._held[:at])
        # What comes after the mark is seen by `_begin`: a return, or a second mark.
        del self._held[: at + 1]
        self._is_inside = False
        if self._drained:
            return True
        if len(content) > self._limit:
            events.append(Odd("too-long", len(content), content[:HEAD_BYTES]))
        else:
            events += _parts(content)
        return True

    def _find_end(self) -> int:
        """Where an end mark is that is one: before a return, a line feed or another mark."""
        while (at := self._held.find(END, self._scanned)) >= 0:
            after = self._held[at + 1 : at + 2]
            if not after:
                self._scanned = at
                return -1
            if after in b"\r\n\x1c\x0b":
                return at
            self._scanned = at + 1
        self._scanned = len(self._held)
        return -1

    def _drain(self, events: list[Event]) -> None:
        """Let go of a message that is too long, but for a mark that may be its end."""
        if not self._drained and len(self._held) <= self._limit:
            return
        if not self._drained:
            events.append(Odd("too-long", len(self._held), bytes(self._held[:HEAD_BYTES])))
        keep = 1 if self._held.endswith(END) else 0
        self._drained += len(self._held) - keep
        del self._held[: len(self._held) - keep]
        self._scanned = 0


def _parts(content: bytes) -> list[Event]:
    """The message of a block; before it those that broke off, where another one began."""
    content = content.lstrip(START)
    last = max(content.rfind(START + header) for header in _HEADERS)
    if last < 0:
        return [Frame(content)]
    return [Odd("broken-off", last), Frame(content[last:].lstrip(START))]
