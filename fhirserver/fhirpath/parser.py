"""FHIRPath text to syntax tree: precedence climbing over the normative grammar.

http://hl7.org/fhirpath/N1/#grammar
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, Literal

from fhirserver.errors import Invalid
from fhirserver.fhirpath import ast, lexer
from fhirserver.fhirpath.ast import Expression
from fhirserver.fhirpath.lexer import Token

LONGEST: Final = 16_384
"""Characters of an expression."""
DEEPEST: Final = 120
"""Levels of brackets, and of the tree: evaluation uses about two Python frames a level."""

PRECEDENCE: Final = {
    operator: level
    for level, operators in enumerate(
        (
            ("implies",),
            ("or", "xor"),
            ("and",),
            ("in", "contains"),
            ("=", "~", "!=", "!~"),
            ("<=", "<", ">", ">="),
            ("|",),
            ("is", "as"),
            ("+", "-", "&"),
            ("*", "/", "div", "mod"),
        ),
        start=1,
    )
    for operator in operators
}
SIGN_PRECEDENCE: Final = 11

CALENDAR: Final = {
    word + ending: word
    for word in ("year", "month", "week", "day", "hour", "minute", "second", "millisecond")
    for ending in ("", "s")
}
"""Calendar words, singular or plural, by their singular."""

_WORD_OPERATORS: Final = frozenset(o for o in PRECEDENCE if o.isalpha())
_RESERVED: Final = frozenset({"true", "false", "div", "mod", "and", "or", "xor", "implies"})
_SPECIAL: Final[dict[str, Literal["this", "index", "total"]]] = {
    "$this": "this",
    "$index": "index",
    "$total": "total",
}
_TEMPORAL: Final = {"date": "System.Date", "dateTime": "System.DateTime", "time": "System.Time"}


def parse(expression: str) -> Expression:
    """The tree of an expression; raises Invalid with the position of what is wrong.

    >>> parse("a.b") == parse("a . /* same */ `b`")
    True
    """
    if len(expression) > LONGEST:
        raise Invalid(f"FHIRPath: longer than {LONGEST} characters")
    parser = _Parser(list(lexer.tokens(expression)))
    tree = parser.expression(0)
    if parser.token.kind != "end":
        raise parser.unexpected()
    if ast.depth(tree) > DEEPEST:
        raise Invalid(f"FHIRPath: nested more than {DEEPEST} levels deep")
    return tree


class _Parser:
    """One pass over the tokens of one expression."""

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._next = 0
        self._level = 0

    @property
    def token(self) -> Token:
        return self._tokens[self._next]

    def advance(self) -> Token:
        token = self._tokens[self._next]
        self._next += 1
        return token

    def unexpected(self) -> Invalid:
        token = self.token
        what = "end of expression" if token.kind == "end" else f"'{token.text}'"
        return Invalid(f"FHIRPath: unexpected {what} at {token.at}")

    def sees(self, symbol: str) -> bool:
        return self.token.kind == "symbol" and self.token.text == symbol

    def skip(self, symbol: str) -> bool:
        """Step over a symbol if it is next."""
        if self.sees(symbol):
            self._next += 1
            return True
        return False

    def expect(self, symbol: str) -> None:
        if not self.skip(symbol):
            raise self.unexpected()

    def expression(self, minimum: int) -> Expression:
        """An expression whose operators all bind at least as tightly as `minimum`."""
        self._level += 1
        if self._level > DEEPEST:
            raise Invalid(f"FHIRPath: nested more than {DEEPEST} levels deep at {self.token.at}")
        left = self.operand()
        while (level := self.operator_level()) and level >= minimum:
            token = self.advance()
            if token.text == "is":
                left = ast.TypeTest("is", left, self.type_name(), at=token.at)
            elif token.text == "as":
                left = ast.TypeTest("as", left, self.type_name(), at=token.at)
            else:
                left = ast.Binary(token.text, left, self.expression(level + 1), at=token.at)
        self._level -= 1
        return left

    def operator_level(self) -> int:
        """The precedence of the operator that is next; 0 if none is."""
        token = self.token
        if token.kind == "symbol" or (token.kind == "word" and token.text in _WORD_OPERATORS):
            return PRECEDENCE.get(token.text, 0)
        return 0

    def operand(self) -> Expression:
        """A term with its signs before it and its steps and indexers after it."""
        if self.sees("+") or self.sees("-"):
            token = self.advance()
            return ast.Sign(token.text, self.expression(SIGN_PRECEDENCE), at=token.at)
        found = self.term()
        while True:
            at = self.token.at
            if self.skip("."):
                found = self.invocation(found)
            elif self.skip("["):
                found = ast.Index(found, self.expression(0), at=at)
                self.expect("]")
            else:
                return found

    def term(self) -> Expression:
        token = self.token
        match token.kind:
            case "number":
                return self.number()
            case "long":
                self.advance()
                return ast.Constant("System.Integer", int(token.text[:-1]), at=token.at)
            case "string":
                self.advance()
                return ast.Constant("System.String", token.text, at=token.at)
            case "date" | "dateTime" | "time":
                self.advance()
                return ast.Constant(_TEMPORAL[token.kind], token.text, at=token.at)
            case "word" if token.text in {"true", "false"}:
                self.advance()
                return ast.Constant("System.Boolean", token.text == "true", at=token.at)
            case "special" if token.text in _SPECIAL:
                self.advance()
                return ast.Special(_SPECIAL[token.text], at=token.at)
            case "word" | "quoted":
                return self.invocation(None)
        return self.bracketed()

    def bracketed(self) -> Expression:
        """`(...)`, `{}` or `%name`."""
        at = self.token.at
        if self.skip("("):
            inside = self.expression(0)
            self.expect(")")
            return inside
        if self.skip("{"):
            self.expect("}")
            return ast.Empty(at=at)
        if self.skip("%"):
            if self.token.kind == "string":
                return ast.Variable(self.advance().text, at=at)
            return ast.Variable(self.identifier(), at=at)
        raise self.unexpected()

    def number(self) -> Expression:
        token = self.advance()
        unit = self.token
        if unit.kind == "string":
            self.advance()
            quantity = (Decimal(token.text), unit.text, False)
            return ast.Constant("System.Quantity", quantity, at=token.at)
        if unit.kind == "word" and unit.text in CALENDAR:
            self.advance()
            quantity = (Decimal(token.text), unit.text, True)
            return ast.Constant("System.Quantity", quantity, at=token.at)
        if "." in token.text:
            return ast.Constant("System.Decimal", Decimal(token.text), at=token.at)
        return ast.Constant("System.Integer", int(token.text), at=token.at)

    def invocation(self, source: Expression | None) -> Expression:
        """`name` or `name(arguments)`, or a `$word`, applied to a source."""
        token = self.token
        if token.kind == "special" and source is not None:
            raise self.unexpected()
        name = self.identifier()
        if not self.skip("("):
            return ast.Member(source, name, at=token.at)
        arguments: list[Expression] = []
        if not self.skip(")"):
            arguments.append(self.expression(0))
            while self.skip(","):
                arguments.append(self.expression(0))
            self.expect(")")
        return ast.Call(source, name, tuple(arguments), at=token.at)

    def identifier(self) -> str:
        token = self.token
        if token.kind == "quoted" or (token.kind == "word" and token.text not in _RESERVED):
            self.advance()
            return token.text
        raise self.unexpected()

    def type_name(self) -> str:
        name = self.identifier()
        while self.skip("."):
            name += "." + self.identifier()
        return name
