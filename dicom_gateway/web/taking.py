"""One instance that comes by HTTP: a DICOM file, written as it comes, in little memory.

Its own preamble and group 2 are replaced by ours; its dataset is kept byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from dicom_gateway.datasets import (
    NeedMore,
    Unreadable,
    facts,
    file_head,
    json_model,
    read_file_head,
)
from dicom_gateway.rendering.models import bulk_uri
from fhirserver.errors import Unavailable
from fhirserver.instances import Arrival, Facts, Instances

NO_RESOURCES: Final = 0xA700
OTHER_STUDY: Final = 0xA900
UNREADABLE: Final = 0xC000
DUPLICATE: Final = 0x0111
NOT_ALLOWED: Final = 0x0124
"""Failure reasons: PS3.4 table B.2-1, PS3.7 annex C."""

MOST_BEGINNING: Final = 64_000_000
_FIRST_LOOK: Final = 4_096
_MODEL_BYTES: Final = 262_144
"""How much is waited for to make the JSON model at once; larger beginnings get theirs later."""


class Refused(Exception):
    """The instance isn't taken: why, and which one it is, as far as that is known."""

    def __init__(self, reason: int, about: Facts | None = None) -> None:
        super().__init__(f"{reason:04X}H")
        self.reason = reason
        self.about = about


@dataclass(frozen=True, slots=True)
class Limits:
    """What a request says of its instances: the study they belong to, and the most bytes of one."""

    study: str | None
    most: int


def take(instances: Instances, pieces: Iterable[bytes], limits: Limits, caller: str) -> Arrival:
    """An instance in a closed upload, to be kept or discarded. Raises Refused, and Malformed."""
    beginning = _Beginning()
    source = iter(pieces)
    size = 0
    for piece in source:
        size += len(piece)
        if beginning.add(piece):
            break
    found, head_size = beginning.end()
    if limits.study is not None and found.study != limits.study:
        raise Refused(OTHER_STUDY, found)
    try:
        upload = instances.begin()
    except Unavailable as error:
        raise Refused(NO_RESOURCES, found) from error
    try:
        upload.write(file_head(found, caller))
        upload.dataset_begins()
        upload.write(memoryview(beginning.held)[head_size:])
        for piece in _at_most(source, limits.most - size, found):
            upload.write(piece)
            beginning.more(piece)
        upload.close()
    except Unavailable as error:
        upload.discard()
        raise Refused(NO_RESOURCES, found) from error
    except BaseException:
        upload.discard()
        raise
    return Arrival(upload, found, source="stow", caller=caller, metadata=beginning.model(found))


def _at_most(pieces: Iterable[bytes], left: int, found: Facts) -> Iterator[bytes]:
    for piece in pieces:
        left -= len(piece)
        if left < 0:
            raise Refused(NO_RESOURCES, found)
        yield piece


class _Beginning:
    """The beginning of a file, until its attributes have come."""

    def __init__(self) -> None:
        self.held = bytearray()
        self._wanted = _FIRST_LOOK
        self._facts: Facts | None = None
        self._at = 0
        self._is_cut = False

    def add(self, piece: bytes) -> bool:
        """Take a piece; whether all that is needed is there."""
        self.held += piece
        if len(self.held) < self._wanted:
            return False
        if len(self.held) > MOST_BEGINNING:
            raise Refused(UNREADABLE)
        return self._look(complete=False)

    def end(self) -> tuple[Facts, int]:
        """The facts, and how long the head of the file is. Raises Refused."""
        if self._facts is None:
            self._look(complete=True)
        if self._facts is None:
            raise Refused(UNREADABLE)
        return self._facts, self._at

    def more(self, piece: bytes) -> None:
        """What comes behind the facts, as long as the model may need it."""
        if len(self.held) < _MODEL_BYTES:
            self.held += piece
        else:
            self._is_cut = True

    def model(self, found: Facts) -> bytes | None:
        """The JSON model, if all of it has been held."""
        try:
            return json_model(
                memoryview(self.held)[self._at :],
                found.transfer_syntax,
                bulk_uri(found.study, found.series, found.instance),
                complete=not self._is_cut,
            )
        except (NeedMore, Unreadable, ValueError, LookupError, OverflowError, RecursionError):
            return None

    def _look(self, *, complete: bool) -> bool:
        try:
            meta, self._at = read_file_head(self.held)
            self._facts = facts(
                memoryview(self.held)[self._at :], meta.transfer_syntax, complete=complete
            )
        except NeedMore as more:
            # Twice as much at least, lest a long beginning be read again and again.
            self._wanted = max(self._at + more.wanted, 2 * len(self.held))
            return False
        except (Unreadable, ValueError, LookupError, OverflowError, RecursionError) as error:
            raise Refused(UNREADABLE) from error
        return True
