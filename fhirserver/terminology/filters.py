"""The filters of a ValueSet's include, over a code system whose concepts are listed.

https://hl7.org/fhir/R4/valueset-filter-operator.html and, for `child-of` and `descendent-leaf`,
https://hl7.org/fhir/R5/valueset-filter-operator.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Protocol

import re2

from fhirserver.errors import Unprocessable
from fhirserver.terminology.content import Concept, Filter

Test = Callable[[Concept], bool]

# Compiled, no expression of a value set takes more; the time of a match is linear in its text.
_REGEX_MEMORY_BYTES: Final = 1_000_000
_MOST_REGEX_CHARACTERS: Final = 2_000
# A filter may name the codes themselves instead of a property of them.
_CODE: Final = frozenset({"concept", "code"})


class Hierarchy(Protocol):
    """What a filter asks of a code system."""

    @property
    def property_codes(self) -> frozenset[str]: ...

    @property
    def is_case_sensitive(self) -> bool: ...

    def concept(self, code: str) -> Concept | None: ...

    def parents(self, code: str) -> Any: ...

    def children(self, code: str) -> Any: ...

    def descendants(self, code: str) -> Mapping[str, None]: ...

    def is_descendant(self, code: str, ancestor: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Narrowed:
    """A filter made ready: a test, and where they are known all codes that can pass it."""

    has: Test
    codes: Mapping[str, None] | None = None


def narrowed(system: Hierarchy, condition: Filter) -> Narrowed:
    """The filter over a code system; raises Unprocessable when it has no meaning there."""
    make = _OPERATORS.get(condition.op)
    if make is None:
        raise _not_understood(condition)
    return make(system, condition)


def _not_understood(condition: Filter) -> Unprocessable:
    return Unprocessable(
        f"the filter {condition.property} {condition.op} {condition.value} has no meaning in "
        "this code system"
    )


def _is_a(system: Hierarchy, condition: Filter) -> Narrowed:
    code = _ancestor(system, condition)
    return _among({code: None, **system.descendants(code)})


def _descendent_of(system: Hierarchy, condition: Filter) -> Narrowed:
    return _among(system.descendants(_ancestor(system, condition)))


def _is_not_a(system: Hierarchy, condition: Filter) -> Narrowed:
    code = _ancestor(system, condition)
    return Narrowed(lambda c: c.code != code and not system.is_descendant(c.code, code))


def _child_of(system: Hierarchy, condition: Filter) -> Narrowed:
    return _among(dict.fromkeys(system.children(_ancestor(system, condition))))


def _descendent_leaf(system: Hierarchy, condition: Filter) -> Narrowed:
    below = system.descendants(_ancestor(system, condition))
    return _among(dict.fromkeys(c for c in below if not system.children(c)))


def _generalizes(system: Hierarchy, condition: Filter) -> Narrowed:
    code = _ancestor(system, condition)
    return Narrowed(lambda c: c.code == code or system.is_descendant(code, c.code))


def _equals(system: Hierarchy, condition: Filter) -> Narrowed:
    if condition.property in _CODE:
        found = system.concept(condition.value)
        return _among({found.code: None} if found else {})
    of = _reader(system, condition)
    return Narrowed(lambda c: condition.value in of(c))


def _in(system: Hierarchy, condition: Filter) -> Narrowed:
    wanted = frozenset(v.strip() for v in condition.value.split(","))
    if condition.property in _CODE:
        concepts = (system.concept(code) for code in wanted)
        return _among({c.code: None for c in concepts if c is not None})
    of = _reader(system, condition)
    return Narrowed(lambda c: not wanted.isdisjoint(of(c)))


def _not_in(system: Hierarchy, condition: Filter) -> Narrowed:
    inside = _in(system, condition)
    return Narrowed(lambda c: not inside.has(c))


def _exists(system: Hierarchy, condition: Filter) -> Narrowed:
    if condition.value not in {"true", "false"}:
        raise _not_understood(condition)
    wanted = condition.value == "true"
    of = _reader(system, condition)
    return Narrowed(lambda c: bool(of(c)) is wanted)


def _regex(system: Hierarchy, condition: Filter) -> Narrowed:
    expression = compiled(condition.value, is_case_sensitive=system.is_case_sensitive)
    if condition.property in _CODE:
        return Narrowed(lambda c: expression.fullmatch(c.code) is not None)
    of = _reader(system, condition)
    return Narrowed(lambda c: any(expression.fullmatch(v) is not None for v in of(c)))


@lru_cache(maxsize=256)
def compiled(expression: str, *, is_case_sensitive: bool = True) -> Any:
    """A regular expression that is sure to end; raises Unprocessable for one that isn't right."""
    options = re2.Options()
    options.max_mem = _REGEX_MEMORY_BYTES
    options.log_errors = False
    options.case_sensitive = is_case_sensitive
    try:
        if len(expression) > _MOST_REGEX_CHARACTERS:
            raise Unprocessable("the regular expression of a filter is too long")
        return re2.compile(expression, options)
    except re2.error as error:
        raise Unprocessable(f"the regular expression of a filter is not valid: {error}") from error


_OPERATORS: Final[Mapping[str, Callable[[Hierarchy, Filter], Narrowed]]] = {
    "=": _equals,
    "is-a": _is_a,
    "descendent-of": _descendent_of,
    "is-not-a": _is_not_a,
    "child-of": _child_of,
    "descendent-leaf": _descendent_leaf,
    "generalizes": _generalizes,
    "in": _in,
    "not-in": _not_in,
    "exists": _exists,
    "regex": _regex,
}


def _among(codes: Mapping[str, None]) -> Narrowed:
    return Narrowed(lambda c: c.code in codes, codes)


def _ancestor(system: Hierarchy, condition: Filter) -> str:
    """The code that a filter over the hierarchy starts from, in its own spelling."""
    if condition.property not in _CODE:
        raise _not_understood(condition)
    found = system.concept(condition.value)
    return found.code if found else condition.value


def _reader(system: Hierarchy, condition: Filter) -> Callable[[Concept], list[str]]:
    """The values of a property of a concept, as texts."""
    name = condition.property
    match name:
        case "display":
            return lambda c: [c.display] if c.display else []
        case "definition":
            return lambda c: [c.definition] if c.definition else []
        case "designation":
            return lambda c: [d.value for d in c.designations]
        case _ if name in system.property_codes:
            return lambda c: [_text(v) for v in c.values(name)]
        case "parent":
            return lambda c: list(system.parents(c.code))
        case "child":
            return lambda c: list(system.children(c.code))
        case "inactive":
            return lambda c: ["true" if c.is_inactive else "false"]
        case "notSelectable":
            return lambda c: ["true"] if c.is_abstract else []
        case "status":
            return lambda c: [c.status] if c.status else []
        case _:
            raise _not_understood(condition)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value.get("code", "")) if isinstance(value, dict) else str(value)
