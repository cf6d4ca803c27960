"""How a Python function becomes a FHIRPath function: `@function("startsWith")`.

What it takes and gives is read off its annotations. The first parameter is the input collection,
the others are the arguments:

- `Nodes`: a collection, as it is
- `Typed`: the only item; the result is empty if there is none
- `str`, `int`, `Decimal`, `bool`: the same, checked and unwrapped
- `... | None`: the same, but None when empty or left out; nothing is decided for you
- `Lambda`: code to run for an item and its $index
- `Criterion`: the same, giving True, False or None
- `Scope`: not an argument: the state of the evaluation

The result is `Nodes`, `Typed`, or a value (None is empty) that is given its System type. `shape`
says what is known of the nodes beforehand; without it they are of the types of the input.
A function that must decide when it is compiled is a `@form`: from a `Call` it makes `Compiled`.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from decimal import Decimal
from types import NoneType, UnionType
from typing import Any, Final, Protocol, TypeAlias, TypeVar

from fhirserver.errors import Invalid, TooCostly
from fhirserver.fhirpath import ast, nodes, schema, values
from fhirserver.fhirpath.compiled import Compiled, Shape, boolean, one, truth_of
from fhirserver.fhirpath.env import CHARACTERS, LONGEST_STRING, Scope
from fhirserver.fhirpath.nodes import EMPTY, Code, Nodes, Typed
from fhirserver.registry import Registry


class Lambda(Protocol):
    """Evaluates an argument with `$this` set to an item and `$index` to its place."""

    def __call__(self, item: Typed, index: int = 0, /) -> Nodes: ...


class Criterion(Protocol):
    """Evaluates an argument as a condition on an item."""

    def __call__(self, item: Typed, index: int = 0, /) -> bool | None: ...


class Call(Protocol):
    """A function or operator where it is used, for deciding how to compile it."""

    @property
    def name(self) -> str: ...

    @property
    def source(self) -> Compiled:
        """The input collection; an operator's left side."""

    @property
    def strict(self) -> bool:
        """Whether what can't be right is refused even where search parameters need it."""

    @property
    def count(self) -> int:
        """How many arguments there are."""

    def argument(self, index: int) -> Compiled:
        """An argument, evaluated once with the `$this` around the call."""

    def criterion(self, index: int) -> Compiled:
        """An argument, evaluated with each item of the source as `$this`."""

    def on(self, index: int, this: Shape) -> Compiled:
        """An argument, evaluated with a `$this` of this shape."""

    def item(self, tree: ast.Expression) -> Compiled:
        """Part of an argument, evaluated with each item of the source as `$this`."""

    def tree(self, index: int) -> ast.Expression:
        """An argument as it is written."""

    def type_name(self, index: int) -> str:
        """An argument that names a type."""


Form: TypeAlias = Callable[[Call], Compiled]
ShapeOf: TypeAlias = Callable[[Call], Shape]
F = TypeVar("F", bound=Callable[..., Any])

functions: Final[Registry[Form]] = Registry("FHIRPath function")
operators: Final[Registry[Form]] = Registry("FHIRPath operator")


def form(name: str) -> Callable[[Form], Form]:
    """Register a function that decides itself how it is compiled."""
    return functions.register(name)


def function(name: str, shape: ShapeOf | None = None) -> Callable[[F], F]:
    """Register a Python function as a FHIRPath function."""

    def add(implementation: F) -> F:
        functions.register(name)(_form(name, implementation, shape))
        return implementation

    return add


def operator(symbol: str, shape: ShapeOf | None = None) -> Callable[[F], F]:
    """Register a Python function of two values as an operator."""

    def add(implementation: F) -> F:
        operators.register(symbol)(_form(symbol, implementation, shape))
        return implementation

    return add


def operator_form(symbol: str) -> Callable[[Form], Form]:
    """Register an operator that decides itself how it is compiled."""
    return operators.register(symbol)


class _Stop(Exception):
    """An argument that the function needs is empty, so the result is."""


_KINDS: Final[dict[type, schema.Kind]] = {
    str: "string",
    int: "number",
    Decimal: "number",
    bool: "boolean",
}


def unwrap(wanted: type, items: Nodes) -> Any:
    """The only item's value as a Python type, None if empty; raises Invalid if it is another."""
    item = nodes.single(items)
    if item is None or item[1] is None:
        return None
    value = item[1]
    kind = schema.kind(item[0])
    if kind != _KINDS[wanted] and not (wanted is str and kind in {"date", "time"}):
        raise Invalid(f"FHIRPath: {item[0]} where {wanted.__name__} is expected")
    if wanted is int and value.__class__ is not int:
        raise Invalid("FHIRPath: not an integer")
    return values.number(value) if wanted is Decimal else value


