"""What the extension of a peer says, member by member. Raises Invalid for what can't be used."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fhirserver.errors import Invalid
from fhirserver.model.resource import Resource

EXTENSION: Final = "https://fhirserver.example/StructureDefinition/dicom-peer"
_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}")
# PS3.5 table 6.2-1, AE: no backslash and no control characters, not only spaces.
_AE_TITLE: Final = re.compile(r"[\x20-\x5b\x5d-\x7e]{1,16}")


class Members:
    """The members of the extension `dicom-peer` of an Endpoint."""

    def __init__(self, extension: Resource) -> None:
        self._parts: dict[str, list[Resource]] = {}
        for part in extension.get("extension", ()):
            self._parts.setdefault(part.get("url", ""), []).append(part)

    def texts(self, name: str) -> tuple[str, ...]:
        """All values of a name, in order."""
        found = (_value(p) for p in self._parts.get(name, ()))
        return tuple(str(v) for v in found if v is not None)

    def text(self, name: str, otherwise: str = "") -> str:
        """The one value of a name."""
        return next(iter(self.texts(name)), otherwise)

    def pairs(self, name: str, key: str, value: str) -> Mapping[str, str]:
        """What complex members say: `key` to `value`."""
        inner = [Members(p) for p in self._parts.get(name, ())]
        return {m.text(key): m.text(value) for m in inner if m.text(value)}


def members(endpoint: Resource) -> Members | None:
    """The extension of a peer; None for who is none."""
    for extension in endpoint.get("extension", ()):
        if extension.get("url") == EXTENSION:
            return Members(extension)
    return None


def ae_title(written: str) -> str:
    """An AE title without the spaces around it, checked."""
    found = written.strip(" ")
    if not _AE_TITLE.fullmatch(found):
        raise Invalid("ae-title is not a title of 1 to 16 signs without a backslash")
    return found


def fingerprints(members: Members) -> frozenset[str]:
    """SHA-256 fingerprints of certificates, as 64 small hexadecimal digits.

    Colons and capitals, as OpenSSL prints them, may be in what was written.
    """
    found = frozenset(v.replace(":", "").lower() for v in members.texts("certificate"))
    if not all(map(_FINGERPRINT.fullmatch, found)):
        raise Invalid("certificate is not the SHA-256 fingerprint of a certificate: 64 hex digits")
    return found


def networks(members: Members) -> tuple[str, ...]:
    """Addresses and networks, checked."""
    found = members.texts("address")
    for one in found:
        try:
            ipaddress.ip_network(one, strict=False)
        except ValueError as error:
            raise Invalid(f"{one} is neither an address nor a network") from error
    return found


def zone(members: Members) -> str | None:
    """The name of a time zone, checked."""
    name = members.text("time-zone")
    if not name:
        return None
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Invalid(f"{name} is not a time zone, such as Europe/Berlin") from error
    return name


def chosen(value: str, legal: frozenset[str], name: str) -> str:
    """One of some values."""
    if value not in legal:
        raise Invalid(f"{name} is {value}, which is none of {', '.join(sorted(legal))}")
    return value


def _value(part: Resource) -> Any:
    return next((v for k, v in part.items() if k.startswith("value")), None)
