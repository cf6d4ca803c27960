"""Emergencies, the record of accesses, encryption and keys."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fhirserver.settings.fields import setting


@dataclass(frozen=True)
class Privacy:
    """Emergencies, the record of accesses, encryption and keys."""

    policies_need_approval: bool = setting(
        True, "Whether an access policy of one administrator takes effect when another approves it."
    )
    break_glass_minutes: int = setting(
        60, "How long a clinician sees a whole record after $break-glass."
    )
    reauthentication_minutes: int = setting(
        5, "How long ago a user may have signed in who breaks the glass."
    )
    privacy_officer: str | None = setting(
        None,
        "Who is told of broken glass, as a reference such as Practitioner/1 or Organization/2.",
    )
    audit_reads: str = setting(
        "buffered",
        "When an answer that changes nothing leaves: buffered, when its AuditEvent is in a file of "
        "this machine; strict, when it is in the database.",
    )
    audit_most_waiting: int = setting(
        100_000,
        "The most AuditEvents of one web process that wait for the database; then requests are "
        "refused.",
    )
    audit_retention_days: int = setting(
        2192, "After how many days AuditEvents are removed; 0 keeps them for ever."
    )
    audit_legal_hold: bool = setting(
        False,
        "Whether AuditEvents are kept although their time is over: for a court.",
    )
    audit_fail_open: bool = setting(
        False, "Whether requests are answered although their AuditEvents are lost. Leave it off."
    )
    encrypt_binaries: bool = setting(
        True, "Whether the data of Binary resources is stored encrypted, each with its own key."
    )
    seal_labels: str = setting(
        "",
        "Codes of confidentiality, such as V or V,R: resources with such a label are stored "
        "encrypted, and found only by identifier, patient, encounter and meta.",
    )
    blob_dir: Path | None = setting(
        None,
        "Where binary objects are kept, encrypted; all servers share it. DATA_DIR/blobs when not "
        "set.",
    )
    blob_store: str | None = setting(
        None,
        "The bucket of an S3-compatible store where binary objects and DICOM files are kept, "
        "encrypted, instead of in folders: s3://BUCKET or s3://BUCKET/PREFIX.",
    )
    blob_store_endpoint: str | None = setting(
        None, "The address of that store, such as https://s3.example; Amazon's when not set."
    )
    blob_store_region: str | None = setting(
        None, "The region of the bucket; us-east-1 when not set, which other stores ignore."
    )
    blob_store_access_key: str | None = setting(
        None,
        "The access key id for the store. Without it and the secret key they are taken from "
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or from the machine's or container's role.",
    )
    blob_store_secret_key: str | None = setting(
        None, "The secret access key for the store.", secret=True
    )
    key_provider: str = setting(
        "file", "Who holds the master key: file, environment, aws-kms or vault."
    )
    key_file: Path | None = setting(
        None,
        "The file of the master key, for the provider file; DATA_DIR/keys/master.keys when not "
        "set. Made when it is first needed.",
    )
    master_keys: str | None = setting(
        None,
        "Master keys for the provider environment: 32 bytes in base64, the newest first, with "
        "commas between them.",
        secret=True,
    )
    kms_key_id: str | None = setting(
        None, "The key in AWS KMS, by id, ARN or alias. Credentials come as boto3 finds them."
    )
    kms_region: str | None = setting(None, "The AWS region of the key; as boto3 finds it.")
    kms_endpoint_url: str | None = setting(
        None, "Another address of AWS KMS, such as that of a private endpoint."
    )
    vault_url: str | None = setting(None, "The address of Vault, such as https://vault:8200.")
    vault_token_file: Path | None = setting(
        None,
        "The file with Vault's token, such as Vault Agent's sink; VAULT_TOKEN is used when not "
        "set.",
    )
    vault_mount: str = setting("transit", "Where Vault's transit engine is mounted.")
    vault_key: str = setting("fhirserver", "The name of the master key in Vault's transit engine.")
    vault_ca: Path | None = setting(
        None, "Who signs Vault's certificate (PEM), when it isn't a public authority."
    )
