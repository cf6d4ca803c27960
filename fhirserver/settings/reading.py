"""Settings from the environment, and back into one for children."""

from __future__ import annotations

import dataclasses
import os
import re
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from zoneinfo import ZoneInfo

from fhirserver.settings.all import Settings
from fhirserver.settings.fields import InvalidSetting

CONFIDENTIALITY = frozenset("ULMNRV")
CHOICES = {
    "profile_validation": ("reject", "warn", "tag", "off"),
    "check_references": ("reject", "off"),
    "prescription_checks": ("off", "warn", "require"),
    "prescription_rules": ("people", "everyone", "off"),
    "appointment_rules": ("everyone", "people", "off"),
    "audit_reads": ("buffered", "strict"),
    "key_provider": ("file", "environment", "aws-kms", "vault"),
    "smtp_tls": ("starttls", "tls", "off"),
    "client_registration": ("off", "token", "open"),
    "hl7v2_unknown_senders": ("refuse", "accept"),
    "dicom_unknown_peers": ("refuse", "accept"),
}

_ADDRESS = re.compile(r"(https?|wss?)://[A-Za-z0-9.-]+(:\d+)?(/[A-Za-z0-9._~/-]*)?")
_BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_-][A-Za-z0-9._-]*)*/?")
_APP_CLIENT = re.compile(r"[a-z0-9-]+@https?://[^=]+=[!-~]+")


def read(environment: Mapping[str, str] | None = None, **overrides: object) -> Settings:
    """The settings: defaults, then `FHIRSERVER_*` variables, then overrides that are not None.

    Raises InvalidSetting, naming the variable, for a value that can't be used.
    """
    source = os.environ if environment is None else environment  # noqa: TID251 - the one place
    hints = typing.get_type_hints(Settings)
    values: dict[str, object] = {}
    for item in dataclasses.fields(Settings):
        variable = f"FHIRSERVER_{item.name.upper()}"
        text = source.get(variable) or _in_file(f"{variable}_FILE", source)
        if text:
            values[item.name] = _convert(variable, text, hints[item.name])
    values.update({k: v for k, v in overrides.items() if v is not None})
    settings = Settings(**values)  # type: ignore[arg-type]
    for name, choices in CHOICES.items():
        if getattr(settings, name) not in choices:
            raise InvalidSetting(
                f"FHIRSERVER_{name.upper()}: {getattr(settings, name)!r} is none of "
                + ", ".join(choices)
            )
    unknown = set(settings.seal_labels.replace(",", " ").split()) - CONFIDENTIALITY
    if unknown:
        raise InvalidSetting(
            f"FHIRSERVER_SEAL_LABELS: {', '.join(sorted(unknown))} is no code of confidentiality "
            "such as V or R"
        )
    if not all(h.strip().isdecimal() for h in settings.reminder_hours.split(",") if h.strip()):
        raise InvalidSetting(
            "FHIRSERVER_REMINDER_HOURS: whole hours with commas between them, such as 48,2"
        )
    if (settings.tls_certificate is None) != (settings.tls_key is None):
        raise InvalidSetting("FHIRSERVER_TLS_CERTIFICATE and FHIRSERVER_TLS_KEY go together")
    if settings.tls_client_ca is not None and settings.tls_certificate is None:
        raise InvalidSetting("FHIRSERVER_TLS_CLIENT_CA needs FHIRSERVER_TLS_CERTIFICATE")
    for name in ("MLLP", "DICOM"):
        certificate, key, authority = (
            getattr(settings, f"{name.lower()}_tls_{part}")
            for part in ("certificate", "key", "client_ca")
        )
        if (certificate is None) != (key is None):
            raise InvalidSetting(
                f"FHIRSERVER_{name}_TLS_CERTIFICATE and FHIRSERVER_{name}_TLS_KEY go together"
            )
        if authority is not None and certificate is None:
            raise InvalidSetting(
                f"FHIRSERVER_{name}_TLS_CLIENT_CA needs FHIRSERVER_{name}_TLS_CERTIFICATE"
            )
    if settings.blob_store is not None and not _BUCKET.fullmatch(settings.blob_store):
        raise InvalidSetting(
            f"FHIRSERVER_BLOB_STORE: {settings.blob_store!r} is not a bucket such as "
            "s3://hospital-files or s3://hospital-files/fhirserver"
        )
    if settings.blob_store_endpoint is not None and not _ADDRESS.fullmatch(
        settings.blob_store_endpoint
    ):
        raise InvalidSetting(
            f"FHIRSERVER_BLOB_STORE_ENDPOINT: {settings.blob_store_endpoint!r} is not an address "
            "such as https://s3.example"
        )
    if (settings.blob_store_access_key is None) != (settings.blob_store_secret_key is None):
        raise InvalidSetting(
            "FHIRSERVER_BLOB_STORE_ACCESS_KEY and FHIRSERVER_BLOB_STORE_SECRET_KEY go together"
        )
    for part in settings.app_clients.split():
        if not _APP_CLIENT.fullmatch(part):
            raise InvalidSetting(
                f"FHIRSERVER_APP_CLIENTS: {part!r} is not APP@BASE=CLIENT_ID, such as "
                "chart@https://ehr.example/fhir=1234"
            )
    for name in ("app_issuers", "app_connect_origins"):
        for part in getattr(settings, name).split():
            # It becomes part of a content security policy.
            if not re.fullmatch(
                r"(https?|wss?)://[A-Za-z0-9.-]+(:\d+)?(/[A-Za-z0-9._~/-]*)?", part
            ):
                raise InvalidSetting(
                    f"FHIRSERVER_{name.upper()}: {part!r} is not an address such as "
                    "https://ehr.example"
                )
    try:
        ZoneInfo(settings.time_zone)
    except (KeyError, ValueError, OSError) as error:
        raise InvalidSetting(
            f"FHIRSERVER_TIME_ZONE: {settings.time_zone!r} is not a time zone such as Europe/Vienna"
        ) from error
    return settings


def variables(settings: Settings) -> dict[str, str]:
    """The environment from which `read` makes these settings in a child: ours, with them in it."""
    ours = {
        f"FHIRSERVER_{f.name.upper()}": getattr(settings, f.name)
        for f in dataclasses.fields(Settings)
    }
    others = {k: v for k, v in os.environ.items() if k not in ours}  # noqa: TID251 - as above
    return others | {k: str(v) for k, v in ours.items() if v is not None}


def _in_file(variable: str, source: Mapping[str, str]) -> str:
    """The value in the file that a variable names: how containers are given secrets."""
    if not source.get(variable):
        return ""
    try:
        return Path(source[variable]).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidSetting(f"{variable}: {source[variable]} can't be read") from error


def _convert(variable: str, text: str, hint: typing.Any) -> object:
    if isinstance(hint, types.UnionType):
        hint = next(h for h in typing.get_args(hint) if h is not types.NoneType)
    try:
        return _BOOLEAN[text.lower()] if hint is bool else hint(text)
    except (ValueError, KeyError) as error:
        raise InvalidSetting(f"{variable}: {text!r} is not {_NOUN.get(hint, 'usable')}") from error


_BOOLEAN = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
_NOUN = {int: "a whole number", float: "a number", bool: "true or false"}
