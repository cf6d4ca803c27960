"""Extensions: their definitions, where they may stand, what may be inside.

https://hl7.org/fhir/R4/extensibility.html, https://hl7.org/fhir/R4/defining-extensions.html#context
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from fhirserver import fhirpath
from fhirserver.errors import Invalid
from fhirserver.model import definitions
from fhirserver.validation.node import Node
from fhirserver.validation.profiles.checking import check_profile
from fhirserver.validation.rule import rule
from fhirserver.validation.run import Run

# What the standard's tools put into definitions; R4 has no definition of them.
_OF_TOOLS: Final = ("http://hl7.org/fhir/tools/",)
# Where HL7's own definitions have them, in spite of the contexts that R4 says.
_MENDED: Final[Mapping[str, tuple[Mapping[str, str], ...]]] = {
    "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type": (
        {"type": "element", "expression": "ElementDefinition.type"},
    ),
    "http://hl7.org/fhir/StructureDefinition/11179-objectClass": (
        {"type": "element", "expression": "StructureDefinition"},
    ),
    "http://hl7.org/fhir/StructureDefinition/structuredefinition-normative-version": (
        {"type": "element", "expression": "Element"},
    ),
    "http://hl7.org/fhir/StructureDefinition/regex": (
        {"type": "element", "expression": "ElementDefinition.type"},
    ),
    "http://hl7.org/fhir/StructureDefinition/valueset-concept-comments": (
        {"type": "element", "expression": "CodeSystem.concept"},
    ),
    # National guides, US Core among them, say of every part how strongly they ask for it; later
    # releases of the extension allow that.
    "http://hl7.org/fhir/StructureDefinition/capabilitystatement-expectation": tuple(
        {"type": "element", "expression": path}
        for path in (
            "CapabilityStatement.format",
            "CapabilityStatement.implementationGuide",
            "CapabilityStatement.instantiates",
            "CapabilityStatement.patchFormat",
            "CapabilityStatement.rest.resource",
            "CapabilityStatement.rest.resource.extension",
            "CapabilityStatement.rest.resource.operation",
            "CapabilityStatement.rest.resource.referencePolicy",
            "CapabilityStatement.rest.resource.supportedProfile",
            "SearchParameter.chain",
            "SearchParameter.comparator",
            "SearchParameter.modifier",
            "SearchParameter.multipleAnd",
            "SearchParameter.multipleOr",
        )
    ),
}
_EXAMPLES: Final = ("http://example.org/", "https://example.org/")


@rule("Extension")
def extension(run: Run, node: Node) -> None:
    """One extension, by its url."""
    url = node.text("url")
    if url is None or node.parent is None:
        return
    if node.parent.type == "Extension" and ":" not in url:
        # A part of a complex extension: the definition of the whole decides.
        _part(run, node, url)
        return
    if ":" not in url:
        run.error("value", "the url of an extension must be absolute", node)
        return
    if "|" in url:
        run.error("value", "the url of an extension must not have a version", f"{node.path}.url")
        url = url.partition("|")[0]
    definition = run.conformance.find("StructureDefinition", url)
    if definition is None or definition.get("type") != "Extension":
        _unknown(run, node, url)
        return
    _modifier(run, node, definition)
    _context(run, node, node.parent, definition)
    check_profile(run, node, url)


def _unknown(run: Run, node: Node, url: str) -> None:
    text = "the definition of this extension isn't known here: install the package that has it"
    if url.startswith(_EXAMPLES):
        run.report(run.options.example_extension, "extension", text, node)
        text = "is the url of an example"
        run.report(run.options.example_extension, "value", text, f"{node.path}.url")
    elif not url.startswith((*_OF_TOOLS, *run.options.trusted_extensions)):
        run.report(run.options.unknown_extension, "extension", text, node)


def _part(run: Run, node: Node, url: str) -> None:
    whole = node.parent
    parts = [url]
    while whole is not None and whole.type == "Extension" and ":" not in (whole.text("url") or ":"):
        parts.append(whole.text("url") or "")
        whole = whole.parent
    if whole is None or whole.type != "Extension":
        return
    profile = run.profiles.profile(whole.text("url") or "")
    if profile is None:
        return
    element = profile.root
    for name in reversed(parts):
        child = element.child("extension")
        found = [
            s
            for s in (child.slices if child is not None else ())
            if (u := s.child("url")) is not None and u.values.get("fixed") == name
        ]
        if not found:
            if name == url:
                run.error("structure", "is not a part that the extension defines", node)
            return
        element = found[0]


def _modifier(run: Run, node: Node, definition: Mapping[str, Any]) -> None:
    """https://hl7.org/fhir/R4/extensibility.html#modifierExtension"""
    elements: Iterator[Mapping[str, Any]] = (
        e
        for form in ("snapshot", "differential")
        for e in definition.get(form, {}).get("element", ())
    )
    is_modifier = any(e.get("isModifier", False) for e in elements if e.get("path") == "Extension")
    if is_modifier and node.name != "modifierExtension":
        run.error("structure", "must be a modifierExtension", node)
    elif not is_modifier and node.name == "modifierExtension":
        run.error("structure", "must be an extension: it modifies nothing", node)


