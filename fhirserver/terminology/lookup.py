"""$lookup: what is known of a code.

https://hl7.org/fhir/R4/codesystem-operation-lookup.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from fhirserver.model.parameters import parameters, parts, value
from fhirserver.model.resource import Resource
from fhirserver.terminology.content import CodeSystem, Concept
from fhirserver.terminology.displays import names, shown
from fhirserver.terminology.scope import Scope

_PREFERRED: Final = {
    "system": "http://terminology.hl7.org/CodeSystem/hl7TermMaintInfra",
    "code": "preferredForLanguage",
    "display": "Preferred For Language",
}
# Told without being asked for, and not properties of the concept itself.
_ALWAYS: Final = "inactive"
_ALL: Final = "*"


def lookup(scope: Scope, system: CodeSystem, concept: Concept, wanted: Sequence[str]) -> Resource:
    """The answer about a concept, with the properties that are wanted."""
    return parameters(_lookup(scope, system, concept, frozenset(wanted)))


def _lookup(
    scope: Scope, system: CodeSystem, concept: Concept, wanted: frozenset[str]
) -> Iterator[Resource]:
    yield value("name", "string", system.about.get("name") or system.url)
    yield value("system", "uri", system.url)
    yield value("code", "code", concept.code)
    if system.version:
        yield value("version", "string", system.version)
    known = names(concept, system, None)
    name = shown(known, scope.languages)
    yield value("display", "string", name.value if name else concept.code)
    if concept.definition:
        yield value("definition", "string", concept.definition)
    yield value("abstract", "boolean", concept.is_abstract)
    yield from _designations(system, concept)
    yield from _properties(system, concept, wanted)
    for supplement in scope.used_supplements:
        yield value("used-supplement", "canonical", supplement)


def _designations(system: CodeSystem, concept: Concept) -> Iterator[Resource]:
    if concept.display and system.language:
        yield parts(
            "designation",
            [
                value("language", "code", system.language),
                value("use", "Coding", _PREFERRED),
                value("value", "string", concept.display),
            ],
        )
    for found in concept.designations:
        yield parts(
            "designation",
            [
                value("language", "code", found.language) if found.language else None,
                value("use", "Coding", found.use) if found.use else None,
                value("value", "string", found.value),
                value("source", "canonical", found.source) if found.source else None,
            ],
        )


def _properties(system: CodeSystem, concept: Concept, wanted: frozenset[str]) -> Iterator[Resource]:
    def is_wanted(code: str) -> bool:
        return code in wanted or _ALL in wanted

    own = {p.code for p in concept.properties}
    if _ALWAYS not in own:
        yield _property(_ALWAYS, "Boolean", concept.is_inactive)
    for name, codes in (("parent", system.parents), ("child", system.children)):
        if is_wanted(name) and name not in own:
            for code in codes(concept.code):
                other = system.concept(code)
                yield _property(name, "Code", code, other.display if other else None)
    for found in concept.properties:
        if is_wanted(found.code) or found.code == _ALWAYS:
            yield _property(found.code, found.type, found.value, source=found.source)


def _property(
    code: str,
    type_name: str,
    given: Any,
    description: str | None = None,
    source: str | None = None,
) -> Resource:
    return parts(
        "property",
        [
            value("code", "code", code),
            {"name": "value", f"value{type_name}": given},
            value("description", "string", description) if description else None,
            value("source", "canonical", source) if source else None,
        ],
    )
