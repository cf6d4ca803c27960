"""FHIRPath to PostgreSQL's SQL/JSON paths, for the expressions of search parameters.

A path selects, in lax mode, the nodes that the expression selects in the stored JSON. What has
no counterpart isn't translated.

https://www.postgresql.org/docs/current/functions-json.html#FUNCTIONS-SQLJSON-PATH
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from fhirserver.fhirpath import ast, schema
from fhirserver.fhirpath.ast import Expression
from fhirserver.fhirpath.parser import parse

REFERENCE_TO: Final = r"^(https?://.*/)?{}/[A-Za-z0-9.-]{{1,64}}(/_history/[A-Za-z0-9.-]{{1,64}})?$"
_LITERALS: Final = {
    "System.String": "string",
    "System.Boolean": "boolean",
    "System.Integer": "number",
}
_CONNECTIVES: Final = {"and": "&&", "or": "||"}
_COMPARISONS: Final = {"=": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


class _Untranslatable(Exception):
    """SQL/JSON has no counterpart."""


@dataclass(frozen=True, slots=True)
class _Branch:
    """One path with the type of what it selects; `sibling` reaches a primitive's extensions."""

    path: str
    type: str
    many: bool = False
    is_list: bool = False
    sibling: str | None = None


@lru_cache(maxsize=4096)
def to_sql_jsonpath(expression: str, type: str) -> tuple[str, ...]:  # noqa: A002
    """The paths of an expression on a type, one for each branch; () if it can't be translated.

    >>> to_sql_jsonpath("(Observation.value as Quantity) | Patient.name", "Observation")
    ('$."valueQuantity"',)
    >>> to_sql_jsonpath("Patient.telecom.where(system = 'email')", "Patient")
    ('$."telecom"[*] ? (@."system" == "email")',)
    """
    root = _Branch("$", type)
    tree = parse(expression)
    try:
        if _is_condition(tree):
            return (_condition(tree, root),)
        return tuple(dict.fromkeys(b.path for b in _branches(tree, root)))
    except _Untranslatable:
        return ()


def _is_condition(node: Expression) -> bool:
    match node:
        case ast.Binary(operator=operator):
            return operator in _CONNECTIVES or operator in _COMPARISONS
        case ast.Call(name=name):
            return name in {"exists", "not", "empty"}
        case ast.TypeTest(operator=operator):
            return operator == "is"
    return False


def _branches(node: Expression, this: _Branch) -> list[_Branch]:
    match node:
        case ast.Special(name="this"):
            return [this]
        case ast.Member(source=None, name=name) if schema.is_type(name) and name[0].isupper():
            return [this] if schema.is_a(this.type, name) else []
        case ast.Member(source=source, name=name):
            return [r for b in _source(source, this) for r in _step(b, name)]
        case ast.Binary(operator="|", left=left, right=right):
            return _branches(left, this) + _branches(right, this)
        case ast.TypeTest(operator="as", operand=operand, type=name):
            return _of_type(_branches(operand, this), name)
        case ast.Index(source=source, index=ast.Constant(value=int(place))):
            return [_at(b, place) for b in _branches(source, this)]
        case ast.Call(source=source, name="first", arguments=()):
            return [_at(b, 0) for b in _source(source, this)]
        case ast.Call(source=source, name="as" | "ofType", arguments=(ast.Member(name=name),)):
            return _of_type(_source(source, this), name)
        case ast.Call(source=source, name="where", arguments=(criterion,)):
            return [_filtered(b, criterion) for b in _source(source, this)]
        case ast.Call(source=source, name="extension", arguments=(ast.Constant(value=str(url)),)):
            return [_extension(b, url) for b in _source(source, this)]
    raise _Untranslatable


def _source(source: Expression | None, this: _Branch) -> list[_Branch]:
    return [this] if source is None else _branches(source, this)


