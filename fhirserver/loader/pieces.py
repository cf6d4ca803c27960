"""What is handed to a worker process, and what it hands back. Pure values, cheap to pickle."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Fate = Literal["created", "updated", "unchanged", "deleted"]


@dataclass(frozen=True, slots=True)
class Source:
    """A JSON document, or some lines of NDJSON.

    `name` is the file as the user knows it, `archive.zip!folder/file.json` inside an archive.
    `data` is the text, or the file that holds it; compressed as `compression` says. `first_line`
    is the number of the first line. `only` names the lines or entries that are still to be done.
    """

    name: str
    form: Literal["document", "lines"]
    data: bytes | Path
    compression: str = ""
    first_line: int = 1
    is_asked_for: bool = False
    """Whether the user named this very file, so that it must hold resources."""
    only: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """Sources that a worker loads one after the other; `weight` is their share of the bytes."""

    sources: tuple[Source, ...]
    weight: int = 0


@dataclass(frozen=True, slots=True)
class Refused:
    """Something that could not be loaded, and why. `issues` are pairs of expression and text.

    `resources` is how many resources were in it, 0 where that isn't known. `line` and `entry` say
    where in the file, where that makes sense.
    """

    file: str
    issues: tuple[tuple[str | None, str], ...]
    line: int | None = None
    entry: int | None = None
    type: str | None = None
    resources: int = 1


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A file in a folder or archive that isn't FHIR at all, and how one sees that."""

    file: str
    why: str


@dataclass(slots=True)
class Result:
    """What became of a piece. `before` counts resources that an earlier load has stored.

    `deferred` are sources that may succeed when others have been loaded; `waiting` says why they
    haven't yet.
    """

    counts: Counter[tuple[str, Fate]] = field(default_factory=Counter)
    before: int = 0
    refused: list[Refused] = field(default_factory=list)
    passed_over: list[PassedOver] = field(default_factory=list)
    deferred: list[Source] = field(default_factory=list)
    waiting: list[Refused] = field(default_factory=list)
