"""A resource as a tree of typed nodes, for the rules that look around: paths, parents, children.

https://hl7.org/fhir/R4/fhirpath.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import zip_longest
from typing import Any, NamedTuple, TypeAlias

from fhirserver.model import definitions
from fhirserver.model.definitions import Property


class Node:
    """One element of a resource, or a resource.

    `type` is a FHIR type, or the path of a nested element ("Patient.contact"); `extra` is the
    `_name` sibling of a primitive. What isn't shaped as its definition says has no node: the rules
    of structure tell of it. What is inside has its nodes when somebody asks for them: of most
    resources nothing is to be said, and `walk.py` looks at the plain values first.
    """

    __slots__ = (
        "_by_name", "_by_place", "_children", "extra", "index", "is_primitive", "is_resource",
        "name", "parent", "property", "type", "value",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        type_: str,
        value: Any,
        extra: Any = None,
        *,
        index: int | None = None,
        property_: Property | None = None,
        parent: Node | None = None,
        is_resource: bool = False,
        is_primitive: bool = False,
    ) -> None:
        self.name = name
        self.type = type_
        self.value = value
        self.extra = extra
        # Its place in the list of an element that repeats.
        self.index = index
        self.property = property_
        self.parent = parent
        self._children: list[Node] | None = None
        self._by_name: dict[str, list[Node]] | None = None
        self._by_place: dict[tuple[str, int | None], Node] | None = None
        # Whether it is a resource, at the top or inside another; whether its type is primitive.
        self.is_resource = is_resource
        self.is_primitive = is_primitive

    @property
    def children(self) -> list[Node]:
        """What is inside, in the order of the text."""
        found = self._children
        if found is None:
            found = self._children = _grown(self)
        return found

    def inside(self, p: Property, index: int | None) -> Node:
        """The child that is a value of a JSON property."""
        if self._by_place is None:
            self._by_place = {
                (c.property.name, c.index): c for c in self.children if c.property is not None
            }
        return self._by_place[p.name, index]

    @property
    def path(self) -> str:
        """Where it is, as FHIRPath. Made when somebody asks: most nodes are right."""
        steps: list[str] = []
        node: Node | None = self
        while node is not None:
            steps.append(node.name if node.index is None else f"{node.name}[{node.index}]")
            node = node.parent
        return ".".join(reversed(steps))

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
        """The children that are an element: `value`, never `valueQuantity`. Don't change it."""
        return self._named().get(name, [])

    def first(self, name: str) -> Node | None:
        """The first child of a name."""
        found = self._named().get(name)
        return found[0] if found else None

    def _named(self) -> dict[str, list[Node]]:
        found = self._by_name
        if found is None:
            found = self._by_name = {}
            for c in self.children:
                found.setdefault(c.name, []).append(c)
        return found

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
    return Node(name, name, resource, is_resource=True)


def resources(node: Node) -> Iterator[Node]:
    """A resource and those inside, which only few elements may hold."""
    if node.type in {"Bundle", "Parameters"}:
        yield from (n for n in node.everything() if n.is_resource)
        return
    yield node
    if "contained" in node.value:
        for contained in node.named("contained"):
            yield from resources(contained)


def branch(path: str, type_: str, value: Any, extra: Any = None) -> Node:
    """The nodes of a value by itself, of which nobody knows where it is."""
    return Node(path, type_, value, extra)


Place: TypeAlias = "Node | tuple[Place, Property, int | None]"
"""Where a value is: its node, or the property, and the index, of what it is in."""


def node_at(place: Place) -> Node:
    """The node of a value, from where it is."""
    if isinstance(place, Node):
        return place
    around, p, index = place
    return node_at(around).inside(p, index)


def _grown(node: Node) -> list[Node]:
    children: list[Node] = []
    inside = node.extra if node.is_primitive else node.value
    if type(inside) is not dict:
        return children
    known = members("Element" if node.is_primitive else node.type)
    for name, member in inside.items():
        found = known.get(name)
        if found is None:
            continue
        p, is_primitive, is_sibling = found
        if not is_primitive:
            if not p.is_list:
                _add_object(children, node, p, None, member)
            elif type(member) is list:
                for i, value in enumerate(member):
                    _add_object(children, node, p, i, value)
        elif not is_sibling:
            _add_primitives(children, node, p, member, inside.get(f"_{name}"))
        elif p.name not in inside:
            # Otherwise it is told with the value.
            _add_primitives(children, node, p, None, member)
    return children


class Member(NamedTuple):
    """What a JSON property is: its element, whether that is primitive, whether it is `_name`."""

    property: Property
    is_primitive: bool
    is_sibling: bool


@cache
def members(path: str) -> Mapping[str, Member]:
    """The JSON properties of an object at a path."""
    primitives = definitions.load().primitives
    found: dict[str, Member] = {}
    for name, p in definitions.load().properties(path).items():
        is_primitive = p.type_code in primitives
        found[name] = Member(p, is_primitive, is_sibling=False)
        if is_primitive:
            found[f"_{name}"] = Member(p, is_primitive=True, is_sibling=True)
    return found


def _add_primitives(
    children: list[Node], node: Node, p: Property, member: Any, sibling: Any
) -> None:
    if not p.is_list:
        _add_primitive(children, node, p, None, member, sibling)
        return
    values = member if type(member) is list else []
    extras = sibling if type(sibling) is list else []
    for i, (value, extra) in enumerate(zip_longest(values, extras)):
        _add_primitive(children, node, p, i, value, extra)


def _add_primitive(
    children: list[Node], node: Node, p: Property, index: int | None, value: Any, extra: Any
) -> None:
    if (value is None and extra is None) or type(value) is dict or type(value) is list:
        return
    children.append(
        Node(
            p.element.name,
            p.target_path,
            value,
            extra,
            index=index,
            property_=p,
            parent=node,
            is_primitive=True,
        )
    )


def _add_object(
    children: list[Node], node: Node, p: Property, index: int | None, value: Any
) -> None:
    if type(value) is not dict:
        return
    type_: Any = p.target_path
    is_resource = type_ == "Resource"
    if is_resource:
        type_ = value.get("resourceType")
        if not isinstance(type_, str) or not definitions.load().is_resource(type_):
            return
    children.append(
        Node(
            p.element.name,
            type_,
            value,
            index=index,
            property_=p,
            parent=node,
            is_resource=is_resource,
        )
    )
