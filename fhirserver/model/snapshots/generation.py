"""Generating the snapshot of a StructureDefinition.

A differential is laid over the tree of what it is based on: an element that it walks into is
expanded from its type, its type's profile or the element it refers to; a slice begins as a copy of
what it slices. https://hl7.org/fhir/R4/profiling.html#snapshot
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fhirserver.errors import Invalid
from fhirserver.model.conformance import Conformance
from fhirserver.model.resource import Resource
from fhirserver.model.snapshots.merging import merged, with_base
from fhirserver.model.snapshots.tree import MAX_DEPTH, Node, choice_of, flat, found_at, grown

_BASE: Final = "http://hl7.org/fhir/StructureDefinition/"
_SYSTEM: Final = "http://hl7.org/fhirpath/"

# Definitions are sent by others: what they grow into must stay within reason.
MAX_ELEMENTS: Final = 20_000
MAX_BASES: Final = 32

_WITHOUT_SLICING: Final = frozenset({"resource", "logical", "primitive-type"})
_EXTENSION_SLICING: Final[Resource] = {
    "discriminator": [{"type": "value", "path": "url"}],
    "ordered": False,
    "rules": "open",
}
_TYPE_SLICING: Final[Resource] = {
    "discriminator": [{"type": "type", "path": "$this"}],
    "ordered": False,
    "rules": "open",
}


@dataclass(frozen=True, slots=True)
class Generated:
    """A definition with its snapshot, and what in its differential could not be made sense of."""

    resource: Resource
    problems: tuple[str, ...] = ()


class Snapshots:
    """Generates snapshots of definitions whose bases and types are found in `source`."""

    def __init__(self, source: Conformance) -> None:
        self._source = source
        self._trees: dict[str, Node] = {}
        self._under_way: list[str] = []

    def generate(self, definition: Resource) -> Generated:
        """The definition with a snapshot made from its differential.

        Raises Invalid when what it is based on is missing, circular or beyond reason.
        """
        work = _Work(self, definition)
        tree = work.done()
        resource = {k: v for k, v in definition.items() if k not in {"snapshot", "differential"}}
        resource["snapshot"] = {"element": flat(tree)}
        if "differential" in definition:
            resource["differential"] = definition["differential"]
        return Generated(resource, tuple(work.problems))

    def definition(self, canonical: str) -> Resource | None:
        """A StructureDefinition by its address."""
        return self._source.find("StructureDefinition", canonical)

    def tree(self, canonical: str) -> Node | None:
        """The tree of a definition's snapshot; None when it isn't known. Copy before changing."""
        if canonical in self._trees:
            return self._trees[canonical]
        definition = self.definition(canonical)
        if definition is None:
            return None
        elements = definition.get("snapshot", {}).get("element")
        if elements:
            found = grown(elements)
        else:
            if canonical in self._under_way or len(self._under_way) >= MAX_BASES:
                chain = " > ".join([*self._under_way, canonical])
                raise Invalid(f"profiles are based on one another without end: {chain}")
            self._under_way.append(canonical)
            try:
                found = _Work(self, definition).done()
            finally:
                self._under_way.pop()
        self._trees[canonical] = found
        return found


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in the tree the work is."""

    path: str
    depth: int = 0
    in_slice: bool = False
    in_type: bool = False
    """Whether the elements here were expanded from a type, rather than being the base's own."""

    def below(self, name: str, *, in_slice: bool, in_type: bool) -> _Place:
        if self.depth >= MAX_DEPTH:
            raise Invalid(f"{self.path[:200]} ... is nested deeper than {MAX_DEPTH} levels")
        return _Place(f"{self.path}.{name}", self.depth + 1, in_slice, in_type)


