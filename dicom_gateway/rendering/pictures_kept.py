"""Small pictures that were made before: sealed on the disk, each below the key of its study.

With that key the pictures of a study that is erased or removed are lost, too; their files go when
their folder is full. Names come from the key, so that they tell nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from fhirserver import ids
from fhirserver.instances import InstanceRow
from fhirserver.keys import aead
from fhirserver.keys.keyring import Keyring

MOST_IN_FOLDER: Final = 400
"""Of 256 folders: a hundred thousand pictures, half a gigabyte."""
_PURPOSE: Final = b"dicom thumbnails 1"


class KeptPictures:
    """The pictures in a folder. What can't be read or written is made anew, next time, too."""

    def __init__(self, keyring: Keyring, folder: Path) -> None:
        self._keyring = keyring
        self._folder = folder

    def find(self, instance: InstanceRow, how: str) -> bytes | None:
        """The picture of an instance that was made like this."""
        key, name = self._key(instance, how)
        try:
            return aead.unseal(key, self._path(name).read_bytes(), name.encode())
        except (OSError, aead.NotAuthentic):
            return None

    def keep(self, instance: InstanceRow, how: str, picture: bytes) -> None:
        """Keep a picture."""
        key, name = self._key(instance, how)
        path = self._path(name)
        part = path.with_name(f"{ids.new()}.part")
        with contextlib.suppress(OSError):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            part.write_bytes(aead.seal(key, picture, name.encode()))
            part.rename(path)
            self._make_room(path.parent)

    def _key(self, instance: InstanceRow, how: str) -> tuple[bytes, str]:
        study = self._keyring.key(instance.data_key)
        key = HKDF(SHA256(), 32, None, _PURPOSE).derive(study)
        about = b"%b %b" % (instance.digest, how.encode())
        return key, hmac.new(key, about, hashlib.sha256).hexdigest()

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name

    def _make_room(self, folder: Path) -> None:
        files = list(os.scandir(folder))
        if len(files) <= MOST_IN_FOLDER:
            return
        files.sort(key=lambda f: f.stat().st_mtime)
        for file in files[: len(files) // 2]:
            Path(file.path).unlink(missing_ok=True)
