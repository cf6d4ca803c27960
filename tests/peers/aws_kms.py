"""AWS KMS as its API reference describes it, as far as a wrapped key goes.

https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PREFIX = "arn:aws:kms:eu-central-1:111122223333:key/"


@dataclass
class KMS:
    """Keys by ARN, each a list of versions; aliases by name."""

    keys: dict[str, list[bytes]] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    state: str = "Enabled"
    fault: str | None = None
    calls: list[str] = field(default_factory=list)

    def answer(self, method: str, path: str, headers: Any, body: dict) -> tuple[int, dict | None]:
        """One call of the JSON protocol."""
        name = headers["X-Amz-Target"].removeprefix("TrentService.")
        self.calls.append(name)
        assert (method, path) == ("POST", "/")
        assert headers["Content-Type"] == "application/x-amz-json-1.1"
        assert headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIATEST/")
        assert "/eu-central-1/kms/aws4_request" in headers["Authorization"]
        if self.fault:
            return 400, {"__type": self.fault, "message": "as the test wants"}
        arn = self._arn(body["KeyId"])
        if arn is None:
            return 400, {"__type": "NotFoundException", "message": "no such key"}
        context = json.dumps(body.get("EncryptionContext", {}), sort_keys=True).encode()
        match name:
            case "Encrypt":
                number = len(self.keys[arn]) - 1
                sealed = AESGCM(self.keys[arn][-1]).encrypt(
                    bytes(12), b64decode(body["Plaintext"]), context
                )
                blob = b64encode(bytes([number]) + sealed).decode()
                return 200, {"CiphertextBlob": blob, "KeyId": arn}
            case "Decrypt":
                blob = b64decode(body["CiphertextBlob"])
                try:
                    plain = AESGCM(self.keys[arn][blob[0]]).decrypt(bytes(12), blob[1:], context)
                except (InvalidTag, IndexError):
                    return 400, {"__type": "InvalidCiphertextException"}
                return 200, {"Plaintext": b64encode(plain).decode(), "KeyId": arn}
            case "DescribeKey":
                about = {"Arn": arn, "KeyId": arn[len(PREFIX) :], "KeyState": self.state}
                return 200, {"KeyMetadata": about}
            case "RotateKeyOnDemand":
                self.keys[arn].append(AESGCM.generate_key(256))
                return 200, {"KeyId": arn}
        return 400, {"__type": "UnsupportedOperationException"}

    def _arn(self, key_id: str) -> str | None:
        arn = self.aliases.get(key_id, key_id)
        arn = arn if arn.startswith(PREFIX) else PREFIX + arn
        return arn if arn in self.keys else None
