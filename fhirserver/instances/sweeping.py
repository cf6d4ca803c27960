"""What crashes leave of files goes; which files are lost is told."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final
from uuid import UUID

from fhirserver.instances.keeping import PURPOSE
from fhirserver.objects import Files, Lying
from fhirserver.storage import dicom_files as rows
from fhirserver.storage.database import Database

# An upload that hasn't grown for so long was given up.
STALE_SECONDS: Final = 3600.0
_NO_MORE: Final[tuple[str | None, list[Lying]]] = (None, [])


@dataclass(frozen=True, slots=True)
class Swept:
    """How many files were removed, and which files the record misses."""

    removed: int
    missing: tuple[UUID, ...]


def sweep(database: Database, files: Files) -> Swept:
    """Remove files that nobody will ever read, and look whether all others are there."""
    missing = tuple(_missing(database, files))
    removed = sum(_swept(database, files, *found) for found in files.folders())
    rows.destroy_unused_keys(database, PURPOSE)
    return Swept(removed, missing)


def _missing(database: Database, files: Files) -> Iterator[UUID]:
    """Both lists come in the order of the ids, and neither is ever held as a whole."""
    folders = files.folders()
    at, found = next(folders, _NO_MORE)
    for folder, objects in groupby(rows.objects(database), key=files.folder_of):
        while at is not None and at < folder:
            at, found = next(folders, _NO_MORE)
        there = {file.id for file in found if not file.is_part} if at == folder else set()
        gone = [object_ for object_ in objects if object_ not in there]
        # Whoever was removed meanwhile isn't missing, nor who came.
        if gone:
            known = rows.known(database, gone)
            yield from (object_ for object_ in sorted(known) if not files.is_there(object_))


def _swept(database: Database, files: Files, folder: str, found: list[Lying]) -> int:
    """Remove the strays of a folder, and the folder when nothing is left."""
    horizon = time.time() - STALE_SECONDS
    old = [file for file in found if file.changed < horizon]
    known = rows.known(database, {file.id for file in old})
    strays = [file for file in old if file.is_part or file.id not in known]
    files.remove_found(strays)
    files.tidy(folder, horizon)
    return len(strays)
