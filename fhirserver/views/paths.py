"""A path of a view: checked when the view is read, compiled for each type that it meets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fhirserver import fhirpath
from fhirserver.errors import Invalid
from fhirserver.fhirpath import ast, schema, variables
from fhirserver.fhirpath.nodes import Evaluate, Typed

ROW_INDEX: Final = "rowIndex"
"""`%rowIndex`: which of the items that a select walks over this is, from 0."""

Types = frozenset[str] | None
"""What an item may be; None if nobody knows beforehand."""


class Path:
    """An expression on items whose types may differ.

    On a type that lacks its elements it gives nothing: `answer.item` of a repeat applies below
    questions, not to the response itself.
    """

    def __init__(self, text: str, place: str, known: frozenset[str]) -> None:
        self.text, self.place = text, place
        self._compiled: dict[str, Evaluate | None] = {}
        try:
            tree = fhirpath.parse(text)
        except Invalid as error:
            raise Invalid(str(error), expression=place) from error
        names = set(_variables(tree))
        for name in names - known - _defined(tree):
            if not variables.is_reserved(name):
                raise Invalid(f"%{name} is no constant of this view", expression=place)
        self.is_indexed = ROW_INDEX in names

    def check(self, types: Types, *, may_lack: bool = False) -> Types:
        """What the path gives on items of these types; Invalid if it can't apply to any."""
        if types is None or types & schema.ABSTRACT:
            return None
        found: set[str] | None = set()
        wrong: Invalid | None = None
        for type_ in types:
            try:
                shape = fhirpath.shape_of(self.text, type_)
            except Invalid as error:
                wrong = error
                continue
            if found is not None:
                found = None if shape.types is None else found | shape.types
        if wrong is not None and not found and not may_lack:
            raise Invalid(str(wrong), expression=self.place) from wrong
        return None if found is None else frozenset(found)

    def on(self, type_: str) -> Evaluate | None:
        """The compiled path for items of a type; None if it doesn't apply to it."""
        if type_ not in self._compiled:
            try:
                made = fhirpath.compile(self.text, type_)
            except Invalid:
                made = None
            self._compiled[type_] = made
        return self._compiled[type_]

    def items(self, item: Typed, env: fhirpath.Env) -> list[Typed]:
        """What the path gives on one item."""
        evaluate = self.on(item[0])
        if evaluate is None:
            return []
        try:
            return evaluate(item[1], env, item[2])
        except Invalid as error:
            raise Invalid(str(error), expression=self.place) from error


def _variables(node: ast.Expression) -> Iterator[str]:
    if isinstance(node, ast.Variable):
        yield node.name
    for child in ast.children(node):
        yield from _variables(child)


def _defined(node: ast.Expression) -> set[str]:
    """The names that defineVariable() gives anywhere in the expression."""
    found = {n for child in ast.children(node) for n in _defined(child)}
    match node:
        case ast.Call(name="defineVariable", arguments=(ast.Constant(value=str(name)), *_)):
            found.add(name)
    return found