def _step(branch: _Branch, name: str) -> Iterable[_Branch]:
    found = schema.member(branch.type, name)
    if branch.type in schema.ABSTRACT or found is None:
        raise _Untranslatable
    every = "[*]" if found.is_list else ""
    for choice in found.choices:
        yield _Branch(
            path=f"{branch.path}.{_quoted(choice.key)}{every}",
            type=choice.type,
            many=branch.many or branch.is_list,
            is_list=found.is_list,
            sibling=f"{branch.path}.{_quoted('_' + choice.key)}" if choice.is_primitive else None,
        )


def _of_type(branches: list[_Branch], name: str) -> list[_Branch]:
    if any(b.type in schema.ABSTRACT for b in branches):
        raise _Untranslatable
    wanted = schema.type_named(name)
    return [b for b in branches if schema.is_as(b.type, wanted)]


def _at(branch: _Branch, place: int) -> _Branch:
    # An index counts over all the items; in SQL/JSON over those of each array.
    if branch.many or (place and not branch.is_list) or "?" in branch.path:
        raise _Untranslatable
    if not branch.is_list:
        return branch
    path = branch.path.removesuffix("[*]") + f"[{place}]"
    return replace(branch, path=path, is_list=False)


def _filtered(branch: _Branch, criterion: Expression) -> _Branch:
    condition = _condition(criterion, replace(branch, path="@", many=False, is_list=False))
    return replace(branch, path=f"{branch.path} ? ({condition})", many=True, sibling=None)


def _extension(branch: _Branch, url: str) -> _Branch:
    if schema.is_primitive(branch.type) and (branch.sibling is None or branch.is_list):
        raise _Untranslatable
    owner = branch.sibling if schema.is_primitive(branch.type) else branch.path
    path = f'{owner}."extension"[*] ? (@."url" == {_quoted(url)})'
    return _Branch(path, "Extension", many=True)


def _condition(node: Expression, this: _Branch) -> str:
    """A predicate: an unknown result counts as false, as FHIRPath's empty does."""
    match node:
        case ast.Binary(operator="and" | "or" as operator, left=left, right=right):
            one, other = _condition(left, this), _condition(right, this)
            return f"({one}) {_CONNECTIVES[operator]} ({other})"
        case ast.Binary(operator=operator, left=left, right=ast.Constant() as literal) if (
            operator in _COMPARISONS
        ):
            return _comparison(operator, _branches(left, this), literal)
        case ast.Call(source=source, name="exists", arguments=()) if source is not None:
            return _any(f"exists({b.path})" for b in _branches(source, this))
        case ast.Call(source=source, name="exists", arguments=(criterion,)) if source is not None:
            found = [_filtered(b, criterion) for b in _branches(source, this)]
            return _any(f"exists({b.path})" for b in found)
        case ast.Call(source=source, name="empty", arguments=()) if source is not None:
            return f"!({_any(f'exists({b.path})' for b in _branches(source, this))})"
        case ast.TypeTest("is", ast.Call(source, "resolve"), name):
            return _any(_refers(b, name) for b in _source(source, this))
    raise _Untranslatable


def _comparison(operator: str, branches: list[_Branch], literal: ast.Constant) -> str:
    kind = _LITERALS.get(literal.type)
    if kind is None or any(b.many or b.is_list for b in branches):
        raise _Untranslatable
    # Values of different types aren't equal in FHIRPath; in SQL/JSON that is unknown.
    return _any(
        f"{b.path} {_COMPARISONS[operator]} {json.dumps(literal.value)}"
        if schema.kind(b.type) == kind
        else f"exists({b.path})"
        for b in branches
        if schema.kind(b.type) == kind or operator == "!="
    )


def _refers(branch: _Branch, name: str) -> str:
    pattern = json.dumps(REFERENCE_TO.format(re.escape(name)))
    if branch.type == "Reference":
        return (
            f'{branch.path}."reference" like_regex {pattern}'
            f' || {branch.path}."type" == {_quoted(name)}'
        )
    return f"{branch.path} like_regex {pattern}"


def _any(conditions: Iterable[str]) -> str:
    found = list(conditions)
    if not found:
        raise _Untranslatable
    return " || ".join(found)


def _quoted(text: str) -> str:
    return json.dumps(text)
