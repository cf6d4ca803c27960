"""Message structures as the standard writes them: `MSH [{ROL}] [{PROCEDURE: PR1 [{ROL}]}]`.

HL7 v2.8.2, 2.11 (chapter formats for defining messages): brackets for what is optional, braces for
what repeats, a name before the parts of a group, `|` between those of which one is chosen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Node:
    """A segment (without children) or a group of a structure."""

    name: str
    required: bool = True
    repeats: bool = False
    children: tuple[Node, ...] = ()
    is_choice: bool = False

    @property
    def is_group(self) -> bool:
        return bool(self.children)


def write(nodes: tuple[Node, ...], *, choice: bool = False) -> str:
    """The abstract syntax of these parts.

    >>> write((Node("MSH"), Node("NTE", required=False, repeats=True)))
    'MSH [{NTE}]'
    """
    text = ("|" if choice else " ").join(map(_written, nodes))
    return f"{text}|" if choice and len(nodes) == 1 else text


def _written(node: Node) -> str:
    text = node.name
    if node.is_group:
        text += f": {write(node.children, choice=node.is_choice)}"
    if node.is_group or node.repeats:
        text = f"{{{text}}}" if node.repeats else f"({text})"
    return text if node.required else f"[{text}]"


def read(text: str) -> tuple[tuple[Node, ...], bool]:
    """The parts of a structure, and whether one of them is chosen.

    >>> [n.name for n in read("MSH [{PROCEDURE: PR1 [{ROL}]}]")[0][1].children]
    ['PR1', 'ROL']
    """
    tokens = [m[0].strip() for m in re.finditer(r"[\[\]{}()|]|\w+:?", text)]
    nodes, choice, end = _parts(tokens, 0)
    assert end == len(tokens), text
    return nodes, choice


def _parts(tokens: list[str], at: int) -> tuple[tuple[Node, ...], bool, int]:
    nodes: list[Node] = []
    choice = False
    while at < len(tokens) and tokens[at] not in {"]", "}", ")"}:
        if tokens[at] == "|":
            choice = True
            at += 1
            continue
        node, at = _part(tokens, at)
        nodes.append(node)
    return tuple(nodes), choice, at


def _part(tokens: list[str], at: int) -> tuple[Node, int]:
    required = tokens[at] != "["
    at += not required
    opened = tokens[at] if tokens[at] in {"{", "("} else ""
    at += bool(opened)
    name = tokens[at]
    at += 1
    children: tuple[Node, ...] = ()
    choice = False
    if name.endswith(":"):
        children, choice, at = _parts(tokens, at)
    at += bool(opened) + (not required)
    return Node(name.rstrip(":"), required, opened == "{", children, choice), at