@dataclass(slots=True)
class _Work:
    """The generation of one snapshot."""

    snapshots: Snapshots
    definition: Resource
    problems: list[str] = field(default_factory=list)
    base: Node | None = None
    _own: Node | None = None
    left: int = MAX_ELEMENTS

    @property
    def is_new_type(self) -> bool:
        """Whether a type of its own is defined; else it is a profile of what it is based on."""
        stated = self.definition.get("derivation")
        if stated is not None:
            return bool(stated != "constraint")
        base = self.snapshots.definition(self.definition.get("baseDefinition", ""))
        return base is None or base.get("type") != self.definition.get("type")

    @property
    def url(self) -> str:
        return str(self.definition.get("url", "a StructureDefinition without url"))

    def done(self) -> Node:
        """The tree with the differential laid over the base."""
        differential = self.definition.get("differential", {}).get("element")
        base = self.definition.get("baseDefinition")
        if not differential and not base:
            raise Invalid(f"{self.url} has neither a snapshot nor a differential")
        said = grown(differential) if differential else None
        if base is None:
            assert said is not None
            tree = Node(said.name, None, {})
        else:
            found = self.snapshots.tree(base)
            if found is None:
                raise Invalid(f"{self.url} is based on {base}, which is not known: install it")
            tree = self._copied(found)
        if said is None:
            return tree
        if self.is_new_type:
            tree.name = said.name
            # A type of its own stands for itself, not for what it is based on.
            tree.element = {k: v for k, v in tree.element.items() if k != "base"}
        elif tree.name != said.name:
            raise Invalid(f"{self.url} is about {said.name}, but its base is about {tree.name}")
        self.base, self._own = tree.copy(), tree
        self._apply(tree, said, _Place(tree.name))
        if "base" not in tree.element:
            tree.element = with_base(tree.element, tree.name)
        return tree

    def _apply(self, node: Node, said: Node, place: _Place) -> None:
        """Lay what is said of an element and of all below it over a node."""
        if said.element:
            node.element = self._constrained(node.element, said.element)
        if not said.children:
            return
        expanded = self._expand(node, place)
        in_slice = place.in_slice or node.slice is not None
        # Slices begin as what the base says, not as what is said here of all that is sliced.
        sliced = {c.name for c in said.children if c.slice or node.child(c.name) is None}
        whole = [c for c in node.children if c.slice is None]
        before = {
            c.name: c.copy()
            for c in whole
            if c.name in sliced or (c.name.endswith("[x]") and sliced)
        }
        for c in said.children:
            below = place.below(c.name, in_slice=in_slice, in_type=place.in_type or expanded)
            self._apply_child(node, c, before, below)

    def _apply_child(
        self, parent: Node, said: Node, before: Mapping[str, Node], place: _Place
    ) -> None:
        """Lay what is said of one child, or of one slice, over its parent."""
        found = parent.child(said.name, said.slice)
        choice = choice_of(parent, said.name)
        if found is not None:
            self._apply(found, said, place)
        elif said.slice is not None:
            self._apply_slice(parent, choice, said, before, place)
        elif choice is not None:
            self._apply_shortcut(parent, choice, said, before, place)
        elif self.is_new_type:
            added = Node(said.name, None, with_base(self._typed(said.element), place.path))
            parent.children.append(added)
            self._spend(1)
            self._apply(added, Node(said.name, None, {}, said.children), place)
        else:
            self.problems.append(f"{place.path} is not an element of the base")

    def _apply_slice(
        self,
        parent: Node,
        choice: tuple[Node, Resource] | None,
        said: Node,
        before: Mapping[str, Node],
        place: _Place,
    ) -> None:
        """Begin a slice as a copy of what it slices, and lay what is said over it."""
        assert said.slice is not None
        name = said.name if choice is None else choice[0].name
        known = parent.child(name, said.slice)
        above = said.slice.rpartition("/")[0]
        whole = parent.child(name, above or None) or parent.child(name)
        if known is not None:
            self._apply(known, said, place)
        elif whole is None:
            self.problems.append(f"{place.path} is not an element of the base")
        elif not self._is_sliced(whole):
            self.problems.append(f"{place.path} has slices, but nothing says how it is sliced")
            self._apply(whole, said, place)
        else:
            start = whole if whole.slice is not None else before.get(name, whole)
            type_ = None if choice is None else choice[1]
            slice_ = self._new_slice(start, said.slice, type_)
            parent.add_slice(name, slice_)
            self._apply(slice_, said, place)

    def _new_slice(self, start: Node, name: str, type_: Resource | None) -> Node:
        slice_ = self._copied(start)
        slice_.slice = name
        slice_.element = {k: v for k, v in slice_.element.items() if k != "slicing"}
        # How many there must be in all says nothing of each kind.
        slice_.element["min"] = 0
        if type_ is not None:
            slice_.element["type"] = [type_]
        return slice_

    def _is_sliced(self, whole: Node) -> bool:
        """Whether it is said how an element is sliced; where it is plain, it need not be."""
        if "slicing" not in whole.element:
            if whole.name in {"extension", "modifierExtension"}:
                slicing = _EXTENSION_SLICING
            elif whole.name.endswith("[x]"):
                slicing = _TYPE_SLICING
            else:
                return False
            whole.element = {**whole.element, "slicing": slicing}
        return True

    def _apply_shortcut(
        self,
        parent: Node,
        choice: tuple[Node, Resource],
        said: Node,
        before: Mapping[str, Node],
        place: _Place,
    ) -> None:
        """`valueQuantity` in the place of `value[x]`: a slice of that type.

        Where a slice is being described already, it says that the type is the only one.
        """
        whole, type_ = choice
        if place.in_slice and not place.in_type and "slicing" not in whole.element:
            whole.element = {**whole.element, "type": [type_]}
            self._apply(whole, said, place)
            return
        slice_ = parent.child(whole.name, said.name)
        if slice_ is None and self._is_sliced(whole):
            slice_ = self._new_slice(before.get(whole.name, whole), said.name, type_)
            parent.add_slice(whole.name, slice_)
        assert slice_ is not None
        self._apply(slice_, said, place)
        least = slice_.element.get("min", 0)
        if least > 0:
            # A value that must be there, and of which there is one, can't be of another type.
            slicing = {**whole.element["slicing"], "rules": "closed"}
            only = {"slicing": slicing, "type": [type_], "min": least}
            whole.element = {**whole.element, **only}

    def _constrained(self, base: Resource, said: Resource) -> Resource:
        """An element with what is said of it, over what the profile of its only type says."""
        type_ = _only(said.get("type", ())) or {}
        profile_url = _only(type_.get("profile", ()))
        is_extension = type_.get("code") == "Extension"
        if profile_url and type_.get("code") != "Reference" and not self.is_new_type:
            profile = self.snapshots.tree(profile_url)
            if profile is not None:
                limits = set[str]() if is_extension else {"min", "max"}
                root = {k: v for k, v in profile.element.items() if k not in limits | _ROOT_ONLY}
                base = merged(base, root)
            elif is_extension:
                self.problems.append(f"the extension {profile_url} is not known")
        found = merged(base, said, source=self.definition.get("url"))
        if "binding" in found and [t.get("code") for t in found.get("type", ())] == ["Extension"]:
            # The binding is that of the extension's value.
            del found["binding"]
        return found

    def _typed(self, said: Resource) -> Resource:
        """A new element with the rules that hold for everything of its type."""
        codes = [t.get("code", "") for t in said.get("type", ())]
        kind = "Extension" if codes == ["Extension"] else "Element"
        if any(c.startswith(_SYSTEM) or self._is_resource(c) for c in codes):
            return said
        tree = (
            self.snapshots.tree(_BASE + kind)
            if self.definition.get("url") != _BASE + kind
            else None
        )
        rules = tree.element.get("constraint", ()) if tree is not None else ()
        return merged({"constraint": list(rules)} if rules else {}, said)

    def _is_resource(self, code: str) -> bool:
        definition = self.snapshots.definition(_canonical(code))
        return definition is not None and definition.get("kind") == "resource"

    def _expand(self, node: Node, place: _Place) -> bool:
        """Give a node the children of what it is; whether it had none of its own."""
        if node.children or "." not in place.path:
            return False
        reference = node.element.get("contentReference")
        if reference is not None:
            target = self._target(reference)
            if target is None:
                self.problems.append(f"{place.path} refers to {reference}, which is not there")
                return False
            node.children = [self._copied(c) for c in target.children]
            kept = {k: v for k, v in node.element.items() if k != "contentReference"}
            node.element = {**kept, "type": target.element.get("type", [])}
            return True
        tree = self._type_tree(node)
        if tree is None:
            self.problems.append(f"{place.path} has parts, but the type that has them is not known")
            return False
        node.children = [self._copied(c) for c in tree.children]
        return True

    def _target(self, reference: str) -> Node | None:
        id_ = reference.partition("#")[2]
        for tree in (self.base, self._own):
            if tree is not None:
                found = found_at(tree, id_)
                if found is not None:
                    return found
        return None

    def _type_tree(self, node: Node) -> Node | None:
        type_ = _only(node.element.get("type", ()))
        if type_ is None:
            # What all types have in common: an id and extensions.
            return self.snapshots.tree(_BASE + "Element")
        profile = _only(type_.get("profile", ()))
        found = self.snapshots.tree(profile) if profile else None
        return found or self.snapshots.tree(_canonical(type_.get("code", "")))

    def _copied(self, node: Node) -> Node:
        found = node.copy()
        self._spend(sum(1 for _ in found.walk()))
        if self.is_new_type and self.definition.get("kind") in _WITHOUT_SLICING:
            # Only what constrains a resource says again how extensions are sliced.
            for n in found.walk():
                if "slicing" in n.element:
                    n.element = {k: v for k, v in n.element.items() if k != "slicing"}
        return found

    def _spend(self, elements: int) -> None:
        self.left -= elements
        if self.left < 0:
            raise Invalid(f"{self.url} has a snapshot of more than {MAX_ELEMENTS} elements")


def _only(items: Sequence[Any]) -> Any:
    """The item of a list that has just one."""
    return items[0] if len(items) == 1 else None


def _canonical(code: str) -> str:
    return code if "://" in code else _BASE + code


# What a profile's root says of itself, rather than of the elements that it is used for.
_ROOT_ONLY: Final = frozenset({"id", "path", "base", "sliceName", "slicing", "type"})
