"""CodeSystems: their content and properties; and codes that are taken from a supplement.

https://hl7.org/fhir/R4/codesystem.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fhirserver.validation.node import Node
from fhirserver.validation.rule import always, rule
from fhirserver.validation.run import Run

# https://hl7.org/fhir/R4/codesystem.html#defined-props
_STANDARD: Final[Mapping[str, str]] = {
    "inactive": "boolean",
    "deprecated": "dateTime",
    "notSelectable": "boolean",
    "parent": "code",
    "child": "code",
}
_STANDARD_URI: Final = "http://hl7.org/fhir/concept-properties#"


@rule("CodeSystem")
def code_system(run: Run, node: Node) -> None:
    """One CodeSystem."""
    content = node.text("content")
    concepts = node.named("concept")
    if content == "not-present" and concepts:
        run.error("invalid", "has concepts, though its content is not-present", concepts[0])
    supplemented = node.text("supplements")
    if supplemented is not None and content != "supplement":
        text = "must be supplement, because the code system supplements another"
        run.error("invalid", text, f"{node.path}.content")
    if supplemented is not None:
        _supplement(run, node, supplemented)
    _properties(run, node)


def _supplement(run: Run, node: Node, canonical: str) -> None:
    """A supplement adds to the concepts of another code system and defines none."""
    system = run.profiles.systems.find(canonical)
    if system is None or system.content != "complete":
        return
    for concept in node.everything():
        code = concept.text("code")
        if concept.type == "CodeSystem.concept" and code and code not in system.concepts:
            run.error("invalid", "isn't a concept of what is supplemented", concept)


def _properties(run: Run, node: Node) -> None:
    declared: dict[str, str] = {}
    uris: set[str] = set()
    for p in node.named("property"):
        code, uri, type_ = p.text("code") or "", p.text("uri") or "", p.text("type") or ""
        standard = uri.removeprefix(_STANDARD_URI)
        if standard == uri:
            standard = code if not uri else ""
        if type_ and (_STANDARD.get(standard) or _STANDARD.get(code, type_)) != type_:
            run.error("invalid", f"the standard's property {standard or code} has another type", p)
        elif code in declared:
            run.error("duplicate", "is a second property with the same code", p)
        elif uri and uri in uris:
            run.error("duplicate", "is a second property with the same uri", p)
        declared.setdefault(code, type_)
        uris.add(uri)
    for value in node.everything():
        if value.type != "CodeSystem.concept.property":
            continue
        given = value.first("value")
        wanted = declared.get(value.text("code") or "")
        if given is not None and wanted is not None and given.type != wanted:
            run.error("structure", f"must have a value of type {wanted}", value)


def _is_told_otherwise(run: Run, value: Any) -> bool:
    system, code = value.get("system"), value.get("code")
    if type(system) is not str or type(code) is not str:
        return False
    return not run.profiles.systems.agrees(system, code, value.get("display"))


@rule("Coding", when=always(_is_told_otherwise))
def coding(run: Run, node: Node) -> None:
    """A code's system, and its display where the code system is at hand."""
    url, code, display = node.text("system"), node.text("code"), node.text("display")
    if url is None or code is None:
        return
    system = run.profiles.systems.find(url)
    if system is None:
        return
    if system.is_supplement:
        text = "is a supplement: take the code system that it supplements"
        run.error("invalid", text, f"{node.path}.system")
        return
    if display is not None and not system.calls(code, display):
        text = "isn't how the code system calls this code"
        run.report(run.options.wrong_display, "invalid", text, f"{node.path}.display")
