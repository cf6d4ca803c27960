"""Files in a folder: those that are complete are taken in, and their answers lie beside them.

    folder/*.hl7                what comes; a file that has just been written to is left alone
    folder/done/NAME, NAME.ack  what was taken, and the acknowledgements
    folder/failed/NAME, NAME.ack  a file with a message that was refused, or without any

A file that was taken in just before a crash is taken in again: its messages are duplicates then.
"""

from __future__ import annotations

import logging
import stat
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from fhirserver.errors import Unavailable
from hl7v2_gateway.batches import batch_of
from hl7v2_gateway.intake import Answer, Received
from hl7v2_gateway.listening.group import Take

log = logging.getLogger(__name__)

SUFFIXES: Final = frozenset({".hl7", ".txt", ".dat", ".msg"})
SETTLED_SECONDS: Final = 2.0
AT_ONCE: Final = 200
_GOOD: Final = frozenset({"AA", "CA"})


class Folder:
    """A folder that messages are put into. `most` is the largest file, in bytes."""

    def __init__(
        self, path: Path, take: Take, *, most: int, settled_seconds: float = SETTLED_SECONDS
    ) -> None:
        self._path = path
        self._take = take
        self._most = most
        self._settled = settled_seconds

    def look(self) -> int:
        """Take in what is there, the oldest first; how many files. Raises Unavailable."""
        files = [f for f in self._path.iterdir() if f.suffix.lower() in SUFFIXES]
        ready = [
            (changed, f.name, f)
            for f in files
            if not f.is_symlink() and (changed := _changed(f)) is not None
        ]
        count = 0
        for changed, _, file in sorted(ready):
            if time.time() - changed < self._settled:
                continue
            try:
                self._one(file)
                count += 1
            except Unavailable:
                raise
            except Exception:
                # It must not keep the others out.
                log.exception("hl7v2_file_failed")
        return count

    def _one(self, file: Path) -> None:
        if file.stat().st_size > self._most:
            self._move(file, [], is_good=False, why="the file is larger than is taken")
            return
        batch = batch_of(file.read_bytes())
        answers: list[Answer] = []
        for start in range(0, len(batch.messages), AT_ONCE):
            some = batch.messages[start : start + AT_ONCE]
            answers += self._take([Received(raw, "file", file.name[:100]) for raw in some])
        why = "; ".join(batch.miscounts) or ("" if answers else "the file holds no message")
        is_good = bool(answers) and not why and all(a.code in _GOOD for a in answers)
        self._move(file, answers, is_good=is_good, why=why)

    def _move(self, file: Path, answers: Sequence[Answer], *, is_good: bool, why: str) -> None:
        """Put a file where it belongs, its acknowledgements first."""
        folder = self._path / ("done" if is_good else "failed")
        folder.mkdir(exist_ok=True)
        target = folder / file.name
        number = 0
        while target.exists():
            number += 1
            target = folder / f"{file.stem}-{number}{file.suffix}"
        content = b"".join(a.ack for a in answers if a.ack is not None)
        if why:
            content += f"# {why}\r".encode()
        target.with_name(f"{target.name}.ack").write_bytes(content)
        file.rename(target)
        log.info("hl7v2_file", extra={"messages": len(answers), "good": is_good})


def _changed(file: Path) -> float | None:
    """When a file was written to; None for one that isn't there any more, and for a folder."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime if stat.S_ISREG(found.st_mode) else None
