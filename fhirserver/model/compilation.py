"""Compiles the definitions of a FHIR package into the compact form that `definitions` loads.

https://hl7.org/fhir/R4/downloads.html
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

import msgspec
from msgspec import Raw

from fhirserver.model.definitions import (
    Binding,
    Compiled,
    Component,
    Constraint,
    Element,
    ElementType,
    SearchParameterDefinition,
    Structure,
)
from fhirserver.model.enumeration import Enumeration
from fhirserver.model.resource import Resource

# What a package must be read for.
SOURCES: Final = (
    "StructureDefinition",
    "SearchParameter",
    "CompartmentDefinition",
    "ValueSet",
    "CodeSystem",
)

_FHIR_TYPE: Final = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type"
_REGEX: Final = "http://hl7.org/fhir/StructureDefinition/regex"
_TYPE_BASE: Final = "http://hl7.org/fhir/StructureDefinition/"
_SYSTEM_BASE: Final = "http://hl7.org/fhirpath/"
_EXAMPLE: Final = "http://hl7.org/fhir/SearchParameter/example"

# Every element has these, of every type: they are rules of the types Element and Extension.
_EVERYWHERE: Final = frozenset({"ele-1", "ext-1"})

# Invariants that R4 published with a mistake in their expression, as later releases have them;
# None for one that can't be mended.
_MENDED: Final[Mapping[str, str | None]] = {
    # "If there are more than one enableWhen": it said > 2.
    "que-12": "enableWhen.count() > 1 implies enableBehavior.exists()",
    # It asks for the `name` of a ChargeItemDefinition, which has none.
    "cid-0": None,
    # They are empty, which isn't true, for an entry without fullUrl, a prediction without
    # probability; and in R4 an answer is a boolean, not a System.Boolean.
    "bdl-8": "fullUrl.empty() or fullUrl.contains('/_history/').not()",
    "ras-2": "probability.empty()"
    " or (probability is decimal implies probability as decimal <= 100)",
    "que-7": "operator = 'exists' implies answer is boolean",
    # It can't be decided for more than one `when`.
    "tim-9": "offset.empty() or (when.exists() and when.where($this in"
    " ('C' | 'CM' | 'CD' | 'CV')).empty())",
    # Later releases leave drafts alone, as HL7's own terminology tests need.
    "cmd-1": "comment.exists() or equivalence.empty()"
    " or (equivalence != 'narrower' and equivalence != 'inexact') or %resource.status = 'draft'",
    # HL7's own logical models (Event, Request ...) have no base.
    "sdf-4": "kind = 'logical' or abstract = true or baseDefinition.exists()",
    # 2012 and 2012-05 can't be compared as they are.
    "per-1": "start.hasValue().not() or end.hasValue().not()"
    " or start.lowBoundary() <= end.highBoundary()",
    "mdd-1": "whenHandedOver.empty() or whenPrepared.empty()"
    " or whenHandedOver.highBoundary() >= whenPrepared.lowBoundary()",
}


def compile_definitions(
    resources: Iterable[Resource], *, package: str, fingerprint: str
) -> Compiled:
    """The compiled form of a package's definitions."""
    by_type: dict[str, list[Resource]] = {source: [] for source in SOURCES}
    for resource in resources:
        by_type[resource["resourceType"]].append(resource)
    structures = sorted(
        (_structure(r) for r in by_type["StructureDefinition"] if _is_base(r)),
        key=lambda s: s.name,
    )
    return Compiled(
        fingerprint=fingerprint,
        package=package,
        resource_types=tuple(
            s.name for s in structures if s.kind == "resource" and not s.is_abstract
        ),
        primitives=tuple(s.name for s in structures if s.kind == "primitive-type"),
        structures={s.name: _packed(s) for s in structures},
        search_parameters=_packed(
            sorted(
                (_search_parameter(r) for r in by_type["SearchParameter"] if _is_served(r)),
                key=lambda p: p.url,
            )
        ),
        compartments=_packed(
            {
                r["code"]: {
                    entry["code"]: tuple(entry["param"])
                    for entry in r["resource"]
                    if entry.get("param")
                }
                for r in by_type["CompartmentDefinition"]
                if r["url"].startswith("http://hl7.org/fhir/CompartmentDefinition/")
                and r["id"] != "example"
            }
        ),
        value_sets=_value_sets(structures, by_type["ValueSet"], by_type["CodeSystem"]),
    )


def _packed(value: Any) -> Raw:
    return Raw(msgspec.msgpack.encode(value))


def _is_base(definition: Resource) -> bool:
    """Whether it defines a type rather than a profile, an extension or a logical model."""
    return definition["kind"] != "logical" and definition.get("derivation") != "constraint"


