"""The content tree of a structured report, read out of the DICOM JSON model.

https://dicom.nema.org/medical/dicom/current/output/html/part03.html#sect_C.17.3
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Final

from dicom_gateway.mapping.attributes import Keys, cleaned, items, text, values
from dicom_gateway.mapping.codes import concept, has_code, is_code
from fhirserver.model.resource import Resource

DEEPEST: Final = 40
"""Levels of a tree that are read; the templates of PS3.16 have ten at most."""
MOST_ITEMS: Final = 20_000
_UCUM: Final = "http://unitsofmeasure.org"
_NO_UNIT: Final = "1"


@dataclass(frozen=True, slots=True)
class Node:
    """A content item: what it is about, its value, and what stands below it.

    `place` is where it stands, such as `1.4.2` (PS3.3 C.17.3.2.4, by position).
    """

    keys: Keys = field(hash=False)
    place: str
    children: tuple[Node, ...]

    @property
    def kind(self) -> str:
        """Its value type: CONTAINER, TEXT, NUM, CODE, IMAGE ..."""
        return text(self.keys, "0040A040")

    @property
    def relation(self) -> str:
        """How it belongs to what it stands below: CONTAINS, HAS CONCEPT MOD ..."""
        return text(self.keys, "0040A010")

    @property
    def name(self) -> Keys:
        """The item of its concept name; empty where it has none."""
        return next(iter(items(self.keys, "0040A043")), {})

    @property
    def title(self) -> str:
        return text(self.name, "00080104")

    @property
    def code(self) -> Keys:
        """The coded value of a CODE."""
        return next(iter(items(self.keys, "0040A168")), {})

    @property
    def text(self) -> str:
        """The value of a TEXT, or of what else is a single text."""
        for tag in ("0040A160", "0040A120", "0040A121", "0040A122", "0040A124"):
            if found := text(self.keys, tag):
                return found
        return ""

    def is_about(self, scheme: str, *codes: str) -> bool:
        return has_code(self.name, scheme, *codes)

    def first(self, scheme: str, *codes: str) -> Node | None:
        """The first child that is about one of these."""
        return next((c for c in self.children if c.is_about(scheme, *codes)), None)

    def walk(self) -> Iterator[tuple[Node, tuple[Node, ...]]]:
        """All below it, each with what stands above it, the nearest first."""
        stack: list[tuple[Node, tuple[Node, ...]]] = [(c, (self,)) for c in self.children[::-1]]
        while stack:
            node, above = stack.pop()
            yield node, above
            stack += [(c, (node, *above)) for c in node.children[::-1]]


def tree(document: Keys) -> Node:
    """The content tree of a document; of one that has none, a root without children."""
    left = [MOST_ITEMS]
    return _node(document, "1", DEEPEST, left)


def _node(keys: Keys, place: str, depth: int, left: list[int]) -> Node:
    found: list[Node] = []
    if depth:
        for number, item in enumerate(items(keys, "0040A730"), 1):
            if left[0] <= 0:
                break
            left[0] -= 1
            found.append(_node(item, f"{place}.{number}", depth - 1, left))
    return Node(keys, place, tuple(found))


def quantity(node: Node) -> Resource | None:
    """The Quantity of a NUM, with its digits as they were written; None where it has no number."""
    for item in items(node.keys, "0040A300"):
        told = next(iter(values(item, "0040A30A")), None)
        number = decimal_of(told)
        if number is None:
            continue
        made: Resource = {"value": number}
        for unit in items(item, "004008EA"):
            made |= _unit(unit)
        return made
    return None


def _unit(item: Keys) -> Resource:
    code, meaning = text(item, "00080100"), text(item, "00080104")
    if text(item, "00080102") != "UCUM" or not is_code(code):
        return {"unit": meaning or code} if meaning or code else {}
    if code == _NO_UNIT:
        return {"system": _UCUM, "code": code}
    return {"unit": meaning or code, "system": _UCUM, "code": code}


def decimal_of(told: object) -> Decimal | None:
    """A DS as a decimal.

    >>> decimal_of(" 1.50 "), decimal_of("NaN"), decimal_of("1,5")
    (Decimal('1.50'), None, None)
    """
    try:
        number = Decimal(cleaned(told))
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) < 30 else None


def missing_value(node: Node) -> Resource | None:
    """Why a NUM has no number: the Numeric Value Qualifier (PS3.16 CID 42)."""
    for item in items(node.keys, "0040A301"):
        return concept(item)
    return None


def concept_of(node: Node) -> Resource | None:
    """What an item is about."""
    return concept(node.name)


def coded(node: Node | None) -> Resource | None:
    """The value of a CODE."""
    return None if node is None else concept(node.code)
