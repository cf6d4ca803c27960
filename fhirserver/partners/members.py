"""What an extension of an Endpoint says, member by member. Raises Invalid for what is of no use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fhirserver.errors import Invalid
from fhirserver.model.resource import Resource

_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}")


class Members:
    """The members of an extension, or of a complex member of it, by their names."""

    def __init__(self, extension: Resource) -> None:
        self._parts: dict[str, list[Resource]] = {}
        for part in extension.get("extension", ()):
            self._parts.setdefault(part.get("url", ""), []).append(part)

    def all(self, name: str) -> list[Any]:
        """The values of one name, in order."""
        return [found for p in self._parts.get(name, ()) if (found := _value(p)) is not None]

    def text(self, name: str, otherwise: str = "") -> str:
        """The one value of a name."""
        found = self.all(name)
        return str(found[0]) if found else otherwise

    def texts(self, name: str) -> tuple[str, ...]:
        """All values of a name."""
        return tuple(str(v) for v in self.all(name))

    def pairs(self, name: str, key: str, value: str) -> Mapping[str, str]:
        """What complex members say: `key` to `value`; an absent key is the empty text."""
        inner = [Members(p) for p in self._parts.get(name, ())]
        return {m.text(key): m.text(value) for m in inner if m.text(value)}


def fingerprints(members: Members) -> frozenset[str]:
    """SHA-256 fingerprints of certificates, as 64 small hexadecimal digits.

    Colons and capitals, as OpenSSL prints them, may be in what was written.
    """
    found = frozenset(v.replace(":", "").lower() for v in members.texts("certificate"))
    if not all(map(_FINGERPRINT.fullmatch, found)):
        raise Invalid("certificate is not the SHA-256 fingerprint of a certificate: 64 hex digits")
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
