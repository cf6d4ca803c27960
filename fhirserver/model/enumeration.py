"""Which codes a value set has, as far as CodeSystems at hand can tell.

This serves required bindings of the base specification when definitions are compiled; the
terminology engine answers everything else.

https://hl7.org/fhir/R4/valueset.html#compositions
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fhirserver.model.resource import Resource

Codes = dict[str, set[str]]


class Open(Exception):
    """The value set can't be enumerated from the CodeSystems at hand."""


class Enumeration:
    """Expands value sets over CodeSystems and ValueSets given by canonical address."""

    def __init__(
        self, value_sets: Mapping[str, Resource], code_systems: Mapping[str, Resource]
    ) -> None:
        self._value_sets = value_sets
        self._code_systems = code_systems

    def codes(self, value_set: str) -> Codes | None:
        """The codes of a value set by system, or None when they can't be enumerated."""
        try:
            return self._expand(value_set, ())
        except Open:
            return None

    def _expand(self, canonical: str, above: tuple[str, ...]) -> Codes:
        url = canonical.partition("|")[0]
        if url not in self._value_sets or url in above:
            raise Open
        compose = self._value_sets[url].get("compose") or {}
        found: Codes = {}
        for part in compose.get("include", ()):
            for system, codes in self._part(part, (*above, url)).items():
                found.setdefault(system, set()).update(codes)
        for part in compose.get("exclude", ()):
            for system, codes in self._part(part, (*above, url)).items():
                found.get(system, set()).difference_update(codes)
        if not any(found.values()):
            raise Open
        return found

    def _part(self, part: Mapping[str, Any], above: tuple[str, ...]) -> Codes:
        found: Codes | None = None
        if "system" in part:
            found = {part["system"]: self._of_system(part)}
        for imported in part.get("valueSet", ()):
            codes = self._expand(imported, above)
            # https://hl7.org/fhir/R4/valueset.html#compositions: parts of one include intersect.
            found = codes if found is None else _intersection(found, codes)
        if found is None:
            raise Open
        return found

    def _of_system(self, part: Mapping[str, Any]) -> set[str]:
        if "concept" in part:
            return {c["code"] for c in part["concept"]}
        system = self._code_systems.get(part["system"])
        if system is None or system.get("content") != "complete":
            raise Open
        found = set(_below(system.get("concept", ())))
        for condition in part.get("filter", ()):
            found &= self._matching(system, condition)
        return found

    def _matching(self, system: Resource, condition: Mapping[str, str]) -> set[str]:
        if condition.get("property") not in {"concept", "code"}:
            raise Open
        under = {c["code"]: set(_below(c.get("concept", ()))) for c in _concepts(system["concept"])}
        _add_parents(system, under)
        value = condition["value"]
        match condition["op"]:
            case "is-a":
                return under.get(value, set()) | {value}
            case "descendent-of":
                return under.get(value, set())
            case "is-not-a":
                return set(under) - under.get(value, set()) - {value}
            case "in":
                return set(value.split(","))
            case "not-in":
                return set(under) - set(value.split(","))
            case "=":
                return {value}
        raise Open


def _concepts(concepts: list[Resource] | tuple[()]) -> Iterator[Resource]:
    for concept in concepts:
        yield concept
        yield from _concepts(concept.get("concept", ()))


def _below(concepts: list[Resource] | tuple[()]) -> Iterator[str]:
    return (c["code"] for c in _concepts(concepts))


def _add_parents(system: Resource, under: dict[str, set[str]]) -> None:
    """Add what `subsumedBy` and `parent` say, which v3 code systems use for further parents."""
    for concept in _concepts(system["concept"]):
        for p in concept.get("property", ()):
            if p["code"] in {"subsumedBy", "parent"}:
                below = under[concept["code"]] | {concept["code"]}
                parent = p.get("valueCode")
                for members in [under.get(parent, set())] + [
                    m for m in under.values() if parent in m
                ]:
                    members |= below


def _intersection(one: Codes, other: Codes) -> Codes:
    return {s: one[s] & other[s] for s in one.keys() & other.keys()}
