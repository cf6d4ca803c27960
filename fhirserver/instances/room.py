"""Is there room for another instance? Before the disk is full, nothing more is taken."""

from __future__ import annotations

import time
from typing import Final

from fhirserver.errors import Unavailable
from fhirserver.objects import Files
from fhirserver.storage.database import Database
from fhirserver.storage.dicom_rows import total_bytes

_DISK_SECONDS: Final = 1.0
_QUOTA_SECONDS: Final = 10.0


class Room:
    """`free_bytes` of the disk stay free; `quota_bytes` is what all may have, 0 is no limit."""

    def __init__(
        self, database: Database, files: Files, *, free_bytes: int = 0, quota_bytes: int = 0
    ) -> None:
        self._database = database
        self._files = files
        self._free = free_bytes
        self._quota = quota_bytes
        self._disk_until = self._quota_until = 0.0
        self._reason = ""
        self._used = 0

    def ask(self) -> None:
        """Raises Unavailable when there is none."""
        if self._free and time.monotonic() > self._disk_until:
            self._disk_until = time.monotonic() + _DISK_SECONDS
            self._reason = self._of_disk()
        if self._reason:
            raise Unavailable(self._reason)
        if self._quota:
            if time.monotonic() > self._quota_until:
                self._used = total_bytes(self._database)
                self._quota_until = time.monotonic() + _QUOTA_SECONDS
            if self._used >= self._quota:
                raise Unavailable(
                    "the images have reached their quota: remove some, or raise the setting "
                    "FHIRSERVER_DICOM_QUOTA_BYTES"
                )

    def add(self, size: int) -> None:
        """So much has been kept since it was counted."""
        self._used += size

    def _of_disk(self) -> str:
        free = self._files.free_bytes()
        if free is None or free >= self._free:
            return ""
        return (
            "the disk of the images is nearly full: make room, or lower the setting "
            "FHIRSERVER_DICOM_FREE_BYTES"
        )
