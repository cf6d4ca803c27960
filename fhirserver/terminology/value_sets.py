"""A ValueSet made ready: the rules of its compose, or the codes of its expansion.

https://hl7.org/fhir/R4/valueset.html#compositions
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fhirserver.errors import Issue, Unprocessable
from fhirserver.model.resource import Resource
from fhirserver.terminology.content import Designation, Filter
from fhirserver.terminology.listed import designation

SUPPLEMENT: Final = "http://hl7.org/fhir/StructureDefinition/valueset-supplement"
PARAMETER: Final = "http://hl7.org/fhir/StructureDefinition/valueset-expansion-parameter"
PARAMETER_R5: Final = "http://hl7.org/fhir/tools/StructureDefinition/valueset-expansion-parameter"

_OPERATOR: Final = (
    "http://hl7.org/fhir/5.0/StructureDefinition/extension-ValueSet.compose.include.filter.op"
)


@dataclass(frozen=True, slots=True)
class Listed:
    """A code that a value set lists, with what it says of it."""

    code: str
    display: str | None = None
    designations: tuple[Designation, ...] = ()
    extension: tuple[Resource, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One include or exclude: the codes that are in its system and in all its value sets."""

    place: str
    system: str | None = None
    version: str | None = None
    codes: Mapping[str, Listed] | None = None
    filters: tuple[Filter, ...] = ()
    value_sets: tuple[str, ...] = ()
    faults: tuple[Issue, ...] = ()
    """Why it can't be followed; told to whoever uses it."""


@dataclass(frozen=True, slots=True)
class ValueSet:
    """A value set, ready to be asked."""

    resource: Resource
    include: tuple[Rule, ...] = ()
    exclude: tuple[Rule, ...] = ()
    contained: Mapping[str, ValueSet] = field(default_factory=dict)

    @property
    def url(self) -> str:
        found: str = self.resource.get("url", "")
        return found

    @property
    def version(self) -> str | None:
        return self.resource.get("version")

    @property
    def canonical(self) -> str:
        """`url|version`, as messages name it."""
        return f"{self.url}|{self.version}" if self.version else self.url

    @property
    def may_be_inactive(self) -> bool:
        """False when its definition leaves inactive codes out."""
        return self.resource.get("compose", {}).get("inactive") is not False

    @property
    def size(self) -> int:
        return 10 + sum(len(r.codes or ()) for r in (*self.include, *self.exclude))

    @property
    def supplements(self) -> tuple[str, ...]:
        """The supplements that it needs."""
        return tuple(
            e["valueCanonical"]
            for e in self.resource.get("extension", ())
            if e.get("url") == SUPPLEMENT and e.get("valueCanonical")
        )

    def parameter(self, name: str) -> Any:
        """The value of an expansion parameter that its compose fixes."""
        for extension in self.resource.get("compose", {}).get("extension", ()):
            if extension.get("url") not in {PARAMETER, PARAMETER_R5}:
                continue
            parts = {p.get("url"): p for p in extension.get("extension", ())}
            if _value(parts.get("name", {})) == name:
                return _value(parts.get("value", {}))
        return None


def _value(part: Resource) -> Any:
    return next((v for k, v in part.items() if k.startswith("value")), None)


def compile_value_set(resource: Resource) -> ValueSet:
    """The rules of a ValueSet resource."""
    contained = {
        f"#{r['id']}": compile_value_set(r)
        for r in resource.get("contained", ())
        if r.get("resourceType") == "ValueSet" and r.get("id")
    }
    compose = resource.get("compose")
    if compose is None:
        expanded = resource.get("expansion", {}).get("contains", ())
        return ValueSet(resource, tuple(_expanded(expanded)), contained=contained)
    return ValueSet(
        resource,
        tuple(_rules(compose, "include")),
        tuple(_rules(compose, "exclude")),
        contained,
    )


def _rules(compose: Resource, kind: str) -> Iterator[Rule]:
    for at, found in enumerate(compose.get(kind, ())):
        place = f"ValueSet.compose.{kind}[{at}]"
        listed = found.get("concept")
        yield Rule(
            place=place,
            system=found.get("system"),
            version=found.get("version"),
            codes={c["code"]: _listed(c) for c in listed if "code" in c} if listed else None,
            filters=tuple(
                Filter(f.get("property", ""), _operator(f), f.get("value", ""))
                for f in found.get("filter", ())
            ),
            value_sets=tuple(found.get("valueSet", ())),
            faults=tuple(_faults(found, place)),
        )


def _operator(condition: Resource) -> str:
    """The operator of a filter; one that only R5 has stands in an extension."""
    for extension in condition.get("_op", {}).get("extension", ()):
        if extension.get("url") == _OPERATOR:
            return str(_value(extension))
    return str(condition.get("op", ""))


def _faults(found: Resource, place: str) -> Iterator[Issue]:
    for at, condition in enumerate(found.get("filter", ())):
        if not condition.get("value"):
            yield Issue(
                "error",
                "invalid",
                f"The system {found.get('system')} filter with property = "
                f"{condition.get('property')}, op = {condition.get('op')} has no value",
                f"{place}.filter[{at}]",
                detail="vs-invalid",
                message_id="UNABLE_TO_HANDLE_SYSTEM_FILTER_WITH_NO_VALUE",
            )


def check_rule(rule: Rule) -> None:
    """Raise Unprocessable for a rule that can't be followed."""
    if rule.faults:
        raise Unprocessable(issues=rule.faults)


def _listed(concept: Resource) -> Listed:
    return Listed(
        concept["code"],
        concept.get("display"),
        tuple(designation(d) for d in concept.get("designation", ())),
        tuple(concept.get("extension", ())),
    )


def _expanded(contains: Iterable[Resource]) -> Iterator[Rule]:
    """The rules that an expansion amounts to: one for each system and version."""
    by_system: dict[tuple[str | None, str | None], dict[str, Listed]] = {}
    waiting = list(reversed(list(contains)))
    while waiting:
        found = waiting.pop()
        if "code" in found and not found.get("abstract"):
            key = (found.get("system"), found.get("version"))
            by_system.setdefault(key, {})[found["code"]] = _listed(found)
        waiting.extend(reversed(found.get("contains", ())))
    for (system, version), codes in by_system.items():
        yield Rule("ValueSet.expansion", system, version, codes)
