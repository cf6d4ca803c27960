"""The search parameters of every resource type: the standard's, and those added at run time.

https://hl7.org/fhir/R4/searchparameter.html, https://hl7.org/fhir/R4/search.html#all
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Final, Literal, get_args

from fhirserver.model.definitions import Definitions, SearchParameterDefinition, load
from fhirserver.search.paths import Path, branches, is_about, paths

ParameterType = Literal[
    "number", "date", "string", "token", "reference", "composite", "quantity", "uri", "special"
]

MODIFIERS: Final[dict[str, tuple[str, ...]]] = {
    "number": ("missing",),
    "date": ("missing",),
    "string": ("missing", "exact", "contains"),
    "token": ("missing", "text", "not", "of-type", "in", "not-in", "above", "below"),
    "reference": ("missing", "type", "identifier", "above", "below", "not"),
    "composite": ("missing",),
    "quantity": ("missing",),
    "uri": ("missing", "above", "below", "not"),
    "special": ("missing",),
}
"""What may follow `:` by the type of a parameter; `type` stands for a resource type's name."""

# Parameters that every type has but that don't lie in the content as others do.
SPECIAL: Final = {
    "_text": "Words in the narrative.",
    "_content": "Words anywhere in the resource.",
    "_list": "The entries of a List, by the List's id.",
    "_has": "Resources that others refer to: _has:Observation:patient:code=1234-5.",
    "_filter": "An expression of the _filter language.",
}
# Where those are defined; R4 has no definition of the others.
_DEFINED: Final = {
    "_text": "http://hl7.org/fhir/SearchParameter/DomainResource-text",
    "_content": "http://hl7.org/fhir/SearchParameter/Resource-content",
    "_filter": "http://hl7.org/fhir/SearchParameter/filter",
}
_HL7: Final = "http://hl7.org/fhir/SearchParameter/DocumentReference-"
# The two parts of this composite are exchanged in the published definition.
_ERRATA: Final = {
    (f"{_HL7}relationship", f"{_HL7}relatesto"): f"{_HL7}relation",
    (f"{_HL7}relationship", f"{_HL7}relation"): f"{_HL7}relatesto",
}
_NO_MODIFIER: Final = {"_id": ("not",), "_lastUpdated": ()} | dict.fromkeys(SPECIAL, ())


@dataclass(frozen=True, slots=True)
class Component:
    """A part of a composite: a parameter, and where its value lies seen from the composite's."""

    parameter: SearchParameter
    expression: str


@dataclass(frozen=True, slots=True)
class SearchParameter:
    """A search parameter as one resource type has it.

    `expression` has only the branches that concern the type, `paths` says the same where that is
    possible, `targets` are the types a reference may be to. `answered_by`: other parameters whose
    index values together are this one's, so that it needs none of its own.
    """

    code: str
    url: str
    type: ParameterType
    base: tuple[str, ...]
    expression: str
    description: str = ""
    paths: tuple[Path, ...] | None = ()
    targets: tuple[str, ...] = ()
    components: tuple[Component, ...] = ()
    modifiers: tuple[str, ...] = ()
    systems: frozenset[str] | None = None
    """The code systems of a parameter whose values are all plain codes, where they are known."""
    answered_by: tuple[SearchParameter, ...] = ()

    @property
    def datatypes(self) -> frozenset[str] | None:
        """The datatypes of its values, where the paths tell."""
        return None if self.paths is None else frozenset(p.datatype for p in self.paths)


