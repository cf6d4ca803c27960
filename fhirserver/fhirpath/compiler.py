"""FHIRPath to Python callables, checked against FHIR's definitions while it is compiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import DecimalException
from functools import cached_property, lru_cache
from typing import Any, Final

from fhirserver import registry
from fhirserver.errors import Invalid, TooCostly
from fhirserver.fhirpath import ast, compiled, functions, operators, paths, schema, variables
from fhirserver.fhirpath import function as features
from fhirserver.fhirpath.ast import Expression
from fhirserver.fhirpath.compiled import ANYTHING, NOTHING, Compiled, Shape, one
from fhirserver.fhirpath.env import NOTHING as NO_ENV
from fhirserver.fhirpath.env import Env, Scope
from fhirserver.fhirpath.function import Form
from fhirserver.fhirpath.nodes import EMPTY, Evaluate, Nodes, Typed
from fhirserver.fhirpath.parser import parse
from fhirserver.fhirpath.quantities import quantity
from fhirserver.model.kept import Kept

registry.discover(functions)
registry.discover(operators)


SHORT: Final = 200
"""Characters of an expression that is kept by number; thousands of these take little memory."""
MOST_CHARACTERS_KEPT: Final = 500_000
"""Of the longer ones together: a compiled expression takes some 130 bytes a character."""


def compile(expression: str, type: str, *, strict: bool = False) -> Evaluate:  # noqa: A001, A002
    """The callable of an expression on values of a type; raises Invalid if it can't be right.

    Not strict, `as` picks from many items, a path may begin with another resource type (and is
    empty), and `valueQuantity` stands for `value.ofType(Quantity)`: published search parameters do
    all of that. An element that doesn't exist is always refused.

    >>> compile("Patient.name.family", "Patient")({"name": [{"family": "Ng"}]})
    [('string', 'Ng', None)]
    """
    if len(expression) <= SHORT:
        return _compile_cached(expression, type, strict)
    key = expression, type, strict
    kept = _long.get(key)
    if kept is None:
        made = _compile(expression, type, strict)
        _long.put(key, made, len(expression))
        return made
    return kept[0]


def _compile(expression: str, type: str, strict: bool) -> Evaluate:  # noqa: A002
    return compile_parsed(parse(expression), type, strict=strict)


def compile_parsed(tree: Expression, type: str, *, strict: bool = False) -> Evaluate:  # noqa: A002
    """The same for an expression that is parsed already, or a part of one; it isn't kept."""
    if not schema.exists(type):
        raise Invalid(f"FHIRPath: no type {type}")
    try:
        run = _Compiler(strict).compile(tree, one(type)).run
    except RecursionError as error:
        raise TooCostly("FHIRPath: the expression is nested too deeply") from error
    is_resource = type in schema.ABSTRACT

    def evaluate(resource: Any, env: Env | None = None, extra: Any = None) -> list[Typed]:
        type_ = resource["resourceType"] if is_resource else type
        node = (type_, resource, extra)
        try:
            return list(run([node], Scope(node, env or NO_ENV)))
        except (AttributeError, KeyError, TypeError) as error:
            # Paths don't look before they leap: the content was not checked against its type.
            raise Invalid(f"FHIRPath: the content isn't shaped like {type_}") from error
        except DecimalException as error:
            raise Invalid("FHIRPath: a number is out of range") from error
        except RecursionError as error:
            raise TooCostly("FHIRPath: the content is nested too deeply") from error

    return evaluate


_compile_cached = lru_cache(maxsize=4_096)(_compile)
_long: Final = Kept[Evaluate](MOST_CHARACTERS_KEPT)


def shape_of(expression: str, type: str) -> Shape:  # noqa: A002
    """What an expression can yield, as far as that is known beforehand."""
    return _Compiler(strict=False).compile(parse(expression), one(type)).shape


