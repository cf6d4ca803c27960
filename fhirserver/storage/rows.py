"""What storage gives and takes: versions of resources, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from msgspec import Struct

from fhirserver.search.index import IndexValues, Stamp

Method = Literal["POST", "PUT", "PATCH", "DELETE"]

# One letter each in the column `method`.
METHOD_LETTER: dict[Method, str] = {"POST": "C", "PUT": "U", "PATCH": "P", "DELETE": "D"}
METHOD: dict[str, Method] = {letter: method for method, letter in METHOD_LETTER.items()}


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a resource. `content` is its JSON text, None when it is a deletion."""

    type: str
    id: str
    key: int
    version: int
    updated: datetime
    method: Method
    content: str | None

    @property
    def place(self) -> tuple[str, int, int]:
        """What puts versions that a statement finds in any order into always the same."""
        return self.type, self.key, self.version

    @property
    def is_deleted(self) -> bool:
        return self.content is None


class NewVersion(Struct, frozen=True, kw_only=True):
    """A version to write.

    `replaces` is the version number it supersedes, None for a new resource. `meta` and `content`
    are what content.split makes of the resource; a `content` of None deletes.
    """

    type: str
    id: str
    self: int
    key: int
    version: int
    updated: datetime
    method: Method
    meta: str | None
    content: str | None
    index: IndexValues
    stamp: Stamp
    replaces: int | None
    before: tuple[IndexValues, Stamp] | None = None
    """What the index holds of the version that is replaced."""
    sealed: str | None = None
    """What is stored instead of the content, where that is sealed."""
