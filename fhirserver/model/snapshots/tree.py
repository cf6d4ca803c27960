"""The elements of a StructureDefinition as a tree, in which slices stand after what they slice.

https://hl7.org/fhir/R4/elementdefinition.html#id
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from fhirserver.errors import Invalid
from fhirserver.model.resource import Resource

Elements = list[Resource]

# Definitions are sent by others; published ones nest less than twenty levels.
MAX_DEPTH: Final = 64


@dataclass(slots=True)
class Node:
    """One element: its name (`value[x]`), its slice's name, what is said of it, and what it holds.

    `element` is shared with the definition it comes from, and so never changed in place.
    """

    name: str
    slice: str | None
    element: Resource
    children: list[Node] = field(default_factory=list)

    def child(self, name: str, slice_: str | None = None) -> Node | None:
        """The child of that name, or its slice of that name."""
        return next((c for c in self.children if c.name == name and c.slice == slice_), None)

    def copy(self) -> Node:
        """The same subtree, whose nodes can be changed without harm."""
        return Node(self.name, self.slice, self.element, [c.copy() for c in self.children])

    def add_slice(self, name: str, node: Node) -> None:
        """Put a slice after the others of that name; a slice of a slice after its own kin."""
        assert node.slice is not None
        above = node.slice.rpartition("/")[0]
        last = -1
        for position, c in enumerate(self.children):
            kin = c.slice is not None and (c.slice == above or c.slice.startswith(f"{above}/"))
            if c.name == name and (not above or kin):
                last = position
        self.children.insert(last + 1 if last >= 0 else len(self.children), node)

    def walk(self) -> Iterator[Node]:
        """This node and all below it."""
        yield self
        for c in self.children:
            yield from c.walk()


def grown(elements: Iterable[Resource]) -> Node:
    """The tree of a snapshot or a differential.

    Elements are placed by path, slice name and order, which every definition has; the parents that
    a differential leaves out become nodes that say nothing. Raises Invalid when they make no tree.
    """
    root: Node | None = None
    open_nodes: list[Node] = []
    for element in elements:
        path = str(element.get("path", ""))
        names = path.split(".")
        if len(names) > MAX_DEPTH:
            raise Invalid(f"{path[:200]} ... is nested deeper than {MAX_DEPTH} levels")
        if root is not None and names[0] != root.name:
            raise Invalid(f"{path[:200]} doesn't belong to {root.name}")
        if root is None:
            root = Node(names[0], None, element if len(names) == 1 else {})
            open_nodes = [root]
            if len(names) == 1:
                continue
        slices = _slices(element, names)
        # The ancestors that this element shares with the one before it stay open.
        kept = 1
        while (
            kept < min(len(names) - 1, len(open_nodes))
            and open_nodes[kept].name == names[kept]
            and (slices is None or open_nodes[kept].slice == slices[kept])
        ):
            kept += 1
        del open_nodes[kept:]
        for depth in range(kept, len(names) - 1):
            wanted = None if slices is None else slices[depth]
            parent = open_nodes[-1].child(names[depth], wanted)
            if parent is None:
                parent = Node(names[depth], wanted, {})
                open_nodes[-1].children.append(parent)
            open_nodes.append(parent)
        name = names[-1]
        slice_ = element.get("sliceName") or (None if slices is None else slices[-1])
        node = open_nodes[-1].child(name, slice_)
        if node is None or node.element:
            node = Node(name, slice_, element)
            open_nodes[-1].children.append(node)
        else:
            node.element = element
        open_nodes.append(node)
    if root is None:
        raise Invalid("a StructureDefinition has a snapshot or differential without elements")
    return root


def _slices(element: Resource, names: list[str]) -> list[str | None] | None:
    """The slice at each level as the element's id says; None when the id doesn't fit the path."""
    parts = str(element.get("id", "")).split(".")
    if len(parts) != len(names):
        return None
    pairs = [part.partition(":") for part in parts]
    if any(p[0] != name for p, name in zip(pairs, names, strict=True)):
        return None
    return [p[2] or None for p in pairs]


def flat(root: Node) -> Elements:
    """The elements of a tree in order, each with its path and id."""
    found: Elements = []
    _flatten(root, "", "", found)
    return found


def _flatten(node: Node, path: str, id_: str, found: Elements) -> None:
    path = f"{path}.{node.name}" if path else node.name
    name = node.name if node.slice is None else f"{node.name}:{node.slice}"
    id_ = f"{id_}.{name}" if id_ else name
    element = {"id": id_, **{k: v for k, v in node.element.items() if k not in _PLACE}}
    # The order in which the specification lists them.
    first: Resource = {k: element.pop(k) for k in ("id", "extension") if k in element}
    first["path"] = path
    if "representation" in element:
        first["representation"] = element.pop("representation")
    if node.slice is not None:
        first["sliceName"] = node.slice
    found.append(first | element)
    for c in node.children:
        _flatten(c, path, id_, found)


_PLACE = frozenset({"id", "path", "sliceName"})


def choice_of(parent: Node, name: str) -> tuple[Node, Resource] | None:
    """The element that `valueQuantity` is a choice of, and the type that is chosen."""
    for c in parent.children:
        if c.slice is None and c.name.endswith("[x]") and name.startswith(c.name[:-3]):
            suffix = name[len(c.name) - 3 :]
            for type_ in c.element.get("type", ()):
                code = type_.get("code", "")
                if code[:1].upper() + code[1:] == suffix:
                    return c, type_
    return None


def found_at(tree: Node, id_: str) -> Node | None:
    """The node with an element's id."""
    node: Node | None = tree
    for part in id_.split(".")[1:]:
        name, _, slice_ = part.partition(":")
        node = node.child(name, slice_ or None) if node is not None else None
    return node
