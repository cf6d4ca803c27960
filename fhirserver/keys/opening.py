"""From settings to a keyring: the provider in use, and those that older keys may be under."""

from __future__ import annotations

from fhirserver.keys import providers as files
from fhirserver.keys.keyring import Keyring, KeyRows
from fhirserver.keys.provider import KeyProvider, providers
from fhirserver.registry import discover
from fhirserver.settings import Settings

discover(files)


def provider(settings: Settings, name: str | None = None) -> KeyProvider:
    """The provider of this name, or the one in use."""
    return providers[name or settings.key_provider](settings)


def keyring(settings: Settings, rows: KeyRows) -> Keyring:
    """The keyring over stored keys; a provider is opened when it is first needed."""

    return Keyring(rows, settings.key_provider, lambda name: provider(settings, name))
