"""What expressions ask of profiles: conformsTo(), slice() and htmlChecks() in FHIRPath.

https://hl7.org/fhir/R4/fhirpath.html#functions
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from fhirserver.fhirpath import Typed
from fhirserver.validation import base, narrative
from fhirserver.validation.node import Node, branch, tree
from fhirserver.validation.profiles.checking import check_profile, slice_named
from fhirserver.validation.run import Run


class RunProfiles:
    """A fhirpath.Profiles within one validation, whose nodes it knows again."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def conforms_to(self, profile: str, item: Typed) -> bool | None:
        """Whether an item has no errors by a profile, and as a resource none by the base."""
        run = self._run.silent()
        node = self._node(item)
        if node is None or not check_profile(run, node, profile):
            return None
        if run.has_errors:
            return False
        return not (node.is_resource and base.check(node.value))

    def slice(self, profile: str, name: str, items: Sequence[Typed]) -> list[Typed] | None:
        """The items that belong to a slice."""
        nodes = [self._node(item) for item in items]
        there = [n for n in nodes if n is not None]
        found = slice_named(self._run.silent(), profile, name, there)
        if found is None:
            return None
        members = {id(n) for n in found}
        return [i for n, i in zip(nodes, items, strict=True) if id(n) in members]

    def is_narrative(self, xhtml: Any) -> bool:
        """Whether a narrative's text follows the rules on HTML, and isn't empty."""
        return narrative.content(xhtml) is None

    def _node(self, item: Typed) -> Node | None:
        type_, value, extra = item
        if not isinstance(value, dict):
            return branch(type_, type_, value, extra)
        known = self._nodes.get(id(value))
        if known is not None:
            return known
        return tree(value) if "resourceType" in value else branch(type_, type_, value)

    @cached_property
    def _nodes(self) -> dict[int, Node]:
        top = self._run.top
        return {id(n.value): n for n in top.everything() if isinstance(n.value, dict)}
