"""Which rows a rule is about: a closed algebra over facts that are indexed, and nothing else.

There are no chains and no expressions here, so that each predicate becomes a condition in SQL that
costs little, and can be told in words. The JSON of each is in its class's docstring.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fhirserver.errors import Invalid

SHARED: Final = "shared"
"""What `kinds_in` says of a rule about what was shared."""
KINDS: Final = ("treatment", "unit", "assigned", "break-glass")
"""The kinds of care relationships that rules may name; `named` is the consent's own."""


@dataclass(frozen=True, slots=True)
class Everything:
    """Every row: `{"everything": true}`."""


@dataclass(frozen=True, slots=True)
class OwnRecord:
    """What is in the record of the patient that the caller is, or stands for: `{"own": true}`."""


@dataclass(frozen=True, slots=True)
class Oneself:
    """The resource that the caller is: `{"self": true}`."""


@dataclass(frozen=True, slots=True)
class Care:
    """The row's patient is in the caller's care: `{"care": ["treatment", "unit"]}`."""

    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SharedWith:
    """It was shared with the caller, or with a team of theirs, and still is: `{"shared": true}`."""


@dataclass(frozen=True, slots=True)
class Unit:
    """An organization of the caller is responsible for the row: `{"unit": true}`."""


@dataclass(frozen=True, slots=True)
class Refers:
    """A reference parameter names the caller: `{"refers": ["sender"], "to": "me"}`.

    `to` may be `units`, the caller's organizations and places, or `us`, both.
    """

    codes: tuple[str, ...]
    to: str = "me"


@dataclass(frozen=True, slots=True)
class Search:
    """A search finds the row: `{"search": "category=laboratory&status:not=final"}`.

    Only tokens, uris and references, `_id`, `_tag`, `_security` and the like; no chains, and no
    modifier but `:not`.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Labels:
    """The row has one of these security labels: `{"labels": ["SYSTEM|CODE"]}`."""

    codings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OwnerAbsent:
    """The row is no patient's: `{"unowned": true}`."""


@dataclass(frozen=True, slots=True)
class IdIn:
    """The logical id is one of these: `{"ids": ["a", "b"]}`."""

    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """`{"all": [...]}`."""

    parts: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """`{"any": [...]}`."""

    parts: tuple[Predicate, ...]


@dataclass(frozen=True, slots=True)
class NotSo:
    """`{"not": {...}}`."""

    part: Predicate


Predicate = (
    Everything
    | OwnRecord
    | Oneself
    | Care
    | SharedWith
    | Unit
    | Refers
    | Search
    | Labels
    | OwnerAbsent
    | IdIn
    | AllOf
    | AnyOf
    | NotSo
)

EVERYTHING: Final[Predicate] = Everything()
MAX_DEPTH: Final = 8


def predicate_of(value: Any, place: str, depth: int = 0) -> Predicate:
    """The predicate of its JSON. Raises Invalid, with its place, for one that can't be used."""
    if not isinstance(value, Mapping) or not value:
        raise _unusable("a predicate is an object such as {'care': ['treatment']}", place)
    if depth > MAX_DEPTH:
        raise _unusable("predicates are nested too deeply", place)
    key = next(iter(value))
    read = _READ.get(key)
    others = set(value) - {key} - ({"to"} if key == "refers" else set())
    if read is None or others:
        known = ", ".join(sorted(_READ))
        raise _unusable(f"a predicate has one of these members, and only one: {known}", place)
    return read(value, f"{place}.{key}", depth)


def json_of(predicate: Predicate) -> dict[str, Any]:
    """The JSON of a predicate: `predicate_of` makes the same of it."""
    match predicate:
        case Everything() | OwnRecord() | Oneself() | SharedWith() | Unit() | OwnerAbsent():
            return {_FLAG[type(predicate)]: True}
        case Care(kinds):
            return {"care": list(kinds)}
        case Refers(codes, to):
            return {"refers": list(codes), "to": to}
        case Search(text):
            return {"search": text}
        case Labels(codings):
            return {"labels": list(codings)}
        case IdIn(ids):
            return {"ids": list(ids)}
        case AllOf(parts):
            return {"all": [json_of(p) for p in parts]}
        case AnyOf(parts):
            return {"any": [json_of(p) for p in parts]}
        case NotSo(part):
            return {"not": json_of(part)}


