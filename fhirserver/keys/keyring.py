"""The keyring: data keys by id, wrapped under wrapping keys, which the provider's master key wraps.

    master key (provider)  wraps  wrapping keys (a few)  wrap  data keys (many)  seal data

So a provider far away is asked once for a wrapping key, not for each of a million data keys, and
rotation rewrites wrapped keys and never data. What was unwrapped is kept for five minutes.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar
from uuid import UUID

from fhirserver import ids
from fhirserver.errors import KeyUnavailable
from fhirserver.keys import aead
from fhirserver.keys.provider import KeyProvider, Wrapped

log = logging.getLogger(__name__)

REMEMBERED_SECONDS: Final = 300.0
MOST_REMEMBERED: Final = 20_000
_ATTEMPTS: Final = 3

K = TypeVar("K")
V = TypeVar("V")


class KeyDestroyed(Exception):
    """A data key was destroyed, and with it everything that was sealed with it."""


@dataclass(frozen=True, slots=True)
class WrappingKey:
    """A wrapping key as it is stored."""

    id: UUID
    provider: str
    wrapped: Wrapped


@dataclass(frozen=True, slots=True)
class DataKey:
    """A data key as it is stored; `wrapped` is None when it was destroyed.

    `owner` is the digest of the patient's address, None for what is nobody's.
    """

    id: UUID
    purpose: str
    owner: int | None
    wrapping: UUID
    wrapped: bytes | None


class KeyRows(Protocol):
    """Where wrapped keys are kept; storage implements it."""

    def wrapping_keys(self) -> Sequence[WrappingKey]:
        """All of them, the newest first."""

    def add_wrapping_key(self, key: WrappingKey) -> None: ...

    def data_key(self, id_: UUID) -> DataKey | None: ...

    def data_keys(self, ids: Collection[UUID]) -> Sequence[DataKey]: ...

    def data_key_for(self, purpose: str, owner: int | None) -> DataKey | None:
        """The one shared by all that is sealed for this purpose and owner, not destroyed."""

    def add_data_key(self, key: DataKey, *, shared: bool) -> bool:
        """Keep it, whatever becomes of the caller's transaction.

        False when its wrapping key is gone meanwhile, or somebody else was faster with a shared
        one.
        """


def place(key: DataKey) -> bytes:
    """What a wrapped data key is bound to, so that rows can't be exchanged."""
    return f"data key {key.id} {key.purpose} {key.owner}".encode()


class _Remembered(Generic[K, V]):
    """Values for some minutes."""

    def __init__(self) -> None:
        self._held: dict[K, tuple[float, V]] = {}
        self._lock = threading.Lock()

    def get(self, key: K) -> V | None:
        found = self._held.get(key)
        return found[1] if found is not None and found[0] > time.monotonic() else None

    def put(self, key: K, value: V) -> V:
        with self._lock:
            if len(self._held) >= MOST_REMEMBERED:
                self._held.clear()
            self._held[key] = (time.monotonic() + REMEMBERED_SECONDS, value)
        return value

    def clear(self) -> None:
        with self._lock:
            self._held.clear()


