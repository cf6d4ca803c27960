"""FHIRPath to Python callables, checked against FHIR's definitions while it is compiled."""

from __future__ import annotations

from dataclasses import dataclass
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

registry.discover(functions)
registry.discover(operators)


LONGEST_CACHED: Final = 2_000
"""Characters of an expression that is kept; the definitions' own are shorter."""


def compile(expression: str, type: str, *, strict: bool = False) -> Evaluate:  # noqa: A001, A002
    """The callable of an expression on values of a type; raises Invalid if it can't be right.

    Not strict, `as` picks from many items, a path may begin with another resource type (and is
    empty), and `valueQuantity` stands for `value.ofType(Quantity)`: published search parameters do
    all of that. An element that doesn't exist is always refused.

    >>> compile("Patient.name.family", "Patient")({"name": [{"family": "Ng"}]})
    [('string', 'Ng', None)]
    """
    if len(expression) > LONGEST_CACHED:
        return _compile(expression, type, strict)
    return _compile_cached(expression, type, strict)


def _compile(expression: str, type: str, strict: bool) -> Evaluate:  # noqa: A002
    if not schema.exists(type):
        raise Invalid(f"FHIRPath: no type {type}")
    run = _Compiler(strict).compile(parse(expression), one(type)).run
    is_resource = type in schema.ABSTRACT

    def evaluate(resource: Any, env: Env | None = None) -> list[Typed]:
        type_ = resource["resourceType"] if is_resource else type
        node = (type_, resource, None)
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


_compile_cached = lru_cache(maxsize=16_384)(_compile)


@dataclass(frozen=True)
class _Compiler:
    strict: bool

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
            case ast.Variable(name=name):
                return variables.variable(name)
            case ast.Member(source=None, name=name):
                return self.root(name, this)
            case ast.Member(source=source, name=name):
                assert source is not None
                return paths.member(self.compile(source, this), name, strict=self.strict)
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
        return form(_Call(self, name, self.compile(source, this), arguments, this))

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

    @property
    def strict(self) -> bool:
        return self.compiler.strict

    @cached_property
    def count(self) -> int:
        return len(self.arguments)

    def argument(self, index: int) -> Compiled:
        return self.compiler.compile(self.arguments[index], self.this)

    def criterion(self, index: int) -> Compiled:
        return self.item(self.arguments[index])

    def item(self, tree: Expression) -> Compiled:
        return self.compiler.compile(tree, self.source.shape.one())

    def on(self, index: int, this: Shape) -> Compiled:
        return self.compiler.compile(self.arguments[index], this)

    def tree(self, index: int) -> Expression:
        return self.arguments[index]

    def type_name(self, index: int) -> str:
        return schema.type_named(_dotted(self.arguments[index]))


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