def _structure(definition: Resource) -> Structure:
    name = definition["type"]
    pattern = None
    elements = []
    constraints: tuple[Constraint, ...] = ()
    for e in definition["snapshot"]["element"]:
        if "." not in e["path"]:
            constraints = _constraints(e, own={"ext-1"} if name == "Extension" else set())
            continue
        if definition["kind"] == "primitive-type" and e["path"] == f"{name}.value":
            pattern = next((_extension(t, _REGEX) for t in e["type"]), None)
        elements.append(_element(e, definition))
    return Structure(
        name=name,
        kind=definition["kind"],
        base=_last(definition.get("baseDefinition")),
        is_abstract=definition["abstract"],
        pattern=pattern,
        all_elements=tuple(elements),
        constraints=constraints,
    )


def _element(e: Resource, definition: Resource) -> Element:
    path: str = e["path"]
    last = path.rpartition(".")[2]
    is_choice = last.endswith("[x]")
    limit = None if e["max"] == "*" else int(e["max"])
    binding = e.get("binding")
    reference = e.get("contentReference")
    return Element(
        path=path,
        name=last.removesuffix("[x]"),
        min=e["min"],
        max=limit,
        types=tuple(_type(t, path, definition) for t in e.get("type", ())),
        content_reference=None if reference is None else reference.partition("#")[2],
        binding=Binding(binding["valueSet"].partition("|")[0], binding["strength"])
        if binding and "valueSet" in binding
        else None,
        is_choice=is_choice,
        is_summary=e.get("isSummary", False),
        is_modifier=e.get("isModifier", False),
        is_attribute="xmlAttr" in e.get("representation", ()),
        # The base's maximum decides how JSON is written: https://hl7.org/fhir/R4/profiling.html
        is_list=e["base"]["max"] not in {"0", "1"},
        constraints=_constraints(e),
    )


def _constraints(e: Resource, own: Collection[str] = ()) -> tuple[Constraint, ...]:
    return tuple(
        Constraint(c["key"], c["severity"], c["human"], expression)
        for c in e.get("constraint", ())
        if c["key"] not in _EVERYWHERE or c["key"] in own
        if (expression := _MENDED.get(c["key"], c.get("expression"))) is not None
    )


def _type(t: Resource, path: str, definition: Resource) -> ElementType:
    code: str = t["code"]
    if code.startswith(_SYSTEM_BASE):
        if definition["kind"] == "primitive-type" and path.endswith(".value"):
            return ElementType(code.removeprefix(_SYSTEM_BASE))
        # The package says string for Resource.id, the specification says id.
        is_logical_id = definition["kind"] == "resource" and path.count(".") == 1
        code = "id" if is_logical_id else _extension(t, _FHIR_TYPE) or "string"
    return ElementType(code, tuple(_last(p) or p for p in t.get("targetProfile", ())))


def _extension(element: Resource, url: str) -> str | None:
    for extension in element.get("extension", ()):
        if extension["url"] == url:
            return str(next(v for k, v in extension.items() if k.startswith("value")))
    return None


def _last(canonical: str | None) -> str | None:
    return None if canonical is None else canonical.removeprefix(_TYPE_BASE)


def _is_served(parameter: Resource) -> bool:
    """Whether it is a parameter of the base standard, not an example or one for an extension."""
    expression = parameter.get("expression", "")
    if not parameter.get("base") or parameter["url"].startswith(_EXAMPLE):
        return False
    if not expression:
        return set(parameter["base"]) <= {"Resource", "DomainResource"}
    return ".extension(" not in expression


def _search_parameter(r: Resource) -> SearchParameterDefinition:
    return SearchParameterDefinition(
        id=r["id"],
        url=r["url"],
        code=r["code"],
        name=r["name"],
        type=r["type"],
        base=tuple(r["base"]),
        expression=r.get("expression"),
        target=tuple(r.get("target", ())),
        components=tuple(
            Component(c["definition"], c["expression"]) for c in r.get("component", ())
        ),
        description=" ".join(r.get("description", "").split()),
    )


def _value_sets(
    structures: Iterable[Structure], value_sets: Iterable[Resource], systems: Iterable[Resource]
) -> dict[str, Raw]:
    bound = {
        e.binding.value_set
        for s in structures
        for e in s.all_elements
        if e.binding is not None and e.binding.strength == "required"
    }
    enumeration = Enumeration(
        {r["url"]: r for r in value_sets}, {r["url"]: r for r in systems if "url" in r}
    )
    found = {url: enumeration.codes(url) for url in sorted(bound)}
    return {
        url: _packed({s: sorted(c) for s, c in codes.items()})
        for url, codes in found.items()
        if codes is not None
    }
