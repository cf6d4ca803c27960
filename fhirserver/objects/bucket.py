"""Sealed files in a bucket of an S3-compatible store, through obstore.

    FHIRSERVER_BLOB_STORE=s3://BUCKET/PREFIX

They have the names, and byte for byte the content, that they would have in a folder, so that files
can be moved from one to the other. `close` returns when the store has confirmed the object: then it
is there, whole, under its name; before that nobody sees anything. Every request is signed with the
SHA-256 of what it brings, so the store refuses what was changed on the way.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel
"""

from __future__ import annotations

import functools
import itertools
import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from fhirserver.errors import Unavailable
from fhirserver.keys.aead import NotAuthentic
from fhirserver.keys.chunks import CHUNK_BYTES, SEALED_BYTES, SealedObject, Sealing, sealed_size
from fhirserver.objects.files import Lying, Writing

if TYPE_CHECKING:
    from obstore import WritableFile
    from obstore.store import S3Store

log = logging.getLogger(__name__)

PART_BYTES: Final = 5 * 1024 * 1024
"""What a store takes at least as a part of an upload; what is smaller goes in one request."""
AT_ONCE: Final = 2
"""So many parts of a file are on their way at most."""
WINDOW_BYTES: Final = 16 * SEALED_BYTES
"""So much is asked for at once, where so much is wanted."""
_REMOVED_AT_ONCE: Final = 1000
_CONNECT: Final = timedelta(seconds=5)
_REQUEST: Final = timedelta(seconds=60)
_RETRIES: Final = 3
_RETRY: Final = timedelta(seconds=20)


class StoreAway(Unavailable):
    """The object store doesn't answer, or not as it should."""


@contextmanager
def _asking() -> Iterator[None]:
    """What the store's client raises becomes StoreAway, but FileNotFoundError."""
    from obstore.exceptions import BaseError  # noqa: PLC0415

    try:
        yield
    except FileNotFoundError:
        raise
    except (BaseError, OSError) as error:
        # Its text may hold the request with its signature.
        log.warning("object_store_failed", extra={"error": type(error).__name__})
        raise StoreAway(
            "the object store can't be reached, or refuses: see FHIRSERVER_BLOB_STORE"
        ) from error


