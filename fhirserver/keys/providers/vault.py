"""The master key in the transit engine of HashiCorp Vault, or of OpenBao.

https://developer.hashicorp.com/vault/api-docs/secret/transit. Needs the extra `vault`. The token
needs update on encrypt/KEY and decrypt/KEY, read on keys/KEY, and, to rotate and retire, update on
keys/KEY/rotate, keys/KEY/config and keys/KEY/trim.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Collection
from typing import Any

from fhirserver.errors import KeyUnavailable
from fhirserver.keys.provider import KeyProvider, Wrapped, providers
from fhirserver.settings import InvalidSetting, Settings


class VaultKeys:
    """A key of the transit engine. `connected` gives a client of hvac with the token of now."""

    def __init__(
        self,
        connected: Callable[[], Any],
        settings: Settings,
        failures: tuple[type[Exception], ...],
    ) -> None:
        self._connected = connected
        self._settings = settings
        self._failures = failures

    def wrap(self, key: bytes) -> Wrapped:
        data = self._asked("encrypt_data", plaintext=b64encode(key).decode())["data"]
        text = data["ciphertext"]
        return Wrapped(self._version(int(text.split(":")[1][1:])), text.encode())

    def unwrap(self, wrapped: Wrapped) -> bytes:
        name = wrapped.version.rpartition(":")[0]
        data = self._asked("decrypt_data", name=name, ciphertext=wrapped.data.decode())["data"]
        return b64decode(data["plaintext"])

    def current(self) -> str:
        return self._version(self._about()["latest_version"])

    def rotate(self) -> None:
        self._asked("rotate_key")

    def retire(self, needed: Collection[str]) -> list[str]:
        about = self._about()
        first = max(about.get("min_available_version", 0), 1)
        numbers = [int(v.rpartition(":v")[2]) for v in needed if v == self._version_of(v)]
        oldest = min([*numbers, about["latest_version"]])
        if oldest == first:
            return []
        # One by one: hvac refuses two that are equal, which Vault takes.
        self._asked("update_key_configuration", min_decryption_version=oldest)
        self._asked("update_key_configuration", min_encryption_version=oldest)
        self._asked("trim_key", min_version=oldest)
        return [self._version(n) for n in range(first, oldest)]

    def health(self) -> str:
        return f"Vault at {self._settings.vault_url} holds {self.current()}"

    def _version(self, number: int) -> str:
        return f"{self._settings.vault_key}:v{number}"

    def _version_of(self, version: str) -> str:
        return self._version(int(version.rpartition(":v")[2]))

    def _about(self) -> dict[str, Any]:
        found: dict[str, Any] = self._asked("read_key")["data"]
        return found

    def _asked(self, call: str, **arguments: Any) -> Any:
        arguments = {
            "name": self._settings.vault_key,
            "mount_point": self._settings.vault_mount,
            **arguments,
        }
        try:
            return getattr(self._connected().secrets.transit, call)(**arguments)
        except self._failures as error:
            advice = _ADVICE.get(type(error).__name__, f"can't be reached ({error})")
            raise KeyUnavailable(f"Vault at {self._settings.vault_url}: {advice}") from error


_ADVICE = {
    "Forbidden": "the token doesn't allow it, or has expired: renew FHIRSERVER_VAULT_TOKEN_FILE, "
    "and see fhirserver/keys/providers/vault.py for the policy that it needs",
    "Unauthorized": "the token isn't accepted: renew FHIRSERVER_VAULT_TOKEN_FILE",
    "InvalidPath": "no such engine or key: check FHIRSERVER_VAULT_MOUNT and FHIRSERVER_VAULT_KEY",
    "InvalidRequest": "it refuses the request: the key may be missing, or a wrapped key was "
    "changed, or its version was retired",
    "VaultDown": "it is sealed: unseal it",
}


@providers.register("vault")
def vault(settings: Settings) -> KeyProvider:
    try:
        import hvac  # noqa: PLC0415 - an optional extra
        from hvac.exceptions import VaultError  # noqa: PLC0415
        from requests import RequestException  # noqa: PLC0415
    except ImportError as error:
        raise InvalidSetting(
            "FHIRSERVER_KEY_PROVIDER: vault needs hvac: run pip install 'fhirserver[vault]'"
        ) from error
    if not settings.vault_url:
        raise InvalidSetting("FHIRSERVER_VAULT_URL: where is Vault? such as https://vault:8200")

    def connected() -> Any:
        # Vault Agent renews the token in its file.
        token = None
        if settings.vault_token_file is not None:
            try:
                token = settings.vault_token_file.read_text("ascii").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise KeyUnavailable(
                    f"can't read Vault's token in {settings.vault_token_file}: {error}"
                ) from error
        verify = True if settings.vault_ca is None else str(settings.vault_ca)
        return hvac.Client(url=settings.vault_url, token=token, verify=verify, timeout=5)

    return VaultKeys(connected, settings, (VaultError, RequestException))
