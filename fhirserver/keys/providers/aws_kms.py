"""The master key in AWS KMS: it never leaves Amazon's hardware.

https://docs.aws.amazon.com/kms/latest/APIReference/Welcome.html. Needs the extra `aws`. The caller
needs kms:Encrypt, kms:Decrypt, kms:DescribeKey and, to rotate, kms:RotateKeyOnDemand.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final

from fhirserver.errors import KeyUnavailable
from fhirserver.keys.provider import KeyProvider, Wrapped, providers
from fhirserver.settings import InvalidSetting, Settings

# Bound to what is wrapped, and shown in CloudTrail.
_CONTEXT: Final = {"fhirserver": "wrapping key"}

_ADVICE: Final = {
    "NotFoundException": "no such key: check FHIRSERVER_KMS_KEY_ID and FHIRSERVER_KMS_REGION",
    "AccessDeniedException": "the key's policy doesn't allow it: allow kms:Encrypt, kms:Decrypt, "
    "kms:DescribeKey and kms:RotateKeyOnDemand to the server's role",
    "DisabledException": "the key is disabled: enable it in AWS KMS",
    "KMSInvalidStateException": "the key is about to be deleted: cancel that in AWS KMS",
    "InvalidCiphertextException": "a wrapped key was changed, or is under another key: restore the "
    "schema `keys`",
    "LimitExceededException": "AWS has no more rotations for this key: make a new one, set "
    "FHIRSERVER_KMS_KEY_ID to it, and rotate again",
}


class KMSKeys:
    """A key of AWS KMS, over a client of boto3."""

    def __init__(self, client: Any, key_id: str, failures: tuple[type[Exception], ...]) -> None:
        self._client = client
        self._key_id = key_id
        self._failures = failures

    def wrap(self, key: bytes) -> Wrapped:
        answer = self._asked(
            self._client.encrypt,
            KeyId=self._key_id,
            Plaintext=key,
            EncryptionContext=_CONTEXT,
        )
        return Wrapped(answer["KeyId"], answer["CiphertextBlob"])

    def unwrap(self, wrapped: Wrapped) -> bytes:
        # The key is named, so that nobody can pass off what another key has wrapped.
        answer = self._asked(
            self._client.decrypt,
            KeyId=wrapped.version,
            CiphertextBlob=wrapped.data,
            EncryptionContext=_CONTEXT,
        )
        key: bytes = answer["Plaintext"]
        return key

    def current(self) -> str:
        found: str = self._asked(self._client.describe_key, KeyId=self._key_id)["KeyMetadata"][
            "Arn"
        ]
        return found

    def rotate(self) -> None:
        self._asked(self._client.rotate_key_on_demand, KeyId=self.current())

    def retire(self, needed: Collection[str]) -> list[str]:
        """Nothing: Amazon keeps all versions of a key, and deleting keys is an administrator's."""
        return []

    def health(self) -> str:
        about = self._asked(self._client.describe_key, KeyId=self._key_id)["KeyMetadata"]
        if about["KeyState"] != "Enabled":
            raise KeyUnavailable(f"AWS KMS: the key {about['Arn']} is {about['KeyState']}")
        return f"AWS KMS holds {about['Arn']}"

    def _asked(self, call: Callable[..., Any], **arguments: Any) -> Any:
        try:
            return call(**arguments)
        except self._failures as error:
            code = getattr(error, "response", {}).get("Error", {}).get("Code", "")
            advice = _ADVICE.get(
                code, f"{error}; check FHIRSERVER_KMS_REGION, the credentials and the network"
            )
            raise KeyUnavailable(f"AWS KMS: {advice}") from error


@providers.register("aws-kms")
def aws_kms(settings: Settings) -> KeyProvider:
    try:
        import boto3  # noqa: PLC0415 - an optional extra
        from botocore.config import Config  # noqa: PLC0415
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415
    except ImportError as error:
        raise InvalidSetting(
            "FHIRSERVER_KEY_PROVIDER: aws-kms needs boto3: run pip install 'fhirserver[aws]'"
        ) from error
    if not settings.kms_key_id:
        raise InvalidSetting("FHIRSERVER_KMS_KEY_ID: which key of AWS KMS? its id, ARN or alias")
    try:
        client = boto3.client(
            "kms",
            region_name=settings.kms_region,
            endpoint_url=settings.kms_endpoint_url,
            config=Config(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 3}),
        )
    except (BotoCoreError, ValueError) as error:
        raise InvalidSetting(f"FHIRSERVER_KMS_REGION: {error}") from error
    return KMSKeys(client, settings.kms_key_id, (BotoCoreError, ClientError))
