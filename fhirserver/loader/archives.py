"""The files in zip and tar archives, read in place: nothing is ever unpacked to the disk."""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, Final

from fhirserver.loader.compression import (
    BROKEN,
    Unreadable,
    document,
    kind_of,
    refuse_bomb,
    unpacked,
    why_broken,
)
from fhirserver.loader.lines import cut
from fhirserver.loader.pieces import PassedOver, Refused, Source

MOST_MEMBERS: Final = 1_000_000


def in_zip(path: Path) -> Iterator[tuple[Source, int] | Refused | PassedOver]:
    """The sources in a zip archive in the order of names, each with its share of the bytes."""
    with zipfile.ZipFile(path) as archive:
        members = sorted(archive.infolist(), key=lambda m: m.filename)
        _refuse_too_many(len(members))
        refuse_bomb(sum(m.file_size for m in members), path.stat().st_size)
        for member in members:
            if member.is_dir():
                continue
            name = f"{path}!{member.filename}"
            share = member.compress_size
            if trouble := _trouble(member.filename):
                yield Refused(name, ((None, trouble),), resources=0)
                continue
            try:
                with archive.open(member) as stream:
                    for found in _sources(name, member.filename, stream):
                        if isinstance(found, Source):
                            yield found, share
                            share = 0
                        else:
                            yield found
            except (*BROKEN, Unreadable) as error:
                yield Refused(name, ((None, why_broken(error)),), resources=0)


def in_tar(name: str, stream: IO[bytes]) -> Iterator[Source | Refused | PassedOver]:
    """The sources in a tar archive, in its order."""
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for number, member in enumerate(archive, 1):
            _refuse_too_many(number)
            # An archive of a million members would be remembered as a whole.
            archive.members.clear()  # type: ignore[attr-defined]
            if member.isdir():
                continue
            inside = f"{name}!{member.name}"
            if not member.isreg():
                yield Refused(inside, ((None, "it is a link or a device"),), resources=0)
            elif trouble := _trouble(member.name):
                yield Refused(inside, ((None, trouble),), resources=0)
            elif file := archive.extractfile(member):
                yield from _sources(inside, member.name, file)


def _sources(name: str, path: str, stream: IO[bytes]) -> Iterator[Source | PassedOver]:
    kind = kind_of(path)
    if PurePosixPath(path).name.startswith(".") or path.startswith("__MACOSX/"):
        yield PassedOver(name, "its name starts with a dot")
    elif kind is None:
        yield PassedOver(name, "its name is not that of a file that is read")
    elif kind[0] in {"zip", "tar"}:
        raise Unreadable("it is an archive inside an archive: unpack the outer one first")
    elif kind[0] == "document":
        yield Source(name, "document", document(stream), kind[1])
    else:
        with unpacked(stream, kind[1]) as text:
            yield from cut(name, text)


def _trouble(path: str) -> str | None:
    """What is wrong with a name that points out of its archive, as no honest one does."""
    if PurePosixPath(path).is_absolute() or PureWindowsPath(path).is_absolute():
        return "its name is an absolute path"
    if ".." in PurePosixPath(path).parts or ".." in PureWindowsPath(path).parts:
        return "its name points out of the archive"
    return None


def _refuse_too_many(members: int) -> None:
    if members > MOST_MEMBERS:
        raise Unreadable(f"the archive has more than {MOST_MEMBERS:,} files")