def words_of(predicate: Predicate) -> str:
    """The predicate as people say it.

    >>> words_of(AllOf((Care(("treatment",)), Search("category=laboratory"))))
    'the patient is in their care (treatment) and category=laboratory'
    """
    match predicate:
        case Everything():
            return "always"
        case OwnRecord():
            return "it is in their own record"
        case Oneself():
            return "it is they themselves"
        case Care(kinds):
            return f"the patient is in their care ({', '.join(kinds)})"
        case SharedWith():
            return "it is shared with them"
        case Unit():
            return "their organization is responsible for it"
        case Refers(codes, to):
            return f"{' or '.join(codes)} is {_WHO[to]}"
        case Search(text):
            return " and ".join(text.split("&"))
        case Labels(codings):
            return f"it is labelled {' or '.join(c.rpartition('|')[2] for c in codings)}"
        case OwnerAbsent():
            return "it is no patient's"
        case IdIn(ids):
            return f"its id is {' or '.join(ids)}"
        case AllOf(parts):
            return " and ".join(_bracketed(p) for p in parts)
        case AnyOf(parts):
            return " or ".join(_bracketed(p) for p in parts)
        case NotSo(part):
            return f"not ({words_of(part)})"


def _bracketed(predicate: Predicate) -> str:
    text = words_of(predicate)
    return f"({text})" if isinstance(predicate, AllOf | AnyOf) else text


def kinds_in(predicate: Predicate) -> frozenset[str]:
    """The kinds of care relationships that a predicate asks about, and whether of sharing."""
    match predicate:
        case Care(kinds):
            return frozenset(kinds)
        case SharedWith():
            return frozenset([SHARED])
        case AllOf(parts) | AnyOf(parts):
            return frozenset[str]().union(*(kinds_in(p) for p in parts))
        case NotSo(part):
            return kinds_in(part)
        case _:
            return frozenset()


_WHO: Final = {"me": "they themselves", "units": "their unit", "us": "they or their unit"}
_FLAGS: Final[dict[str, Predicate]] = {
    "everything": Everything(),
    "own": OwnRecord(),
    "self": Oneself(),
    "shared": SharedWith(),
    "unit": Unit(),
    "unowned": OwnerAbsent(),
}
_FLAG: Final = {type(predicate): key for key, predicate in _FLAGS.items()}


def _flag(value: Mapping[str, Any], place: str, _depth: int) -> Predicate:
    key = next(iter(value))
    if value[key] is not True:
        raise _unusable("the value is true", place)
    return _FLAGS[key]


def _care(value: Mapping[str, Any], place: str, _depth: int) -> Predicate:
    kinds = _texts(value["care"], place)
    if unknown := [k for k in kinds if k not in KINDS]:
        raise _unusable(f"{unknown[0][:40]!r} is none of {', '.join(KINDS)}", place)
    return Care(kinds)


def _refers(value: Mapping[str, Any], place: str, _depth: int) -> Predicate:
    to = value.get("to", "me")
    if to not in _WHO:
        raise _unusable(f"'to' is one of {', '.join(_WHO)}", place)
    return Refers(_texts(value["refers"], place), to)


def _search(value: Mapping[str, Any], place: str, _depth: int) -> Predicate:
    if not isinstance(value["search"], str) or not value["search"]:
        raise _unusable("a search is a text such as category=laboratory", place)
    return Search(value["search"])


def _labels(value: Mapping[str, Any], place: str, _depth: int) -> Predicate:
    codings = _texts(value["labels"], place)
    if any("|" not in c or not c.rpartition("|")[2] for c in codings):
        raise _unusable("a label is written SYSTEM|CODE", place)
    return Labels(codings)


def _several(value: Mapping[str, Any], place: str, depth: int) -> Predicate:
    key = next(iter(value))
    parts = value[key]
    if not isinstance(parts, Sequence) or isinstance(parts, str) or not parts:
        raise _unusable("at least one predicate is needed", place)
    found = tuple(predicate_of(p, f"{place}[{n}]", depth + 1) for n, p in enumerate(parts))
    return AllOf(found) if key == "all" else AnyOf(found)


_READ: Final[dict[str, Callable[[Mapping[str, Any], str, int], Predicate]]] = {
    **dict.fromkeys(_FLAGS, _flag),
    "care": _care,
    "refers": _refers,
    "search": _search,
    "labels": _labels,
    "ids": lambda v, place, _: IdIn(_texts(v["ids"], place)),
    "all": _several,
    "any": _several,
    "not": lambda v, place, depth: NotSo(predicate_of(v["not"], place, depth + 1)),
}


def _texts(value: Any, place: str) -> tuple[str, ...]:
    if (
        not isinstance(value, Sequence)
        or isinstance(value, str)
        or not value
        or not all(isinstance(v, str) and v for v in value)
    ):
        raise _unusable("a list of texts is needed", place)
    return tuple(value)


def _unusable(text: str, place: str) -> Invalid:
    return Invalid(text, expression=place)
