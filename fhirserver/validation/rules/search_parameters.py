"""SearchParameters, and where CapabilityStatements name them.

https://hl7.org/fhir/R4/searchparameter.html
"""

from __future__ import annotations

from collections.abc import Iterator

from fhirserver import fhirpath
from fhirserver.errors import Invalid
from fhirserver.fhirpath import ast
from fhirserver.model import definitions
from fhirserver.validation.node import Node
from fhirserver.validation.rule import rule
from fhirserver.validation.run import Run


@rule("SearchParameter")
def search_parameter(run: Run, node: Node) -> None:
    """Its expression is one on its bases, and it refines what it derives from."""
    bases = [str(b.value) for b in node.named("base") if isinstance(b.value, str)]
    _derived(run, node, bases)
    expression = node.text("expression")
    if expression is None:
        return
    try:
        tree = fhirpath.parse(expression)
        for branch in _branches(tree):
            _root(branch, bases)
        for base in bases:
            fhirpath.compile(expression, base)
    except Invalid as error:
        text = f"the expression can't be evaluated: {error}"
        run.error("invalid", text, f"{node.path}.expression")


def _derived(run: Run, node: Node, bases: list[str]) -> None:
    canonical = node.text("derivedFrom")
    origin = run.conformance.find("SearchParameter", canonical) if canonical else None
    if origin is None:
        return
    known = definitions.load()
    wider = origin.get("base", ())
    if not all(
        any(b == w or (b in known.structure_names and known.is_a(b, w)) for w in wider)
        for b in bases
    ):
        run.error("invalid", "has a base that what it derives from doesn't have", node)
    if node.text("type") != origin.get("type"):
        run.error("invalid", "has another type than what it derives from", node)


def _branches(tree: ast.Expression) -> Iterator[ast.Expression]:
    if isinstance(tree, ast.Binary) and tree.operator == "|":
        yield from _branches(tree.left)
        yield from _branches(tree.right)
    else:
        yield tree


def _root(branch: ast.Expression, bases: list[str]) -> None:
    """A path that begins with a resource type begins with one of the bases."""
    node: ast.Expression = branch
    while True:
        source = next(iter(ast.children(node)), None)
        if source is None:
            break
        node = source
    known = definitions.load()
    is_type = isinstance(node, ast.Member) and node.name[:1].isupper()
    if not isinstance(node, ast.Member) or not is_type or not known.is_resource(node.name):
        return
    if not any(b in known.structure_names and known.is_a(b, node.name) for b in bases):
        raise Invalid(f"{node.name} is none of the bases")


@rule("CapabilityStatement.rest.resource.searchParam")
def advertised(run: Run, node: Node) -> None:
    """A parameter has the type of its definition."""
    canonical = node.text("definition")
    found = run.conformance.find("SearchParameter", canonical) if canonical else None
    if found is not None and node.text("type") != found.get("type"):
        run.error("invalid", f"the type must be {found.get('type')}, as it is defined", node)
