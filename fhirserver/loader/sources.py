"""From the paths that the user gives to pieces of work, one file at a time."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from fhirserver.loader.archives import in_tar, in_zip
from fhirserver.loader.compression import BROKEN, KINDS, Unreadable, kind_of, unpacked, why_broken
from fhirserver.loader.lines import cut
from fhirserver.loader.pieces import PassedOver, Piece, Refused, Source

MOST_SOURCES: Final = 500
ENOUGH_BYTES: Final = 1_000_000
# What a compressed byte stands for, when sources are put together to pieces of a like size.
_EXPANSION: Final = 10


@dataclass(frozen=True, slots=True)
class File:
    """A file on disk; `is_named` says that the user named it, and not a folder that it is in."""

    path: Path
    is_named: bool


def files_in(paths: Iterable[Path]) -> Iterator[File]:
    """The files at these paths; those in folders in the order of their names."""
    for path in paths:
        if not path.is_dir():
            yield File(path, is_named=True)
            continue
        for folder, subfolders, names in os.walk(path):
            subfolders[:] = sorted(s for s in subfolders if not s.startswith("."))
            for name in sorted(names):
                yield File(Path(folder, name), is_named=False)


def pieces(files: Iterable[File]) -> Iterator[Piece | Refused | PassedOver]:
    """The work in these files, in their order; small documents are put together."""
    together: list[Source] = []
    weight = size = 0
    for file in files:
        for found in _found(file):
            if not isinstance(found, tuple):
                yield found
                continue
            source, share = found
            together.append(source)
            weight += share
            bytes_here = len(source.data) if isinstance(source.data, bytes) else share
            size += bytes_here * (_EXPANSION if source.compression else 1)
            if size >= ENOUGH_BYTES or len(together) == MOST_SOURCES:
                yield Piece(tuple(together), weight)
                together, weight, size = [], 0, 0
    if together:
        yield Piece(tuple(together), weight)


def _found(file: File) -> Iterator[tuple[Source, int] | Refused | PassedOver]:
    """The sources in one file, each with its share of the file's bytes."""
    name = str(file.path)
    try:
        kind = _kind(file)
        if isinstance(kind, PassedOver):
            yield kind
        elif kind[0] == "document":
            size = file.path.stat().st_size
            yield Source(name, "document", file.path, kind[1], is_asked_for=file.is_named), size
        elif kind[0] == "zip":
            yield from in_zip(file.path)
        else:
            with file.path.open("rb") as packed, unpacked(packed, kind[1]) as stream:
                within = in_tar if kind[0] == "tar" else cut
                yield from _shared(within(name, stream), packed)
    except (*BROKEN, Unreadable) as error:
        yield Refused(name, ((None, why_broken(error)),), resources=0)


def _kind(file: File) -> tuple[str, str] | PassedOver:
    name, kind = file.path.name, kind_of(file.path.name)
    if file.is_named and not file.path.exists():
        raise Unreadable("it doesn't exist")
    if not file.is_named and name.startswith("."):
        return PassedOver(str(file.path), "its name starts with a dot")
    if kind is None and not file.is_named:
        return PassedOver(str(file.path), "its name is not that of a file that is read")
    if kind is None:
        raise Unreadable(f"its name is not that of a file that is read: {KINDS}")
    if not file.path.is_file():
        raise Unreadable("it is not a regular file")
    return kind


def _shared(
    found: Iterable[Source | Refused | PassedOver], packed: IO[bytes]
) -> Iterator[tuple[Source, int] | Refused | PassedOver]:
    """Each source with the bytes that were read of the file to get at it."""
    before = 0
    for item in found:
        if isinstance(item, Source):
            now = packed.tell()
            yield item, now - before
            before = now
        else:
            yield item
