"""A resource as a tree of typed nodes, for the rules that look around: paths, parents, children.

https://hl7.org/fhir/R4/fhirpath.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
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

    __slots__ = (
        "children", "extra", "index", "is_primitive", "is_resource", "name", "parent", "property",
        "type", "value",
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
        self.children: list[Node] = []
        # Whether it is a resource, at the top or inside another; whether its type is primitive.
        self.is_resource = is_resource
        self.is_primitive = is_primitive

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
    root = Node(name, name, resource, is_resource=True)
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
    known = _members("Element" if node.is_primitive else node.type)
    for name, member in inside.items():
        found = known.get(name)
        if found is None:
            continue
        p, is_primitive, is_sibling = found
        if is_sibling:
            # Told with the value, if there is one.
            if p.name not in inside:
                _add(node, p, None, member, is_primitive=is_primitive)
        else:
            sibling = inside.get(f"_{name}") if is_primitive else None
            _add(node, p, member, sibling, is_primitive=is_primitive)


@cache
def _members(path: str) -> Mapping[str, tuple[Property, bool, bool]]:
    """What each JSON property is: its element, whether that is primitive, whether it is `_name`."""
    primitives = definitions.load().primitives
    found: dict[str, tuple[Property, bool, bool]] = {}
    for name, p in definitions.load().properties(path).items():
        is_primitive = p.type_code in primitives
        found[name] = p, is_primitive, False
        if is_primitive:
            found[f"_{name}"] = p, True, True
    return found


def _add(node: Node, p: Property, member: Any, sibling: Any, *, is_primitive: bool) -> None:
    if not p.is_list:
        _add_one(node, p, None, member, sibling, is_primitive=is_primitive)
        return
    members = member if type(member) is list else []
    siblings = sibling if type(sibling) is list else []
    for i, (value, extra) in enumerate(zip_longest(members, siblings)):
        _add_one(node, p, i, value, extra, is_primitive=is_primitive)


def _add_one(
    node: Node, p: Property, index: int | None, value: Any, extra: Any, *, is_primitive: bool
) -> None:
    if value is None and extra is None:
        return
    type_ = p.target_path
    is_resource = False
    if is_primitive:
        if type(value) is dict or type(value) is list:
            return
    elif type_ == "Resource":
        name = value.get("resourceType") if type(value) is dict else None
        if not isinstance(name, str) or not definitions.load().is_resource(name):
            return
        type_ = name
        is_resource = True
    elif type(value) is not dict:
        return
    child = Node(
        p.element.name,
        type_,
        value,
        extra,
        index=index,
        property_=p,
        parent=node,
        is_resource=is_resource,
        is_primitive=is_primitive,
    )
    node.children.append(child)
    if not is_primitive or extra is not None:
        _grow(child)
