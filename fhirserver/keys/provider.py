"""Who holds the master key: it wraps the server's wrapping keys and never leaves its provider.

A provider is one file in `providers/`, registered under its name; `FHIRSERVER_KEY_PROVIDER` says
which is in use.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol

from fhirserver.registry import Registry
from fhirserver.settings import Settings


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A key that only the provider can open, and the version of the master key that does."""

    version: str
    data: bytes


class KeyProvider(Protocol):
    """Everything raises errors.KeyUnavailable, with what to do, when the provider can't be had."""

    def wrap(self, key: bytes) -> Wrapped:
        """The key under the newest version of the master key."""

    def unwrap(self, wrapped: Wrapped) -> bytes:
        """The key again."""

    def current(self) -> str:
        """The newest version of the master key."""

    def rotate(self) -> None:
        """Make a new version, by which everything is wrapped from now on."""

    def retire(self, needed: Collection[str]) -> list[str]:
        """Destroy the versions that nothing needs any more, if that is ours to do; which."""

    def health(self) -> str:
        """Where the master key is, in a few words, when it can be reached."""


providers: Registry[Callable[[Settings], KeyProvider]] = Registry("key provider")
