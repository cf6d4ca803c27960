"""What crashes leave on the disk goes; what the disk has lost is told."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final
from uuid import UUID

from fhirserver.instances.keeping import PURPOSE
from fhirserver.instances.upload import path_of
from fhirserver.keys.sealed_files import PART
from fhirserver.storage import dicom_files as rows
from fhirserver.storage.database import Database

# An upload that hasn't grown for so long was given up.
STALE_SECONDS: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Swept:
    """How many files were removed, and which files the record misses."""

    removed: int
    missing: tuple[UUID, ...]


def sweep(database: Database, folder: Path) -> Swept:
    """Remove files that nobody will ever read, and look whether all others are there."""
    missing = tuple(_missing(database, folder))
    removed = sum(_swept(database, minute) for minute in sorted(folder.glob("????/????")))
    rows.destroy_unused_keys(database, PURPOSE)
    return Swept(removed, missing)


def _missing(database: Database, folder: Path) -> Iterator[UUID]:
    for minute, objects in groupby(
        rows.objects(database), key=lambda found: path_of(folder, found).parent
    ):
        try:
            there = {path.name for path in minute.iterdir()}
        except OSError:
            there = set()
        gone = [found for found in objects if found.hex not in there]
        # Whoever was removed meanwhile isn't missing.
        if gone:
            yield from sorted(rows.known(database, gone))


def _swept(database: Database, minute: Path) -> int:
    """Remove the strays among the files of a minute, and its folder when nothing is left."""
    horizon = time.time() - STALE_SECONDS
    strays: dict[Path, UUID] = {}
    for path in minute.iterdir():
        with suppress(ValueError, OSError):
            if path.stat().st_mtime < horizon:
                strays[path] = UUID(path.stem)
    known = rows.known(database, set(strays.values()))
    count = 0
    for path, object_ in strays.items():
        if path.suffix == PART or object_ not in known:
            path.unlink(missing_ok=True)
            count += 1
    if minute.stat().st_mtime < horizon:
        for empty in (minute, minute.parent):
            with suppress(OSError):
                empty.rmdir()
    return count
