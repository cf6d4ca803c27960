"""The master key in a file of the data directory: for development and small sites.

The file is made when it is first needed, and readable only by who runs the server. Whoever has it
and the database can read everything: back it up apart from the database.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Collection
from pathlib import Path

from fhirserver import ids
from fhirserver.errors import KeyUnavailable
from fhirserver.keys import aead, local_keys
from fhirserver.keys.provider import KeyProvider, Wrapped, providers
from fhirserver.settings import Settings


class FileKeys:
    """Keys in a file, one a line, the newest first."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def wrap(self, key: bytes) -> Wrapped:
        keys = self._keys() if self._path.exists() else self._first()
        return local_keys.wrap(keys, key)

    def unwrap(self, wrapped: Wrapped) -> bytes:
        try:
            key = local_keys.unwrap(self._keys(), wrapped)
        except aead.NotAuthentic as error:
            raise KeyUnavailable(
                f"a wrapped key in the database was changed: {error}; restore the schema `keys`"
            ) from error
        if key is None:
            raise KeyUnavailable(
                f"the database's keys are under the master key {wrapped.version}, which isn't in "
                f"{self._path}: put the file of the server that made them there, or its backup"
            )
        return key

    def current(self) -> str:
        return local_keys.fingerprint(self._keys()[0])

    def rotate(self) -> None:
        self._replace([aead.new_key(), *self._keys()])

    def retire(self, needed: Collection[str]) -> list[str]:
        keys = self._keys()
        kept = [k for k in keys if local_keys.fingerprint(k) in needed]
        # The newest stays in any case: it may be about to be used.
        self._replace(kept if keys[0] in kept else [keys[0], *kept])
        return [local_keys.fingerprint(k) for k in keys[1:] if k not in kept]

    def health(self) -> str:
        keys = self._keys()
        return f"{self._path} holds {len(keys)} version{'s' if len(keys) > 1 else ''}"

    def _keys(self) -> list[bytes]:
        try:
            mode = stat.S_IMODE(self._path.stat().st_mode)
            text = self._path.read_text("ascii")
        except FileNotFoundError as error:
            raise KeyUnavailable(
                f"the master key {self._path} is missing: restore it from its backup, or set "
                "FHIRSERVER_KEY_FILE to where it is"
            ) from error
        except (OSError, UnicodeDecodeError) as error:
            raise KeyUnavailable(f"can't read the master key {self._path}: {error}") from error
        if mode & 0o077:
            raise KeyUnavailable(
                f"others may read the master key {self._path}: run chmod 600 {self._path}"
            )
        try:
            keys = local_keys.parse(text)
        except ValueError as error:
            raise KeyUnavailable(f"{self._path} is damaged: {error}") from error
        if not keys:
            raise KeyUnavailable(f"{self._path} is empty: restore it from its backup")
        return keys

    def _first(self) -> list[bytes]:
        """Make the file; of two processes that do so at once, both take the same one."""
        part = self._write([aead.new_key()])
        try:
            with contextlib.suppress(FileExistsError):
                os.link(part, self._path)
        finally:
            part.unlink()
        _sync(self._path.parent)
        return self._keys()

    def _replace(self, keys: Collection[bytes]) -> None:
        self._write(keys).replace(self._path)
        _sync(self._path.parent)

    def _write(self, keys: Collection[bytes]) -> Path:
        """The keys in a new file beside the real one, safe on the disk."""
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            part = self._path.with_name(f"{self._path.name}.{ids.new()}")
            opened = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(opened, "w", encoding="ascii") as file:
                file.write(local_keys.written(keys))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise KeyUnavailable(f"can't write the master key {self._path}: {error}") from error
        return part


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


@providers.register("file")
def file(settings: Settings) -> KeyProvider:
    return FileKeys(settings.key_file or settings.data_dir / "keys" / "master.keys")
