"""StructureDefinitions: types that their profiles have, and a snapshot that can be made.

https://hl7.org/fhir/R4/structuredefinition.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from fhirserver import fhirpath
from fhirserver.errors import FhirError, Invalid
from fhirserver.model import definitions
from fhirserver.model.snapshots import Snapshots
from fhirserver.validation.node import Node
from fhirserver.validation.profile import TYPE_BASE
from fhirserver.validation.profiles.discriminators import steps_of
from fhirserver.validation.rule import rule
from fhirserver.validation.run import Run

_PATH: Final = re.compile(r"[^\s.,:;'\"/|?!@#$%&*()\[\]{}]{1,64}(?:\.[^\s.]{1,70})*")


@rule("StructureDefinition")
def snapshot(run: Run, node: Node) -> None:
    """The snapshot can be generated, if what the definition is based on is known."""
    definition = node.value
    base = definition.get("baseDefinition")
    if definition.get("derivation") != "constraint" or "differential" not in definition:
        return
    if base == definition.get("url"):
        run.warning("business-rule", "is based on itself: nothing can be made of it", node)
        return
    if not isinstance(base, str) or run.conformance.find("StructureDefinition", base) is None:
        run.warning("not-found", "what this is based on isn't known", node)
        return
    try:
        problems = Snapshots(run.conformance).generate(definition).problems
    except (FhirError, AttributeError, KeyError, TypeError, ValueError):
        problems = ("the snapshot can't be generated",)
    for problem in (*problems, *_unusable(node)):
        run.error("invalid", f"the differential doesn't fit: {problem}", node)


def _unusable(node: Node) -> Iterator[str]:
    """What leaves nobody able to tell slices apart."""
    for found in node.everything():
        if found.type != "ElementDefinition.slicing.discriminator":
            continue
        if found.text("path") is None or found.text("type") is None:
            slicing = found.parent
            element = slicing.parent if slicing is not None else None
            path = element.text("path") if element is not None else None
            yield f"{path or 'an element'} is sliced by a discriminator without a type or a path"


def _discriminators(run: Run, node: Node, path: str | None) -> None:
    """The path of a discriminator begins with an element of what is sliced."""
    slicing = node.first("slicing")
    owner = _type_at(path) if path is not None else None
    if slicing is None or owner is None:
        return
    for discriminator in slicing.named("discriminator"):
        steps = steps_of(discriminator.text("path") or "")
        if not steps or steps[0][0] != "name":
            continue
        if not definitions.load().element_type(owner, steps[0][1]):
            text = f"the path of a discriminator must begin with an element of {owner}"
            run.error("invalid", text, discriminator)


def _type_at(path: str) -> str | None:
    """The type of the base's element at a path, or its path if it has children of its own."""
    known = definitions.load()
    root, *names = path.split(".")
    current = root
    if root not in known.structure_names:
        return None
    for name in names:
        found = known.element_type(current, name.removesuffix("[x]"))
        if len(found) != 1 or found[0].type_code in known.primitives | {"Resource"}:
            return None
        current = found[0].target_path
    return current


@rule("ElementDefinition")
def element(run: Run, node: Node) -> None:
    """The path of an element, and profiles of its types."""
    path = node.text("path")
    _discriminators(run, node, path)
    if path is not None and not _PATH.fullmatch(path):
        run.error("invalid", "the path must be names with single dots between them", node)
    for type_ in node.named("type"):
        code = type_.text("code")
        for profile in type_.named("profile"):
            found = (
                run.conformance.find("StructureDefinition", profile.value)
                if isinstance(profile.value, str)
                else None
            )
            if found is not None and found.get("type") != (code or "").removeprefix(TYPE_BASE):
                run.error("invalid", f"is a profile of {found.get('type')}, not of {code}", profile)


@rule("ElementDefinition.constraint")
def constraint(run: Run, node: Node) -> None:
    """The expression of an invariant can be evaluated where it is said."""
    expression = node.text("expression")
    element = node.parent
    if expression is None or element is None:
        return
    where = f"{node.path}.expression"
    try:
        fhirpath.parse(expression)
    except Invalid as error:
        run.error("invalid", f"is no FHIRPath: {error}", where)
        return
    path = element.text("path")
    owner = _type_at(path) if path is not None else None
    if owner is None:
        return
    try:
        fhirpath.compile(expression, owner)
    except Invalid as error:
        # A warning only: the element may have a type here that isn't known, such as a slice's.
        run.warning("invalid", f"can't be evaluated on {owner}: {error}", where)
