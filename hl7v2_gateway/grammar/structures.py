"""Message structures: as one version has them, and merged over all versions.

Messages are grouped by the merged ones, so that a group has one path in every version, that which
the official mapping tables name. The newest version gives the groups; segments that only older ones
have are put where they stood; what 2.9 adds, and the tables use, is added. See README.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Final

from hl7v2_gateway.grammar.definitions import dictionary
from hl7v2_gateway.grammar.events import STRUCTURES, USUAL
from hl7v2_gateway.grammar.syntax import Node, read
from hl7v2_gateway.grammar.versions import VERSIONS, nearest


@lru_cache(maxsize=1024)
def structure(name: str, version: str) -> Node | None:
    """A structure as the version has it, or None.

    >>> [node.name for node in structure("ADT_A03", "2.3").children][:4]
    ['MSH', 'EVN', 'PID', 'PD1']
    """
    content = dictionary("structures.json")
    number = content["versions"][nearest(version)].get(name)
    if number is None:
        return None
    children, choice = read(content["structures"][number])
    return Node(name, children=children, is_choice=choice)


def structure_of(type_: str, event: str, declared: str = "") -> str:
    """The name of the structure of a message, by MSH-9; empty when nothing is known of its type.

    >>> structure_of("ADT", "A08"), structure_of("ADT", "A08", "ADT_A08"), structure_of("Z", "1")
    ('ADT_A01', 'ADT_A01', '')
    """
    for name in (declared, STRUCTURES.get((type_, event), ""), f"{type_}_{event}", type_):
        if name in _names():
            return name
    return USUAL.get(type_, "")


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    """The structures that messages are grouped by: not those of events that share an older one."""
    versions = dictionary("structures.json")["versions"]
    shared = {f"{type_}_{event}" for (type_, event), name in STRUCTURES.items()} - set(
        STRUCTURES.values()
    )
    return frozenset(name for names in versions.values() for name in names) - shared


@lru_cache(maxsize=512)
def merged(name: str) -> Node:
    """A structure over all versions that have it."""
    found = [node for version in reversed(VERSIONS) if (node := structure(name, version))]
    newest = found[0]
    for older in dict.fromkeys(found[1:]):
        newest = _with(newest, older)
    if name.startswith("ADT_"):
        newest = _with_2_9(newest)
    return newest


def _segments(node: Node) -> Iterator[str]:
    for child in node.children:
        if child.is_group:
            yield from _segments(child)
        else:
            yield child.name


def _with(newer: Node, older: Node) -> Node:
    """The newer structure, and in each group of the same name what only the older one has."""
    everywhere = set(_segments(newer))

    def merge(into: Node, other: Node) -> Node:
        children = list(into.children)
        held = set(_segments(into))
        at = -1
        for child in other.children:
            same = next(
                (n for n, c in enumerate(children) if c.name == child.name and n > at), None
            )
            if same is not None:
                at = same
            elif child.is_group:
                at = _holding(children, set(_segments(child)), at)
            elif child.name in held or (into is newer and child.name in everywhere):
                at = _holding(children, {child.name}, at)
            else:
                at += 1
                children.insert(at, replace(child, required=False))
        groups = {c.name: c for c in other.children if c.is_group}
        return replace(
            into,
            children=tuple(
                merge(c, groups[c.name]) if c.is_group and c.name in groups else c for c in children
            ),
        )

    return merge(newer, older)


def _holding(children: list[Node], names: set[str], at: int) -> int:
    """The next part after `at` that has one of these segments; `at` if none has."""
    for n in range(at + 1, len(children)):
        child = children[n]
        if child.name in names or (child.is_group and names & set(_segments(child))):
            return n
    return at


_PRT: Final = Node("PRT", False, True)
_KIN: Final = (Node("NK1"), Node("OH2", False, True), Node("OH3", False))
_GROUPED: Final = {
    "NK1": Node("NEXT_OF_KIN", False, True, _KIN),
    "OBX": Node("OBSERVATION", False, True, (Node("OBX"), _PRT)),
    "AUT": Node("AUTHORIZATION", False, True, (Node("AUT"), _PRT)),
    "RF1": Node("REFERRAL", False, True, (Node("RF1"), _PRT)),
}
_FOLLOWED: Final = {
    "PD1": tuple(Node(name, False, name != "OH3") for name in ("OH1", "OH2", "OH3", "OH4")),
    "AL1": (Node("IAM", False, True),),
    "ROL": (_PRT,),
}


def _with_2_9(node: Node) -> Node:
    """The groups and segments that ADT messages have in 2.9."""
    children: list[Node] = []
    held = {child.name for child in node.children}
    for child in node.children:
        if child.is_group:
            children.append(_with_2_9(child) if child.name in {"PROCEDURE", "INSURANCE"} else child)
            continue
        children.append(_GROUPED.get(child.name, child))
        children += [n for n in _FOLLOWED.get(child.name, ()) if n.name not in held]
    return replace(node, children=tuple(children))
