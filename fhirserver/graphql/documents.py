"""The text of a query, read within limits: its operation, fragments and variables.

https://spec.graphql.org/October2021/#sec-Language
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from graphql import GraphQLSyntaxError
from graphql.language import (
    FragmentDefinitionNode,
    FragmentSpreadNode,
    Lexer,
    ListTypeNode,
    NamedTypeNode,
    NonNullTypeNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    Source,
    TokenKind,
    TypeNode,
    parse,
)
from graphql.utilities import value_from_ast_untyped

from fhirserver.errors import Invalid, Issue, NotSupported
from fhirserver.graphql.mistakes import short, wrong

LONGEST: Final = 200_000
"""Characters of a query."""
MOST_TOKENS: Final = 20_000
_LONGEST_KEPT: Final = 2_000
"""Characters of a query that is kept when it has been read: programs ask the same again."""
DEEPEST_NESTING: Final = 100
"""Brackets inside brackets; the parser calls itself for each."""

_OPENING: Final = frozenset({TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L})
_CLOSING: Final = frozenset({TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R})
_NUMBERS: Final = frozenset({"Int", "Float", "integer", "decimal", "positiveInt", "unsignedInt"})


@dataclass(frozen=True, slots=True)
class Document:
    """A query that can be carried out: what it selects, its fragments, its variables' values."""

    operation: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any] = field(default_factory=dict)


def read(text: str, operation_name: str | None, variables: Mapping[str, Any] | None) -> Document:
    """The operation that is meant, with its variables; raises Invalid with line and column."""
    operations, fragments = _parsed(text) if len(text) <= _LONGEST_KEPT else _parse(text)
    operation = _chosen(operations, operation_name)
    if operation.operation is not OperationType.QUERY:
        raise wrong(
            "this server answers queries: change resources by REST", operation, NotSupported
        )
    return Document(operation, fragments, _variables(operation, variables or {}))


_Parts = tuple[Sequence[OperationDefinitionNode], Mapping[str, FragmentDefinitionNode]]


def _parse(text: str) -> _Parts:
    """The operations and fragments of a text; a syntax tree is never changed."""
    _measure(text)
    try:
        parsed = parse(text)
    except GraphQLSyntaxError as error:
        raise _syntax(error) from error
    operations: list[OperationDefinitionNode] = []
    fragments: dict[str, FragmentDefinitionNode] = {}
    for definition in parsed.definitions:
        if isinstance(definition, OperationDefinitionNode):
            operations.append(definition)
        elif isinstance(definition, FragmentDefinitionNode):
            if definition.name.value in fragments:
                raise wrong(f"there are two fragments {short(definition.name.value)}", definition)
            fragments[definition.name.value] = definition
        else:
            raise wrong("a query has operations and fragments only", definition)
    _refuse_cycles(fragments)
    return operations, fragments


_parsed: Final = lru_cache(maxsize=64)(_parse)


def _measure(text: str) -> None:
    """Refuse what is too long or too deep, before the parser calls itself for each level."""
    if len(text) > LONGEST:
        raise Invalid(f"the query is longer than {LONGEST:,} characters")
    lexer = Lexer(Source(text))
    tokens = depth = 0
    try:
        while (token := lexer.advance()).kind is not TokenKind.EOF:
            tokens += 1
            depth += (token.kind in _OPENING) - (token.kind in _CLOSING)
            if tokens > MOST_TOKENS:
                raise Invalid(f"the query has more than {MOST_TOKENS:,} tokens")
            if depth > DEEPEST_NESTING:
                raise Invalid(
                    issues=[Issue("error", "too-costly", "the query is nested deeper than "
                    f"{DEEPEST_NESTING} levels", line=token.line, column=token.column)]
                )  # fmt: skip
    except GraphQLSyntaxError as error:
        raise _syntax(error) from error


def _syntax(error: GraphQLSyntaxError) -> Invalid:
    place = error.locations[0] if error.locations else None
    text = error.message.removeprefix("Syntax Error: ")
    return Invalid(
        issues=[
            Issue(
                "error",
                "invalid",
                f"the query isn't GraphQL: {text[:200]}",
                line=place.line if place else None,
                column=place.column if place else None,
            )
        ]
    )


def _chosen(
    operations: Sequence[OperationDefinitionNode], name: str | None
) -> OperationDefinitionNode:
    """https://spec.graphql.org/October2021/#GetOperation()"""
    if not operations:
        raise Invalid("the query has no operation")
    if name is None:
        if len(operations) > 1:
            raise Invalid("the query has several operations: say which in operationName")
        return operations[0]
    found = [o for o in operations if o.name is not None and o.name.value == name]
    if len(found) != 1:
        many = "more than one operation" if found else "no operation"
        raise Invalid(f"the query has {many} {short(name)}")
    return found[0]


def _refuse_cycles(fragments: Mapping[str, FragmentDefinitionNode]) -> None:
    """https://spec.graphql.org/October2021/#sec-Fragment-spreads-must-not-form-cycles"""
    uses = {name: _spreads(f.selection_set) for name, f in fragments.items()}
    done: set[str] = set()
    for start in fragments:
        # A walk of its own, not by calls: fragments may be thousands long.
        path: list[tuple[str, list[str]]] = [(start, list(uses[start]))]
        on_path = {start}
        while path:
            name, left = path[-1]
            if not left or name in done:
                done.add(name)
                on_path.discard(name)
                path.pop()
                continue
            used = left.pop()
            if used in on_path:
                raise wrong(f"the fragment {short(used)} is inside itself", fragments[used])
            if used in uses and used not in done:
                on_path.add(used)
                path.append((used, list(uses[used])))


def _spreads(selections: SelectionSetNode) -> list[str]:
    found, left = [], [selections]
    while left:
        for node in left.pop().selections:
            if isinstance(node, FragmentSpreadNode):
                found.append(node.name.value)
            else:
                inner = getattr(node, "selection_set", None)
                if inner is not None:
                    left.append(inner)
    return found


def _variables(operation: OperationDefinitionNode, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """https://spec.graphql.org/October2021/#CoerceVariableValues()"""
    values: dict[str, Any] = {}
    for definition in operation.variable_definitions or ():
        name = definition.variable.name.value
        if name in given:
            if not _fits(given[name], definition.type):
                raise wrong(f"the variable ${name} isn't of the type it is declared with",
                            definition)  # fmt: skip
            values[name] = given[name]
        elif definition.default_value is not None:
            values[name] = value_from_ast_untyped(definition.default_value)
        elif isinstance(definition.type, NonNullTypeNode):
            raise wrong(f"the variable ${name} needs a value", definition)
        else:
            values[name] = None
    return values


def _fits(value: Any, declared: TypeNode) -> bool:
    """Whether a value can be of a declared type; of FHIR's primitives most are strings."""
    if isinstance(declared, NonNullTypeNode):
        return value is not None and _fits(value, declared.type)
    if value is None:
        return True
    if isinstance(declared, ListTypeNode):
        values = value if isinstance(value, list) else [value]
        return all(_fits(v, declared.type) for v in values)
    assert isinstance(declared, NamedTypeNode)
    name = declared.name.value
    if name in {"Boolean", "boolean"}:
        return isinstance(value, bool)
    is_number = not isinstance(value, bool | str | list | dict)
    if name in {"Int", "integer", "positiveInt", "unsignedInt"}:
        return isinstance(value, int) and not isinstance(value, bool)
    if name in _NUMBERS:
        return is_number
    if name in {"String", "string"}:
        return isinstance(value, str)
    # Of a search parameter's type, or of one of FHIR's other primitives.
    return not isinstance(value, list | dict)
