"""The transit engine of Vault as its API documentation describes it.

https://developer.hashicorp.com/vault/api-docs/secret/transit
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


@dataclass
class Vault:
    """One key, and the token that may use it."""

    name: str = "fhirserver"
    token: str = "s.good"
    is_sealed: bool = False
    versions: dict[int, bytes] = field(default_factory=lambda: {1: AESGCM.generate_key(256)})
    min_decryption: int = 1
    min_encryption: int = 0
    min_available: int = 0

    def answer(self, method: str, path: str, headers: Any, body: dict) -> tuple[int, dict | None]:
        if self.is_sealed:
            return 503, {"errors": ["Vault is sealed"]}
        if headers["X-Vault-Token"] != self.token:
            return 403, {"errors": ["permission denied"]}
        found = re.fullmatch(r"/v1/transit/(\w+)/(\w+)(?:/(\w+))?", path)
        if found is None:
            return 404, {"errors": []}
        match found.groups():
            case ("encrypt", self.name, None):
                number = max(self.versions)
                sealed = AESGCM(self.versions[number]).encrypt(
                    bytes(12), b64decode(body["plaintext"]), b""
                )
                text = f"vault:v{number}:{b64encode(sealed).decode()}"
                return 200, {"data": {"ciphertext": text, "key_version": number}}
            case ("decrypt", self.name, None):
                _, version, text = body["ciphertext"].split(":")
                number = int(version[1:])
                if number < self.min_decryption or number not in self.versions:
                    return 400, {"errors": ["ciphertext or signature version is disallowed"]}
                try:
                    plain = AESGCM(self.versions[number]).decrypt(bytes(12), b64decode(text), b"")
                except InvalidTag:
                    return 400, {"errors": ["cipher: message authentication failed"]}
                return 200, {"data": {"plaintext": b64encode(plain).decode()}}
            case ("keys", self.name, None) if method == "GET":
                return 200, {
                    "data": {
                        "name": self.name,
                        "type": "aes256-gcm96",
                        "latest_version": max(self.versions),
                        "min_decryption_version": self.min_decryption,
                        "min_encryption_version": self.min_encryption,
                        "min_available_version": self.min_available,
                    }
                }
            case ("keys", self.name, "rotate"):
                self.versions[max(self.versions) + 1] = AESGCM.generate_key(256)
                return 204, None
            case ("keys", self.name, "config"):
                self.min_decryption = body.get("min_decryption_version", self.min_decryption)
                self.min_encryption = body.get("min_encryption_version", self.min_encryption)
                return 204, None
            case ("keys", self.name, "trim"):
                wanted = body["min_available_version"]
                if not self.min_encryption or wanted > self.min_decryption:
                    return 400, {"errors": ["cannot trim what may still be used"]}
                self.min_available = wanted
                self.versions = {n: k for n, k in self.versions.items() if n >= wanted}
                return 204, None
        return 400, {"errors": ["encryption key not found"]}