@dataclass(frozen=True)
class _Compiler:
    strict: bool
    known: Mapping[str, int] = field(default_factory=dict)
    """The variables that are defined where an expression stands, by name."""

    def compile(self, node: Expression, this: Shape) -> Compiled:
        """The code of a node, where `$this` has a shape."""
        match node:
            case ast.Constant():
                return compiled.constant([_literal(node)])
            case ast.Empty():
                return compiled.constant(EMPTY)
            case ast.Special(name="this"):
                return compiled.this_of(this)
            case ast.Special(name="index"):
                return Compiled(_index, one("System.Integer"))
            case ast.Special():
                return Compiled(lambda _this, scope: list(scope.total), ANYTHING)
            case ast.Variable(name=name) if name in self.known:
                return variables.defined(self.known[name])
            case ast.Variable(name=name):
                if "" in self.known and not variables.is_reserved(name):
                    return variables.perhaps_defined(name)
                return variables.variable(name)
            case ast.Member(source=None, name=name):
                return self.root(name, this)
            case ast.Member(source=source, name=name):
                assert source is not None
                return paths.member(self.compile(source, this), name, strict=self.strict)
            case ast.Call(name="defineVariable"):
                return self.define(node, this)
            case ast.Call(source=source, name=name, arguments=arguments):
                if name not in features.functions:
                    raise Invalid(f"FHIRPath: no function {name}")
                form = features.functions[name]
                return self.apply(form, name, source or ast.Special("this"), arguments, this)
            case ast.Index(source=source, index=index):
                return self.operate("[]", source, (index,), this)
            case ast.Sign(operator=operator, operand=operand):
                return self.operate(f"sign{operator}", operand, (), this)
            case ast.Binary(operator=operator, left=left, right=right):
                return self.operate(operator, left, (right,), this)
            case ast.TypeTest(operator=operator, operand=operand, type=type_):
                return self.operate(operator, operand, (ast.Member(None, type_),), this)

    def having(self, source: Expression | None) -> _Compiler:
        """The compiler of what follows a source: it knows the variables defined on the way."""
        found = ast.definitions(source)
        return replace(self, known={**self.known, **found}) if found else self

    def define(self, node: ast.Call, this: Shape) -> Compiled:
        """`defineVariable(name, value)`, of the next release: it gives its input, and a variable.

        Where it is known is decided by the text alone, so a scope needs no stack.
        https://build.fhir.org/ig/HL7/FHIRPath/#definevariable
        """
        if not 1 <= len(node.arguments) <= 2:
            raise Invalid(f"FHIRPath: defineVariable can't have {len(node.arguments)} arguments")
        named, *rest = node.arguments
        inner = self.having(node.source)
        literal = named.value if isinstance(named, ast.Constant) else None
        if isinstance(literal, str):
            _refuse_known(literal, inner.known)
        source = self.compile(node.source or ast.Special("this"), this)
        name = inner.compile(named, this).run
        value = inner.compile(rest[0], source.shape).run if rest else None

        def run(this: Nodes, scope: Scope) -> Nodes:
            items = source.run(this, scope)
            key: int | str = node.at
            if not isinstance(literal, str):
                key = features.unwrap(str, name(this, scope)) or ""
                _refuse_known(key, inner.known)
            found = items if value is None else value(items, scope)
            if scope.defined is None:
                scope.defined = {}
            scope.defined[key] = found
            return items

        return Compiled(run, source.shape)

    def operate(
        self, symbol: str, left: Expression, arguments: tuple[Expression, ...], this: Shape
    ) -> Compiled:
        """The code of an operator."""
        return self.apply(features.operators[symbol], symbol, left, arguments, this)

    def apply(
        self,
        form: Form,
        name: str,
        source: Expression,
        arguments: tuple[Expression, ...],
        this: Shape,
    ) -> Compiled:
        """The code of a function or operator applied to a source."""
        # The sides of an operator don't see each other's variables; an index sees its source's.
        inner = self if name in features.operators and name != "[]" else self.having(source)
        call = _Call(inner, name, self.compile(source, this), arguments, this)
        made = form(call)
        if len(call.used) < len(arguments):
            raise Invalid(f"FHIRPath: {name} can't have {len(arguments)} arguments")
        return made

    def root(self, name: str, this: Shape) -> Compiled:
        """A name at the beginning of a path: an element of `$this`, or its type."""
        here = compiled.this_of(this)
        is_type = schema.is_type(name) and name[0].isupper()
        if not is_type:
            return paths.member(here, name, strict=self.strict)
        if not this.is_certain:
            return Compiled(
                lambda this, _scope: [n for n in this if schema.is_a(n[0], name)],
                Shape(None, this.many) if name in schema.ABSTRACT else Shape(frozenset({name})),
            )
        if any(schema.is_a(t, name) for t in this.types or ()):
            return here
        if self.strict:
            raise Invalid(f"FHIRPath: {name} where {' or '.join(this.types or ())} is at hand")
        return Compiled(lambda _this, _scope: EMPTY, NOTHING)


@dataclass(frozen=True)
class _Call:
    """A function or operator where it is used: `function.Call`."""

    compiler: _Compiler
    name: str
    source: Compiled
    arguments: tuple[Expression, ...]
    this: Shape
    done: dict[tuple[int, Shape], Compiled] = field(default_factory=dict)
    used: set[int] = field(default_factory=set)

    @property
    def strict(self) -> bool:
        return self.compiler.strict

    @cached_property
    def count(self) -> int:
        return len(self.arguments)

    def argument(self, index: int) -> Compiled:
        return self._compiled(self.tree(index), self.this)

    def criterion(self, index: int) -> Compiled:
        return self.item(self.tree(index))

    def item(self, tree: Expression) -> Compiled:
        return self._compiled(tree, self.source.shape.one())

    def on(self, index: int, this: Shape) -> Compiled:
        return self._compiled(self.tree(index), this)

    def _compiled(self, tree: Expression, this: Shape) -> Compiled:
        # Once, whoever asks how often: each level of an expression would double the work.
        key = id(tree), this
        if key not in self.done:
            self.done[key] = self.compiler.compile(tree, this)
        return self.done[key]

    def tree(self, index: int) -> Expression:
        if index >= len(self.arguments):
            raise Invalid(f"FHIRPath: {self.name} can't have {len(self.arguments)} arguments")
        self.used.add(index)
        return self.arguments[index]

    def type_name(self, index: int) -> str:
        return schema.type_named(_dotted(self.tree(index)))


def _refuse_known(name: str, known: Mapping[str, int]) -> None:
    if not name or name in known or variables.is_reserved(name):
        raise Invalid(f"FHIRPath: %{name} is defined already, or no name")


def _dotted(node: Expression) -> str:
    if not isinstance(node, ast.Member):
        raise Invalid(f"FHIRPath: a type is expected at {node.at}")
    return f"{_dotted(node.source)}.{node.name}" if node.source else node.name


def _index(_this: Nodes, scope: Scope) -> Nodes:
    return [("System.Integer", scope.index, None)]


def _literal(node: ast.Constant) -> Typed:
    if isinstance(node.value, tuple):
        number, unit, is_calendar = node.value
        return ("System.Quantity", quantity(number, unit, is_calendar=is_calendar), None)
    return (node.type, node.value, None)
