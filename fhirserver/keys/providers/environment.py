"""The master key in an environment variable, put there by an orchestrator's secret store."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from fhirserver.errors import KeyUnavailable
from fhirserver.keys import aead, local_keys
from fhirserver.keys.provider import KeyProvider, Wrapped, providers
from fhirserver.settings import InvalidSetting, Settings

_VARIABLE: Final = "FHIRSERVER_MASTER_KEYS"
_MAKE: Final = "make a key with `openssl rand -base64 32`"


class EnvironmentKeys:
    """Keys given from outside, the newest first."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = keys

    def wrap(self, key: bytes) -> Wrapped:
        return local_keys.wrap(self._keys, key)

    def unwrap(self, wrapped: Wrapped) -> bytes:
        try:
            key = local_keys.unwrap(self._keys, wrapped)
        except aead.NotAuthentic as error:
            raise KeyUnavailable(
                f"a wrapped key in the database was changed: {error}; restore the schema `keys`"
            ) from error
        if key is None:
            raise KeyUnavailable(
                f"the database's keys are under the master key {wrapped.version}, which isn't in "
                f"{_VARIABLE}: add it, behind a comma"
            )
        return key

    def current(self) -> str:
        return local_keys.fingerprint(self._keys[0])

    def rotate(self) -> None:
        raise KeyUnavailable(
            f"the environment can't be changed from here: {_MAKE}, put it first in {_VARIABLE} "
            "with a comma between it and the old one, restart all servers, and rotate again"
        )

    def retire(self, needed: Collection[str]) -> list[str]:
        unneeded = [
            v for k in self._keys[1:] if (v := local_keys.fingerprint(k)) not in set(needed)
        ]
        if unneeded:
            raise KeyUnavailable(
                f"nothing needs the master key {', '.join(unneeded)} any more: take it out of "
                f"{_VARIABLE} (all but the first), and destroy every copy of it"
            )
        return []

    def health(self) -> str:
        return f"{_VARIABLE} holds {len(self._keys)} version{'s' if len(self._keys) > 1 else ''}"


@providers.register("environment")
def environment(settings: Settings) -> KeyProvider:
    try:
        keys = local_keys.parse(settings.master_keys or "")
    except ValueError as error:
        raise InvalidSetting(f"{_VARIABLE}: {error}; {_MAKE}") from error
    if not keys:
        raise InvalidSetting(f"{_VARIABLE} is empty: {_MAKE}")
    return EnvironmentKeys(keys)
