"""The suite is written in R5: its resources become R4's before they are sent, and R4's answers R5's.

What R4 doesn't have travels in the extensions that HL7 defines for it.
https://hl7.org/fhir/R5/versions.html#extensions
"""

from __future__ import annotations

import copy
from typing import Any, Final

Resource = dict[str, Any]
_R5: Final = "http://hl7.org/fhir/5.0/StructureDefinition/extension-ValueSet."
_PROPERTY: Final = f"{_R5}expansion.property"
_CONTAINS_PROPERTY: Final = f"{_R5}expansion.contains.property"
_FILTER_OP: Final = f"{_R5}compose.include.filter.op"
_ALGORITHM: Final = (
    "http://hl7.org/fhir/5.0/StructureDefinition/extension-CodeSystem.versionAlgorithm"
)
# R5's filter operators that R4's binding doesn't have.
_NEW_OPERATORS: Final = {"child-of", "descendent-leaf"}
# R5's relationships in the words of R4's equivalences, which look from the source to the target.
EQUIVALENCE: Final = {
    "related-to": "relatedto",
    "equivalent": "equivalent",
    "source-is-narrower-than-target": "wider",
    "source-is-broader-than-target": "narrower",
    "not-related-to": "disjoint",
}


def to_r4(resource: Resource) -> Resource:
    """A resource of the suite as R4 has it."""
    made = copy.deepcopy(resource)
    match made.get("resourceType"):
        case "CodeSystem":
            _drop(made, "versionAlgorithmString", "versionAlgorithmCoding", "copyrightLabel")
            for found in made.get("property", ()):
                _drop(found, "uri:note")
            _unknown(made)
        case "ValueSet":
            _drop(made, "versionAlgorithmString", "versionAlgorithmCoding", "scope")
            for kind in ("include", "exclude"):
                for rule in made.get("compose", {}).get(kind, ()):
                    _filters(rule)
            for contained in made.get("contained", ()):
                contained.setdefault("status", "active")
            made["contained"] = [to_r4(c) for c in made.get("contained", ())]
            if not made["contained"]:
                del made["contained"]
        case "ConceptMap":
            _concept_map(made)
        case "Parameters":
            for parameter in made.get("parameter", ()):
                # HL7's parser takes a boolean in quotes for one, and the suite has such.
                if isinstance(parameter.get("valueBoolean"), str):
                    parameter["valueBoolean"] = parameter["valueBoolean"] == "true"
                if "resource" in parameter:
                    parameter["resource"] = to_r4(parameter["resource"])
    return made


def to_r5(resource: Resource) -> Resource:
    """An answer as the suite's expectations have it."""
    made = copy.deepcopy(resource)
    if made.get("resourceType") == "ValueSet" and "expansion" in made:
        expansion = made["expansion"]
        _as_properties(expansion, _PROPERTY)
        waiting = list(expansion.get("contains", ()))
        while waiting:
            entry = waiting.pop()
            _as_properties(entry, _CONTAINS_PROPERTY)
            waiting.extend(entry.get("contains", ()))
    return made


def _unknown(made: Resource) -> None:
    """Elements beside their translations, which some files have for their readers: `title:en`."""
    for key in [k for k in made if ":" in k]:
        del made[key]
    waiting = list(made.get("concept", ()))
    while waiting:
        concept = waiting.pop()
        for key in [k for k in concept if ":" in k]:
            del concept[key]
        waiting.extend(concept.get("concept", ()))


def _filters(rule: Resource) -> None:
    for condition in rule.get("filter", ()):
        if condition.get("op") in _NEW_OPERATORS:
            condition["_op"] = {
                "extension": [{"url": _FILTER_OP, "valueCode": condition.pop("op")}]
            }


def _concept_map(made: Resource) -> None:
    for end in ("source", "target"):
        for kind in ("Uri", "Canonical"):
            scope = made.pop(f"{end}Scope{kind}", None)
            if scope is not None:
                made[f"{end}{kind}"] = scope
    for group in made.get("group", ()):
        for element in group.get("element", ()):
            for target in element.get("target", ()):
                target["equivalence"] = EQUIVALENCE[target.pop("relationship")]
        unmapped = group.get("unmapped")
        if unmapped is not None:
            unmapped.pop("relationship", None)


def _as_properties(element: Resource, url: str) -> None:
    kept = []
    for extension in element.pop("extension", ()):
        if extension.get("url") != url:
            kept.append(extension)
            continue
        made: Resource = {}
        for part in extension["extension"]:
            value = next((k, v) for k, v in part.items() if k.startswith("value"))
            made[part["url"] if part["url"] != "value" else value[0]] = value[1]
        element.setdefault("property", []).append(made)
    if kept:
        element["extension"] = kept


def _drop(made: Resource, *names: str) -> None:
    for name in names:
        made.pop(name, None)