class Parameters:
    """An immutable set of search parameters; a type's are worked out when first asked for.

    Of two definitions with the same code for a type, the later one counts.
    """

    def __init__(
        self,
        definitions: Definitions,
        added: Sequence[SearchParameterDefinition] = (),
        *,
        incomplete: Mapping[tuple[str, str], Callable[[], str]] | None = None,
        generation: int = 0,
    ) -> None:
        self.definitions = definitions
        self.added = tuple(added)
        self.incomplete = incomplete or {}
        """Type and code of those that can't be asked for yet, with what tells how far they are."""
        self.generation = generation
        """Of index values: those of one generation are made by the same parameters."""
        self._by_url = {d.url: d for d in (*definitions.search_parameters, *self.added)}
        self._by_base: dict[str, list[SearchParameterDefinition]] = {}
        for definition in (*definitions.search_parameters, *self.added):
            for base in definition.base:
                self._by_base.setdefault(base, []).append(definition)
        self._types: dict[str, Mapping[str, SearchParameter]] = {}
        self._lock = threading.RLock()

    def with_added(self, added: Sequence[SearchParameterDefinition]) -> Parameters:
        """The standard's parameters and these."""
        return Parameters(self.definitions, added)

    def by_url(self, url: str) -> SearchParameterDefinition | None:
        """A definition by its canonical address."""
        return self._by_url.get(url)

    def is_answered(self, resource_type: str, code: str) -> bool:
        """Whether a type has this parameter, and its index is complete."""
        return code in self.for_type(resource_type) and (resource_type, code) not in self.incomplete

    def for_type(self, resource_type: str) -> Mapping[str, SearchParameter]:
        """The parameters of a resource type by code; KeyError when there is no such type."""
        found = self._types.get(resource_type)
        if found is None:
            if not self.definitions.is_resource(resource_type):
                raise KeyError(resource_type)
            with self._lock:
                found = self._types.setdefault(resource_type, self._resolve(resource_type))
        return found

    def _resolve(self, resource_type: str) -> Mapping[str, SearchParameter]:
        is_domain = self.definitions.is_a(resource_type, "DomainResource")
        bases = ("Resource", *(["DomainResource"] if is_domain else []), resource_type)
        found: dict[str, SearchParameter] = {}
        for base in bases:
            for definition in self._by_base.get(base, ()):
                if definition.code in SPECIAL or definition.code == "_query":
                    continue
                parameter = self._parameter(definition, resource_type)
                if parameter is not None:
                    found[parameter.code] = parameter
        answered = _answers(found.values(), {d.url for d in self.added})
        found.update({p.code: p for p in answered})
        for code, description in SPECIAL.items():
            if code != "_text" or is_domain:
                found[code] = SearchParameter(
                    code,
                    _DEFINED.get(code, ""),
                    "special",
                    ("Resource",),
                    "",
                    description,
                )
        return found

    def _parameter(
        self, definition: SearchParameterDefinition, resource_type: str
    ) -> SearchParameter | None:
        if definition.type not in get_args(ParameterType) or not definition.expression:
            return None
        kind: ParameterType = definition.type  # type: ignore[assignment]
        own = [
            b
            for b in branches(definition.expression)
            if is_about(b, resource_type, self.definitions)
        ]
        if not own:
            return None
        expression = " | ".join(own)
        where = paths(expression, resource_type, self.definitions)
        return SearchParameter(
            code=definition.code,
            url=definition.url,
            type=kind,
            base=definition.base,
            expression=expression,
            description=definition.description,
            paths=where,
            targets=self._targets(definition, where) if kind == "reference" else (),
            components=self._components(definition, resource_type),
            modifiers=_NO_MODIFIER.get(definition.code, MODIFIERS[kind]),
            systems=self._systems(where) if kind == "token" and where else None,
        )

    def _targets(
        self, definition: SearchParameterDefinition, where: tuple[Path, ...] | None
    ) -> tuple[str, ...]:
        """The resource types: what the definition says, as far as the elements allow it."""
        declared = [t for t in definition.target if self.definitions.is_resource(t)]
        declared = declared or list(self.definitions.resource_types)
        if not where:
            return tuple(declared)
        allowed: set[str] = set()
        for path in where:
            if path.only is not None:
                allowed.add(path.only)
            elif not path.targets or "Resource" in path.targets:
                allowed.update(declared)
            else:
                allowed.update(path.targets)
        return tuple(t for t in declared if t in allowed) or tuple(declared)

    def _systems(self, where: Iterable[Path]) -> frozenset[str] | None:
        systems: set[str] = set()
        for path in where:
            codes = self.definitions.codes(path.value_set) if path.value_set else None
            if path.datatype != "code" or codes is None:
                return None
            systems.update(codes)
        return frozenset(systems)

    def _components(
        self, definition: SearchParameterDefinition, resource_type: str
    ) -> tuple[Component, ...]:
        found = []
        for component in definition.components:
            url = component.definition
            of = self._by_url.get(_ERRATA.get((definition.url, url), url))
            parameter = self._parameter(of, resource_type) if of else None
            if parameter is None:
                return ()
            found.append(Component(parameter, component.expression))
        return tuple(found)


def _answers(found: Iterable[SearchParameter], added: set[str]) -> list[SearchParameter]:
    """The parameters that others answer, such as combo-code by code and component-code.

    None is answered by an added one: that may go again, and rows may not have been indexed for it.
    """
    answered: list[SearchParameter] = []
    indexed: list[tuple[frozenset[object], SearchParameter]] = []
    candidates = [(_places(p), p) for p in found]
    for places, p in sorted(candidates, key=lambda c: (c[1].url in added, len(c[0]), c[1].code)):
        parts = [
            (other, o)
            for other, o in indexed
            if o.type == p.type and other <= places and o.url not in added
        ]
        whole = next(([o] for other, o in parts if other == places), [o for _, o in parts])
        covered = frozenset[object]().union(*(other for other, _ in parts))
        if whole and covered == places and p.code not in ("_id", "_lastUpdated"):
            answered.append(replace(p, answered_by=tuple(whole)))
        else:
            indexed.append((places, p))
    return answered


def _places(p: SearchParameter) -> frozenset[object]:
    """What a parameter's values are, so that equal sets mean equal values."""
    if p.type == "special":
        return frozenset([p.code])
    if p.components:
        ways = tuple((c.parameter.type, c.expression) for c in p.components)
        return frozenset((branch, ways) for branch in branches(p.expression))
    return frozenset(p.paths) if p.paths else frozenset([p.expression])


@cache
def base_parameters() -> Parameters:
    """The standard's own search parameters."""
    return Parameters(load())