def _context(run: Run, node: Node, parent: Node, definition: Mapping[str, Any]) -> None:
    contexts = (*definition.get("context", ()), *_MENDED.get(definition.get("url", ""), ()))
    if contexts and not any(_fits(run, c, node, parent) for c in contexts):
        places = ", ".join(str(c.get("expression")) for c in contexts)
        text = f"has the extension {definition.get('url')}, which is allowed on {places} only"
        run.error("structure", text, parent)
        return
    for expression in definition.get("contextInvariant", ()):
        if _value_of(run, expression, parent, node) is False:
            text = f"has the extension {definition.get('url')} without its condition: {expression}"
            run.error("structure", text, parent)


def _fits(run: Run, context: Mapping[str, Any], node: Node, parent: Node) -> bool:
    expression = context.get("expression", "")
    match context.get("type"):
        case "element":
            return expression.partition("#")[0] in set(_names(parent))
        case "extension":
            # On the extension itself, or on its value.
            around = parent if parent.type == "Extension" else parent.parent
            return around is not None and around.text("url") == expression
        case "fhirpath":
            return _selects(run, expression, parent)
    return True


def _names(node: Node) -> Iterable[str]:
    """What the place of an extension is called: its path, its type, and what that derives from."""
    known = definitions.load()
    # In contexts it stands for resources, too.
    yield "Element"
    if node.property is not None:
        path = node.property.element.path
        yield path
        yield path.removesuffix("[x]")
        yield f"{path.removesuffix('[x]')}.ofType({node.type})"
    name: str | None = node.type
    if "." in node.type:
        yield node.type
        name = "BackboneElement"
    while name is not None:
        yield name
        name = known.structure(name).base if name in known.structure_names else None
    if "url" in known.properties(node.type) and node.is_resource:
        # Later releases' names for what R4 has as a pattern only.
        yield "CanonicalResource"
        yield "MetadataResource"


def _selects(run: Run, expression: str, parent: Node) -> bool:
    """Whether an expression on the resource selects the element."""
    try:
        found = fhirpath.compile(expression, parent.resource.type)(
            parent.resource.value, run.env(parent.resource)
        )
    except Invalid:
        return True
    return any(value is parent.value for _, value, _ in found)


def _value_of(run: Run, expression: str, element: Node, extension: Node) -> bool | None:
    """A condition on an element and `%extension`; None when it can't be evaluated.

    https://hl7.org/fhir/R4/structuredefinition-definitions.html#StructureDefinition.contextInvariant
    """
    env = replace(run.env(element), variables={"extension": ("Extension", extension.value, None)})
    for from_ in (element, element.resource):
        try:
            found = fhirpath.compile(expression, from_.type)(from_.value, env)
        except Invalid:
            continue
        return bool(found) and found[0][1] is not False
    return None
