"""A resource as a tree of typed nodes, for the rules that look around: paths, parents, children.

https://hl7.org/fhir/R4/fhirpath.html
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from fhirserver.model import definitions
from fhirserver.model.definitions import Property


class Node:
    """One element of a resource, or a resource.

    `type` is a FHIR type, or the path of a nested element ("Patient.contact"); `extra` is the
    `_name` sibling of a primitive. What isn't shaped as its definition says has no node: the rules
    of structure tell of it.
    """

    __slots__ = ("children", "extra", "name", "parent", "path", "property", "type", "value")

    def __init__(
        self,
        path: str,
        type_: str,
        value: Any,
        extra: Any = None,
        *,
        name: str = "",
        property_: Property | None = None,
        parent: Node | None = None,
    ) -> None:
        self.path = path
        self.type = type_
        self.value = value
        self.extra = extra
        self.name = name
        self.property = property_
        self.parent = parent
        self.children: list[Node] = []

    @property
    def is_resource(self) -> bool:
        """Whether it is a resource, at the top or inside another."""
        return definitions.load().is_resource(self.type)

    @property
    def is_primitive(self) -> bool:
        """Whether its type is primitive."""
        return self.type in definitions.load().primitives

    @property
    def resource(self) -> Node:
        """The resource that it is or is in: `%resource`."""
        node = self
        while node.parent is not None and not node.is_resource:
            node = node.parent
        return node

    @property
    def root(self) -> Node:
        """The resource that contains `%resource`, or that itself: `%rootResource`."""
        resource = self.resource
        if resource.name == "contained" and resource.parent is not None:
            return resource.parent.root
        return resource

    @property
    def top(self) -> Node:
        """What was given to be validated."""
        node = self
        while node.parent is not None:
            node = node.parent
        return node

    def named(self, name: str) -> list[Node]:
        """The children that are an element: `value`, never `valueQuantity`."""
        return [c for c in self.children if c.name == name]

    def first(self, name: str) -> Node | None:
        """The first child of a name."""
        return next((c for c in self.children if c.name == name), None)

    def text(self, name: str) -> str | None:
        """The value of a child that is a string."""
        child = self.first(name)
        return child.value if child is not None and isinstance(child.value, str) else None

    def extensions(self) -> list[Node]:
        """Its extensions, modifiers too."""
        return [c for c in self.children if c.name in {"extension", "modifierExtension"}]

    def everything(self) -> Iterator[Node]:
        """Itself and all that is inside, in the order of the text."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += reversed(node.children)


def tree(resource: dict[str, Any]) -> Node | None:
    """The nodes of a resource, or None if it isn't one."""
    name = resource.get("resourceType")
    if not isinstance(name, str) or not definitions.load().is_resource(name):
        return None
    root = Node(name, name, resource)
    _grow(root)
    return root


def branch(path: str, type_: str, value: Any, extra: Any = None) -> Node:
    """The nodes of a value by itself, of which nobody knows where it is."""
    node = Node(path, type_, value, extra)
    _grow(node)
    return node


def _grow(node: Node) -> None:
    inside = node.extra if node.is_primitive else node.value
    if type(inside) is not dict:
        return
    known = definitions.load().properties("Element" if node.is_primitive else node.type)
    for name, member in inside.items():
        plain = name.removeprefix("_")
        p = known.get(plain)
        if p is None or (plain != name and (plain in inside or not _is_primitive(p))):
            continue
        sibling = inside.get(f"_{plain}") if _is_primitive(p) else None
        _add(node, p, None if plain != name else member, sibling)


def _is_primitive(p: Property) -> bool:
    return p.type_code in definitions.load().primitives


def _add(node: Node, p: Property, member: Any, sibling: Any) -> None:
    path = f"{node.path}.{p.element.name}"
    if not p.is_list:
        _add_one(node, p, path, member, sibling)
        return
    members = member if type(member) is list else []
    siblings = sibling if type(sibling) is list else []
    for i, (value, extra) in enumerate(zip_longest(members, siblings)):
        _add_one(node, p, f"{path}[{i}]", value, extra)


def _add_one(node: Node, p: Property, path: str, value: Any, extra: Any) -> None:
    if value is None and extra is None:
        return
    type_ = p.target_path
    if type_ == "Resource":
        name = value.get("resourceType") if type(value) is dict else None
        if not isinstance(name, str) or not definitions.load().is_resource(name):
            return
        type_ = name
    elif _is_primitive(p):
        if type(value) in {dict, list}:
            return
    elif type(value) is not dict:
        return
    child = Node(path, type_, value, extra, name=p.element.name, property_=p, parent=node)
    node.children.append(child)
    _grow(child)