class Keyring:
    """`provider` is the name of the one in use; `opened` opens any by its name."""

    def __init__(self, rows: KeyRows, provider: str, opened: Callable[[str], KeyProvider]) -> None:
        self.rows = rows
        self.provider = provider
        self._open = opened
        self._opened: dict[str, KeyProvider] = {}
        self._wrapping: _Remembered[UUID, bytes] = _Remembered()
        self._newest: _Remembered[None, WrappingKey] = _Remembered()
        self._data: _Remembered[UUID, bytes] = _Remembered()
        self._destroyed: _Remembered[UUID, bool] = _Remembered()
        self._shared: _Remembered[tuple[str, int | None], UUID] = _Remembered()

    def key(self, id_: UUID) -> bytes:
        """A data key. Raises KeyDestroyed, or errors.KeyUnavailable."""
        known = self.remembered(id_)
        if known is not None:
            return known
        if self._destroyed.get(id_):
            raise KeyDestroyed(str(id_))
        row = self.rows.data_key(id_)
        if row is None:
            raise unavailable(
                f"the key {id_} isn't in the database: import the newest export of its keys"
            )
        return self._data.put(id_, self.unwrapped(row))

    def fetch(self, ids: Collection[UUID]) -> None:
        """Have these keys at hand, those that there are, and know which were destroyed."""
        for row in self.rows.data_keys(ids):
            if row.wrapped is None:
                self._destroyed.put(row.id, True)
            else:
                self._data.put(row.id, self.unwrapped(row))

    def remembered(self, id_: UUID) -> bytes | None:
        """A data key that was used in the last minutes."""
        return self._data.get(id_)

    def is_settled(self, id_: UUID) -> bool:
        """Whether `key` answers for it without asking the database."""
        return self._data.get(id_) is not None or bool(self._destroyed.get(id_))

    def unwrapped(self, row: DataKey) -> bytes:
        """What a stored data key holds, not remembered."""
        if row.wrapped is None:
            raise KeyDestroyed(str(row.id))
        try:
            return aead.unseal(self._wrapping_key(row.wrapping), row.wrapped, place(row))
        except aead.NotAuthentic as error:
            raise unavailable(f"the wrapped key {row.id} was changed: restore it") from error

    def shared(
        self, purpose: str, owner: int | None = None, *, is_fresh: bool = False
    ) -> tuple[UUID, bytes]:
        """The key that all share who seal for this purpose and owner; made when it is missing.

        `is_fresh`: never one that was destroyed in the last minutes.
        """
        known = None if is_fresh else self._shared.get((purpose, owner))
        if known is not None and (key := self._data.get(known)) is not None:
            return known, key
        for _ in range(_ATTEMPTS):
            row = self.rows.data_key_for(purpose, owner)
            found = (
                self._added(purpose, owner, shared=True)
                if row is None
                else (row.id, self._held(row))
            )
            if found is not None:
                self._shared.put((purpose, owner), found[0])
                return found
        raise unavailable("keys were rotated and made again and again: try again")

    def _held(self, row: DataKey) -> bytes:
        known = self._data.get(row.id)
        return self._data.put(row.id, self.unwrapped(row)) if known is None else known

    def new(self, purpose: str, owner: int | None = None) -> tuple[UUID, bytes]:
        """A data key of its own for one object."""
        for _ in range(_ATTEMPTS):
            made = self._added(purpose, owner, shared=False)
            if made is not None:
                return made
        raise unavailable("keys were rotated again and again: try again")

    def forget(self) -> None:
        """Read everything anew: keys were destroyed or imported."""
        for held in (self._wrapping, self._newest, self._data, self._destroyed, self._shared):
            held.clear()

    def open(self, provider: str) -> KeyProvider:
        """A provider by its name, opened once."""
        if provider not in self._opened:
            self._opened[provider] = self._open(provider)
        return self._opened[provider]

    def newest(self) -> WrappingKey:
        """The wrapping key that new data keys come under; the first is made here."""
        known = self._newest.get(None)
        if known is not None:
            return known
        rows = self.rows.wrapping_keys()
        return self._newest.put(None, rows[0] if rows else self.add_wrapping_key())

    def add_wrapping_key(self) -> WrappingKey:
        """A new wrapping key under the newest version of the master key."""
        key = aead.new_key()
        row = WrappingKey(UUID(ids.new()), self.provider, self.open(self.provider).wrap(key))
        self.rows.add_wrapping_key(row)
        self._wrapping.put(row.id, key)
        return self._newest.put(None, row)

    def wrapped(self, row: DataKey, key: bytes, under: WrappingKey) -> DataKey:
        """A data key wrapped under a wrapping key."""
        sealed = aead.seal(self._wrapping_key(under.id), key, place(row))
        return DataKey(row.id, row.purpose, row.owner, under.id, sealed)

    def _added(self, purpose: str, owner: int | None, *, shared: bool) -> tuple[UUID, bytes] | None:
        under, key = self.newest(), aead.new_key()
        row = self.wrapped(DataKey(UUID(ids.new()), purpose, owner, under.id, None), key, under)
        if not self.rows.add_data_key(row, shared=shared):
            self._newest.clear()
            return None
        return row.id, self._data.put(row.id, key)

    def _wrapping_key(self, id_: UUID) -> bytes:
        known = self._wrapping.get(id_)
        if known is not None:
            return known
        row = next((r for r in self.rows.wrapping_keys() if r.id == id_), None)
        if row is None:
            raise unavailable(
                f"the wrapping key {id_} isn't in the database: import the newest export of its "
                "keys"
            )
        try:
            return self._wrapping.put(id_, self.open(row.provider).unwrap(row.wrapped))
        except KeyUnavailable as error:
            log.error("key_provider", extra={"provider": row.provider, "advice": str(error)})  # noqa: TRY400
            raise


def unavailable(advice: str) -> KeyUnavailable:
    """The error, on record for those who can do something about it."""
    log.error("key_unavailable", extra={"advice": advice})
    return KeyUnavailable(advice)