def _form(name: str, implementation: Callable[..., Any], shape: ShapeOf | None) -> Form:
    hints = typing.get_type_hints(implementation)
    parameters = [p for n, p in inspect.signature(implementation).parameters.items()]
    wanted = [hints[p.name] for p in parameters]
    takes_scope = Scope in wanted
    source_type, *argument_types = [w for w in wanted if w is not Scope]
    required = sum(
        p.default is inspect.Parameter.empty for p in parameters if hints[p.name] is not Scope
    )
    result = _plain(hints["return"])

    def compile_call(call: Call) -> Compiled:
        if not required - 1 <= call.count <= len(argument_types):
            raise Invalid(f"FHIRPath: {name} can't have {call.count} arguments")
        _check(name, source_type, call.source.shape)
        loads = [_load(source_type, call.source)]
        for index, type_ in enumerate(argument_types[: call.count]):
            loads.append(_load_argument(name, type_, call, index))
        run = _calling(implementation, loads, takes_scope)
        if result is bool:
            return boolean(run)
        if result == Nodes:
            counted = run if takes_scope else _counting(run)
            return Compiled(_nodes(counted), shape(call) if shape else call.source.shape)
        if result == Typed:
            return Compiled(_listing(run), shape(call) if shape else call.source.shape.one())
        return Compiled(_wrapping(run), shape(call) if shape else one(_SYSTEM[result]))

    return compile_call


_SYSTEM: Final[dict[Any, str]] = {
    str: "System.String",
    int: "System.Integer",
    Decimal: "System.Decimal",
}


def _plain(annotation: Any) -> Any:
    """An annotation without its `| None`."""
    if isinstance(annotation, UnionType):
        (plain,) = (a for a in typing.get_args(annotation) if a is not NoneType)
        return plain
    return annotation


def _check(name: str, wanted: Any, shape: Shape) -> None:
    """Refuse what can't be right whatever the values are."""
    kind = _KINDS.get(_plain(wanted)) if isinstance(_plain(wanted), type) else None
    if kind is None or not shape.is_certain or not shape.types:
        return
    if {schema.kind(t) for t in shape.types} <= {"complex", "quantity"}:
        raise Invalid(f"FHIRPath: {name} of {' or '.join(sorted(shape.types))}")


def _load_argument(name: str, wanted: Any, call: Call, index: int) -> Callable[..., Any]:
    plain = _plain(wanted)
    if plain is Lambda:
        run = call.criterion(index).run
        return lambda _this, scope: _each(run, scope)
    if plain is Criterion:
        test = truth_of(call.criterion(index))
        return lambda _this, scope: _each(test, scope)
    argument = call.argument(index)
    _check(name, wanted, argument.shape)
    return _load(wanted, argument)


def _each(run: Callable[[Nodes, Scope], Any], scope: Scope) -> Callable[..., Any]:
    def evaluate(item: Typed, index: int = 0) -> Any:
        outer = scope.index
        scope.spend(1)
        scope.index = index
        found = run([item], scope)
        scope.index = outer
        return found

    return evaluate


def _load(wanted: Any, source: Compiled) -> Callable[[Nodes, Scope], Any]:
    run = source.run
    if wanted == Nodes:
        return run
    plain = _plain(wanted)
    optional = plain is not wanted

    def load(this: Nodes, scope: Scope) -> Any:
        items = run(this, scope)
        value = nodes.single(items) if plain == Typed else unwrap(plain, items)
        if value is None and not optional:
            raise _Stop
        if value.__class__ is str and len(value) > CHARACTERS:
            scope.spend(len(value) // CHARACTERS)
        return value

    return load


def _calling(
    implementation: Callable[..., Any],
    loads: list[Callable[[Nodes, Scope], Any]],
    takes_scope: bool,
) -> Callable[[Nodes, Scope], Any]:
    """Load the arguments and call; the scope comes last."""

    def run(this: Nodes, scope: Scope) -> Any:
        try:
            values = [load(this, scope) for load in loads]
        except _Stop:
            return None
        if takes_scope:
            return implementation(*values, scope=scope)
        return implementation(*values)

    return run


def _nodes(run: Callable[[Nodes, Scope], Nodes | None]) -> Code:
    return lambda this, scope: run(this, scope) or EMPTY


def _counting(run: Callable[[Nodes, Scope], Nodes | None]) -> Callable[[Nodes, Scope], Nodes]:
    """What a function gives costs steps; one that takes the scope counts by itself."""

    def counted(this: Nodes, scope: Scope) -> Nodes:
        found = run(this, scope) or EMPTY
        scope.spend(len(found))
        return found

    return counted


def _listing(run: Callable[[Nodes, Scope], Typed | None]) -> Code:
    def listed(this: Nodes, scope: Scope) -> Nodes:
        item = run(this, scope)
        if item is None:
            return EMPTY
        if item[1].__class__ is str:
            _spend_on(item[1], scope)
        return [item]

    return listed


def _wrapping(run: Callable[[Nodes, Scope], Any]) -> Code:
    def wrapped(this: Nodes, scope: Scope) -> Nodes:
        value = run(this, scope)
        if value.__class__ is str:
            _spend_on(value, scope)
        return EMPTY if value is None else [nodes.typed(value)]

    return wrapped


def _spend_on(text: str, scope: Scope) -> None:
    """Strings that are made cost steps too, or a million of them would fill the memory."""
    if len(text) > LONGEST_STRING:
        raise TooCostly(f"FHIRPath: a string of more than {LONGEST_STRING} characters")
    if len(text) > CHARACTERS:
        scope.spend(len(text) // CHARACTERS)