class Bucket:
    """Files in a bucket below a prefix. `open_store` is called when the first one is wanted.

    That is in the process that wants it: the client's threads don't live through a fork.
    """

    def __init__(self, open_store: Callable[[], S3Store], digits: int) -> None:
        self._open = open_store
        self._digits = digits

    @functools.cached_property
    def _store(self) -> S3Store:
        return self._open()

    def name(self, id_: UUID) -> str:
        """The object's name below the prefix."""
        return f"{self.folder_of(id_)}/{id_.hex}"

    def begin(self, id_: UUID, key: bytes) -> Writing:
        """A new file: the store hears of it with the first part, or with all of it."""
        return Upload(self._store, self.name(id_), Sealing(key, id_.bytes))

    def settle(self, written: Collection[Writing]) -> None:
        """They are there: the store has confirmed each."""

    def read(
        self, id_: UUID, key: bytes, size: int, start: int = 0, stop: int | None = None
    ) -> Iterator[bytes]:
        """A file's bytes. Raises NotAuthentic, FileNotFoundError, StoreAway."""
        end = size if stop is None else min(stop, size)
        sealed = sealed_size(size)
        until = min(sealed, -(-end // CHUNK_BYTES) * SEALED_BYTES)
        window = _Window(self._store, self.name(id_), sealed, until)
        yield from SealedObject(key, id_.bytes, window.read, sealed).read(start, stop)

    def is_there(self, id_: UUID) -> bool:
        """Whether there is such a file. Raises StoreAway."""
        import obstore  # noqa: PLC0415

        try:
            with _asking():
                obstore.head(self._store, self.name(id_))
        except FileNotFoundError:
            return False
        return True

    def remove(self, ids: Collection[UUID]) -> None:
        """Take files away. Raises StoreAway."""
        self._remove(sorted(map(self.name, ids)))

    def remove_found(self, found: Collection[Lying]) -> None:
        """Take files away. Raises StoreAway."""
        self._remove([file.name for file in found])

    def _remove(self, names: list[str]) -> None:
        import obstore  # noqa: PLC0415

        for at in range(0, len(names), _REMOVED_AT_ONCE):
            with _asking(), suppress(FileNotFoundError):
                obstore.delete(self._store, names[at : at + _REMOVED_AT_ONCE])

    def folders(self) -> Iterator[tuple[str, list[Lying]]]:
        """All files, as the store lists them: by name. Raises StoreAway."""
        for folder, files in itertools.groupby(self._listed(), key=_folder):
            yield folder, list(files)

    def _listed(self) -> Iterator[Lying]:
        import obstore  # noqa: PLC0415

        with _asking():
            pages = iter(obstore.list(self._store))
        while True:
            with _asking():
                page = next(pages, None)
            if page is None:
                return
            for meta in page:
                with suppress(ValueError):
                    id_ = UUID(meta["path"].rpartition("/")[2])
                    yield Lying(id_, meta["path"], meta["last_modified"].timestamp())

    def tidy(self, folder: str, before: float) -> None:
        """A bucket has no folders."""

    def folder_of(self, id_: UUID) -> str:
        """Two levels, with a slash between them."""
        name, n = id_.hex, self._digits
        return f"{name[:n]}/{name[n : 2 * n]}"

    def free_bytes(self) -> int | None:
        """Nobody knows."""
        return None


class Upload:
    """A file on its way: in one request, or in parts when it is large."""

    def __init__(self, store: S3Store, name: str, sealing: Sealing) -> None:
        self.size = 0
        self._store = store
        self._name = name
        self._sealing = sealing
        self._is_closed = False
        self._writer: WritableFile | None = None

    def write(self, piece: bytes | bytearray | memoryview) -> None:
        """Seal some more. Raises StoreAway."""
        self.size += len(piece)
        for sealed in self._sealing.add(piece):
            self._put(sealed)

    def close(self) -> None:
        """Send the rest, and wait until the store has confirmed all. Raises StoreAway."""
        self._put(self._sealing.end())
        assert self._writer is not None
        try:
            with _asking():
                self._writer.close()
        except FileNotFoundError as error:
            raise StoreAway("there is no such bucket: see FHIRSERVER_BLOB_STORE") from error
        self._is_closed = True

    def discard(self) -> None:
        """Take it away. What the store doesn't hear of, its sweep or a rule of the bucket does."""
        import obstore  # noqa: PLC0415

        with suppress(StoreAway, FileNotFoundError), _asking():
            if self._is_closed:
                obstore.delete(self._store, self._name)
            elif self._writer is not None:
                writer, self._writer = self._writer, None
                writer.__exit__(StoreAway, StoreAway(), None)

    def _put(self, sealed: bytes) -> None:
        try:
            with _asking():
                if self._writer is None:
                    self._writer = self._opened()
                self._writer.write(sealed)
        except FileNotFoundError as error:
            raise StoreAway("there is no such bucket: see FHIRSERVER_BLOB_STORE") from error

    def _opened(self) -> WritableFile:
        import obstore  # noqa: PLC0415

        return obstore.open_writer(
            self._store, self._name, buffer_size=PART_BYTES, max_concurrency=AT_ONCE
        )


def _folder(file: Lying) -> str:
    return file.name.rpartition("/")[0]


class _Window:
    """An object of `size` as it is read: forward, some chunks with each request, to `until`."""

    def __init__(self, store: S3Store, name: str, size: int, until: int) -> None:
        self._store = store
        self._name = name
        self._size = size
        self._until = until
        self._at = 0
        self._held = b""

    def read(self, at: int, length: int) -> bytes:
        """Up to so many bytes from a place on."""
        length = min(length, self._size - at)
        if not self._at <= at <= at + length <= self._at + len(self._held):
            if self._size <= WINDOW_BYTES:
                self._held, self._at = self._asked(0, self._size), 0
            elif at + length > self._until:
                # The end, of which only the seal is wanted.
                return self._asked(at, length)
            else:
                most = max(length, min(WINDOW_BYTES, self._until - at))
                self._held, self._at = self._asked(at, most), at
        begin = at - self._at
        return self._held[begin : begin + length]

    def _asked(self, at: int, length: int) -> bytes:
        import obstore  # noqa: PLC0415

        try:
            with _asking():
                found = obstore.get(self._store, self._name, options={"range": (at, at + length)})
                if found.meta["size"] != self._size:
                    raise NotAuthentic("the object is cut")
                return found.bytes().to_bytes()
        except StoreAway:
            # Also what a store says of a range that begins behind the end.
            with _asking():
                if obstore.head(self._store, self._name)["size"] != self._size:
                    raise NotAuthentic("the object is cut") from None
            raise


def opened(
    bucket: str,
    prefix: str,
    *,
    endpoint: str | None,
    region: str | None,
    keys: tuple[str, str] | None,
) -> S3Store:
    """A store's client. Without `keys` credentials are looked for as every client of S3 does."""
    from obstore.store import S3Store  # noqa: PLC0415

    config: dict[str, str] = {}
    if endpoint:
        config["endpoint"] = endpoint
    config["region"] = region or "us-east-1"
    if keys is not None:
        config["access_key_id"], config["secret_access_key"] = keys
    return S3Store(
        bucket,
        prefix=prefix,
        config=config,  # type: ignore[arg-type]
        client_options={
            "allow_http": bool(endpoint and endpoint.startswith("http://")),
            "connect_timeout": _CONNECT,
            "timeout": _REQUEST,
        },
        retry_config={"max_retries": _RETRIES, "retry_timeout": _RETRY},
    )
