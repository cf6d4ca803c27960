"""An expression's syntax tree as JSON, for tools that show it.

https://github.com/brianpos/fhirpath-lab/blob/develop/server-api.md#ast-definition
"""

from __future__ import annotations

from typing import Any, Final

from fhirserver.fhirpath import ast
from fhirserver.fhirpath.ast import Expression

_AXIS: Final = {"this": "that", "index": "index", "total": "total"}


def tree(node: Expression) -> dict[str, Any]:
    """The node and all below it; positions count characters from 0.

    >>> tree(ast.Member(None, "name"))["Arguments"]
    [{'ExpressionType': 'AxisExpression', 'Name': 'builtin.that'}]
    """
    match node:
        case ast.Constant(value=value):
            name = " ".join(str(v) for v in value[:2]) if isinstance(value, tuple) else str(value)
            return _node(node, "ConstantExpression", name, type_=node.type)
        case ast.Empty():
            return _node(node, "EmptyExpression", "{}")
        case ast.Special(name=name):
            return _node(node, "AxisExpression", f"builtin.{_AXIS[name]}")
        case ast.Variable(name=name):
            return _node(node, "VariableRefExpression", name)
        case ast.Member(source=source, name=name):
            return _node(node, "ChildExpression", name, [source])
        case ast.Call(source=source, name=name, arguments=arguments):
            return _node(node, "FunctionCallExpression", name, [source, *arguments])
        case ast.Index(source=source, index=index):
            return _node(node, "IndexerExpression", "[]", [source, index])
        case ast.Sign(operator=operator, operand=operand):
            return _node(node, "UnaryExpression", operator, [operand])
        case ast.Binary(operator=operator, left=left, right=right):
            return _node(node, "BinaryExpression", operator, [left, right])
        case ast.TypeTest(operator=operator, operand=operand, type=wanted):
            made = _node(node, "BinaryExpression", operator, [operand])
            made["Arguments"].append({"ExpressionType": "ConstantExpression", "Name": wanted})
            return made


def _node(
    node: Expression,
    kind: str,
    name: str,
    arguments: list[Expression | None] | None = None,
    *,
    type_: str | None = None,
) -> dict[str, Any]:
    made: dict[str, Any] = {"ExpressionType": kind, "Name": name}
    if arguments:
        # A path that begins with a name begins at $this.
        axis = {"ExpressionType": "AxisExpression", "Name": "builtin.that"}
        made["Arguments"] = [axis if a is None else tree(a) for a in arguments]
    if type_ is not None:
        made["ReturnType"] = type_.removeprefix("System.")
    if kind != "AxisExpression":
        made |= {"Position": node.at, "Length": len(name)}
    return made
