"""A multipart/related answer, part by part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from fhirserver import ids


@dataclass(frozen=True, slots=True)
class Boundary:
    """What stands between the parts: random, so that no content has it."""

    text: str

    def content_type(self, inner: str) -> str:
        """The header that tells of it."""
        return f'multipart/related; type="{inner}"; boundary={self.text}'

    def head(self, headers: Mapping[str, str], *, is_first: bool) -> bytes:
        """The beginning of a part."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        before = "" if is_first else "\r\n"
        return f"{before}--{self.text}\r\n{lines}\r\n".encode("ascii")

    @property
    def end(self) -> bytes:
        return f"\r\n--{self.text}--\r\n".encode("ascii")

    def joined(self, parts: Iterable[tuple[Mapping[str, str], Iterable[bytes]]]) -> Iterator[bytes]:
        """All parts, as they come."""
        is_first = True
        for headers, pieces in parts:
            yield self.head(headers, is_first=is_first)
            yield from pieces
            is_first = False
        yield self.end


def new_boundary() -> Boundary:
    """A boundary that nobody has seen."""
    return Boundary(f"part-{ids.new()}{ids.new()}"[:60])
