"""Rotation: a new master key, a new wrapping key under it, and every data key wrapped anew.

Sealed data is never touched. Servers read and write meanwhile: a data key can be opened by either
wrapping key at any moment. What is interrupted goes on where it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fhirserver.keys.keyring import Keyring
from fhirserver.storage.keys import KeyTables, lock_data_keys_elsewhere, put_data_keys

AT_ONCE: Final = 500


def begun(keyring: Keyring, tables: KeyTables) -> bool:
    """Whether a new wrapping key was made; False when an earlier rotation is to be finished."""
    standing = tables.standing()
    if any(s.data_keys for s in standing[1:]):
        return False
    if standing:
        newest = standing[0].key
        provider = keyring.open(keyring.provider)
        # Another provider, or a master key that was put first in the environment, is new already.
        is_new = newest.provider != keyring.provider or (
            newest.wrapped.version != provider.current()
        )
        if not is_new:
            provider.rotate()
    keyring.add_wrapping_key()
    return True


def rewrap(keyring: Keyring, tables: KeyTables) -> Iterator[int]:
    """Wrap all data keys under the newest wrapping key; yields how many in each transaction."""
    newest = tables.standing()[0].key
    while True:
        with tables.database.transaction() as connection:
            rows = lock_data_keys_elsewhere(connection, newest.id, limit=AT_ONCE)
            put_data_keys(
                connection, [keyring.wrapped(r, keyring.unwrapped(r), newest) for r in rows]
            )
        if not rows:
            return
        yield len(rows)


def retire(keyring: Keyring, tables: KeyTables) -> tuple[int, list[str]]:
    """Destroy the wrapping keys and versions of the master key that nothing needs any more.

    How many wrapping keys, and which versions. Backups from before can only be read together with
    the keys of today.
    """
    old = [s.key.id for s in tables.standing()[1:]]
    removed = tables.remove_wrapping_keys(old)
    needed = [
        s.key.wrapped.version for s in tables.standing() if s.key.provider == keyring.provider
    ]
    keyring.forget()
    return len(removed), keyring.open(keyring.provider).retire(needed) if needed else []
