"""Frames and pictures of one instance, whatever reads its bytes.

studio = Studio(workers)
source = Source(read, size, transfer_syntax)      # read(start, stop) of the dataset's bytes
studio.frame(source, 1)                           # as it is kept
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from dicom_gateway.rendering import frames
from dicom_gateway.rendering.frames import Layout
from dicom_gateway.rendering.limits import MOST_WHOLE_BYTES, Undecodable
from dicom_gateway.rendering.locating import Dataset, Read
from dicom_gateway.rendering.syntaxes import BIG_ENDIAN, DECODED, DEFLATED, EXPLICIT, NATIVE
from dicom_gateway.rendering.workers import Made, Workers

_PIECE: Final = 1 << 20
_KEYWORD: Final = {
    0x7FE00010: "PixelData",
    0x7FE00008: "FloatPixelData",
    0x7FE00009: "DoubleFloatPixelData",
}


@dataclass(slots=True)
class Source:
    """The bytes of a dataset, and how they are written."""

    read: Read
    size: int
    transfer_syntax: str

    def pieces(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """The bytes, piece by piece."""
        stop = self.size if stop is None else stop
        for at in range(start, stop, _PIECE):
            yield self.read(at, min(at + _PIECE, stop))


class NoPixels(Undecodable):
    """The instance is no image."""


class Opened:
    """An instance whose pixels' places are known."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.dataset = Dataset(source.read, source.size, source.transfer_syntax)
        found = frames.layout(self.dataset, source.transfer_syntax)
        if found is None:
            raise NoPixels("the instance has no pixels")
        self.layout: Layout = found

    def spans(self, number: int) -> list[tuple[int, int]]:
        """Where a frame lies. Raises NoSuchFrame, Undecodable."""
        frames.check(self.layout)
        return frames.spans(self.dataset, self.layout, number)

    def kept(self, number: int) -> bytes:
        """A frame as it is kept."""
        return b"".join(self.source.read(at, at + size) for at, size in self.spans(number))

    @property
    def header(self) -> bytes:
        """What stands before the pixels."""
        frames.check(self.layout)
        return self.source.read(0, self.layout.pixels.at)

    def how(self, number: int) -> Mapping[str, Any]:
        """What a worker needs to know of a frame beside its bytes."""
        skip = 0
        if not self.layout.is_encapsulated:
            skip = (number - 1) * self.layout.frame_bits % 8
        return {
            "syntax": self.source.transfer_syntax,
            "keyword": _KEYWORD[self.layout.pixels.tag],
            "skip": skip,
        }


class Studio:
    """Where frames are decoded and pictures made."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers

    def open(self, source: Source) -> Opened:
        """Find the pixels of an instance. Raises NoPixels, Undecodable."""
        if source.transfer_syntax == DEFLATED:
            source = self.inflated(source)
        return Opened(source)

    def decoded(self, opened: Opened, number: int) -> bytes:
        """A frame uncompressed. Raises NoSuchFrame, Undecodable."""
        spans = opened.spans(number)
        _check(opened)
        how = opened.how(number)
        # What is uncompressed already is only to be read.
        if _is_plain(opened, how):
            return b"".join(opened.source.read(at, at + size) for at, size in spans)
        return self._workers.do("decode", [opened.header], [opened.kept(number)], **how).content

    def encoded(self, opened: Opened, number: int, target: str, quality: int = 90) -> bytes:
        """A frame in another transfer syntax."""
        kept = opened.kept(number)
        _check(opened)
        how = opened.how(number)
        return self._workers.do(
            "encode", [opened.header], [kept], target=target, quality=quality, **how
        ).content

    def picture(self, opened: Opened, number: int, wanted: Mapping[str, Any]) -> bytes:
        """A frame to look at; `wanted` is as pictures.Wanted has it."""
        kept = opened.kept(number)
        _check(opened)
        how = opened.how(number)
        return self._workers.do(
            "picture", [opened.header], [kept], wanted=dict(wanted), index=number - 1, **how
        ).content

    def whole(self, source: Source, target: str) -> bytes:
        """A dataset in another transfer syntax. Raises Undecodable."""
        if source.size > MOST_WHOLE_BYTES:
            raise Undecodable("it is too large to be rewritten: ask for it as it is kept")
        return self._workers.stream(
            "whole",
            source.pieces(),
            [source.size],
            syntax=source.transfer_syntax,
            target=target,
            seconds=120.0,
        ).content

    def photograph(self, content: bytes) -> Made:
        """A JPEG or PNG as pixels, and what describes them. Raises Undecodable.

        `about` has the fields of photographs.Photograph, but the pixels.
        """
        return self._workers.do("photograph", [content])

    def inflated(self, source: Source) -> Source:
        """A deflated dataset as one that has places. Raises Undecodable."""
        if source.size > MOST_WHOLE_BYTES:
            raise Undecodable("it is too large to be inflated")
        made = self._workers.stream("inflate", source.pieces(), [source.size])
        content = made.content
        return Source(lambda start, stop: content[start:stop], len(content), EXPLICIT)


def _is_plain(opened: Opened, how: Mapping[str, Any]) -> bool:
    """Whether a frame is kept as it is when decoded, byte by byte."""
    syntax = opened.source.transfer_syntax
    return syntax in NATIVE and syntax != BIG_ENDIAN and not how["skip"]


def _check(opened: Opened) -> None:
    if opened.source.transfer_syntax not in DECODED:
        raise Undecodable("its transfer syntax isn't decoded here: ask for it as it is kept")
