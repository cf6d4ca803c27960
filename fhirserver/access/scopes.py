"""SMART's scopes, versions 1 and 2, as data.

A scope that can't be enforced is refused: none is ever widened, or left out without a word.
https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, get_args
from urllib.parse import unquote

from fhirserver.errors import Invalid

ScopeContext = Literal["patient", "user", "system"]

LAUNCH: Final = frozenset(["launch", "launch/patient", "launch/encounter"])
IDENTITY: Final = frozenset(["openid", "fhirUser", "profile"])
LASTING: Final = frozenset(["offline_access", "online_access"])
OTHERS: Final = LAUNCH | IDENTITY | LASTING
"""The scopes that aren't about resources."""

RIGHTS: Final = "cruds"
LONGEST: Final = 16_000
"""The characters of a list of scopes; one on every type by name takes about 4,000."""

_RESOURCES: Final = re.compile(
    r"(patient|user|system)/(\*|[A-Z][A-Za-z]{1,63})\.(read|write|\*|c?r?u?d?s?)(?:\?(.*))?",
    re.DOTALL,
)
_V1: Final[dict[str, str]] = {"read": "rs", "write": "cud", "*": "cruds"}
_CODE: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class Scope:
    """Rights on the rows of a type (`*` is every one).

    `patient` means those of the patient in context, `user` and `system` those of whoever asks.
    `constraints` are token parameters and their values, all of which a row must match.
    """

    context: ScopeContext
    type: str
    rights: frozenset[str]
    constraints: tuple[tuple[str, str], ...] = ()
    written: str = ""
    """As it was asked for."""

    def covers(self, other: Scope) -> bool:
        """Whether whatever the other allows is allowed by this one too."""
        return (
            self.context == other.context
            and self.type in {"*", other.type}
            and self.rights >= other.rights
            and set(self.constraints) <= set(other.constraints)
        )


def scopes(text: str) -> tuple[Scope, ...]:
    """The scopes on resources in a space-separated list; the others are checked and left out.

    >>> scopes("launch/patient system/*.cruds user/Patient.read")[1].type
    'Patient'

    Raises Invalid for a word that is no scope; see `enforcement.check` for what else can be wrong.
    """
    return tuple(scope for word in words(text) if (scope := scope_of(word)) is not None)


def words(text: str) -> tuple[str, ...]:
    """The words of a list of scopes, each once."""
    if len(text) > LONGEST:
        raise Invalid("the list of scopes is too long")
    found = tuple(dict.fromkeys(text.split(" ")))
    found = tuple(word for word in found if word)
    if not found:
        raise Invalid("at least one scope is needed, such as system/*.cruds")
    return found


def scope_of(word: str) -> Scope | None:
    """A scope on resources; None for one of another kind. Raises Invalid for what is no scope."""
    if word in OTHERS:
        return None
    match = _RESOURCES.fullmatch(word)
    if match is None or not match[3]:
        raise Invalid(
            f"{_shown(word)} is not a scope such as patient/*.rs, user/Patient.read or launch"
        )
    context: ScopeContext = next(c for c in get_args(ScopeContext) if c == match[1])
    constraints = () if match[4] is None else _constraints(word, match[2], match[3], match[4])
    return Scope(
        context, match[2], frozenset(_V1.get(match[3], match[3])), constraints, written=word
    )


def covered(whole: Iterable[str], part: Iterable[str]) -> list[str]:
    """Which words of the part aren't allowed by the words of the whole."""
    whole = list(whole)
    wide = [s for word in whole if (s := scope_of(word)) is not None]
    return [word for word in part if word not in whole and not _is_covered(scope_of(word), wide)]


def _is_covered(scope: Scope | None, wide: Iterable[Scope]) -> bool:
    """Whether each right of the scope is given by some other."""
    if scope is None:
        return False
    return all(
        any(
            w.covers(Scope(scope.context, scope.type, frozenset(r), scope.constraints))
            for w in wide
        )
        for r in scope.rights
    )


def _constraints(word: str, type_: str, rights: str, query: str) -> tuple[tuple[str, str], ...]:
    """The parameters after the question mark; only a type's own token parameters, plainly."""
    if rights in _V1:
        raise Invalid(f"{_shown(word)}: only version 2 scopes, such as .rs, have parameters")
    if type_ == "*":
        raise Invalid(f"{_shown(word)}: parameters belong to one type, not to all")
    found = []
    for pair in query.split("&"):
        name, equals, value = pair.partition("=")
        name, value = _decoded(word, name), _decoded(word, value)
        if not equals or not value or not _CODE.fullmatch(name):
            raise Invalid(
                f"{_shown(word)}: a scope's parameter is a plain NAME=SYSTEM|CODE, "
                "without modifier or chain"
            )
        found.append((name, value))
    return tuple(sorted(set(found)))


def _decoded(word: str, text: str) -> str:
    try:
        decoded = unquote(text, errors="strict")
    except UnicodeDecodeError:
        decoded = "\0"
    if _PERCENT.search(text) or not decoded.isprintable() or " " in decoded:
        raise Invalid(f"{_shown(word)}: its parameters can't be read")
    return decoded


def _shown(word: str) -> str:
    """A word as a message may have it."""
    return repr(word[:99]) if word.isascii() and word.isprintable() else "a scope"
