"""Who asks, and what their token allows.

Scopes: https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from fhirserver.errors import Forbidden, Invalid

Right = Literal["c", "r", "u", "d", "s"]

_SCOPE: Final = re.compile(r"(system|user)/(\*|[A-Z][A-Za-z]+)\.(\*|read|write|c?r?u?d?s?)")
_V1: Final[dict[str, str]] = {"read": "rs", "write": "cud", "*": "cruds"}
_DOING: Final[dict[Right, str]] = {
    "c": "create",
    "r": "read",
    "u": "update",
    "d": "delete",
    "s": "search",
}


@dataclass(frozen=True, slots=True)
class Scope:
    """A scope that can be enforced: whose rights, on which type (`*` is every one), and which."""

    context: Literal["system", "user"]
    type: str
    rights: frozenset[str]


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller, as the access token tells."""

    subject: str
    scopes: tuple[Scope, ...]

    @property
    def is_system(self) -> bool:
        """Whether the token speaks for a system, not for a person."""
        return any(s.context == "system" for s in self.scopes)

    def may(
        self,
        right: Right,
        resource_type: str | None,
        *,
        context: Literal["system", "user"] | None = None,
    ) -> bool:
        """Whether some scope, of one context or of any, allows this on the type.

        A type of `None` is the whole server.
        """
        return any(
            right in s.rights and s.type in {"*", resource_type} and context in {None, s.context}
            for s in self.scopes
        )

    def require(self, right: Right, resource_type: str | None) -> None:
        """Raise Forbidden, naming the scope that is missing."""
        if not self.may(right, resource_type):
            what = resource_type or "*"
            raise Forbidden(f"the token doesn't allow to {_DOING[right]} {what}: it needs a scope "
                            f"such as system/{what}.{right}")  # fmt: skip


def scopes(text: str) -> tuple[Scope, ...]:
    """The scopes of a space-separated list, in SMART's version 1 or 2 spelling.

    >>> scopes("system/*.cruds user/Patient.read")[1].type
    'Patient'

    Raises Invalid for a scope that can't be enforced.
    """
    found = []
    for word in text.split():
        match = _SCOPE.fullmatch(word)
        if match is None or not match[3]:
            raise Invalid(f"{word[:99]!r} is not a scope such as system/*.cruds or user/Patient.rs")
        rights = frozenset(_V1.get(match[3], match[3]))
        found.append(Scope("system" if match[1] == "system" else "user", match[2], rights))
    if not found:
        raise Invalid("at least one scope is needed, such as system/*.cruds")
    return tuple(found)
