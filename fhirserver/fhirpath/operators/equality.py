"""`=`, `~` and their opposites.

http://hl7.org/fhirpath/N1/#equality
"""

from __future__ import annotations

from fhirserver.fhirpath import schema, values
from fhirserver.fhirpath.compiled import Compiled, boolean
from fhirserver.fhirpath.env import Scope
from fhirserver.fhirpath.function import Call, operator, operator_form
from fhirserver.fhirpath.nodes import Code, Nodes, Truth


@operator_form("=")
def equals(call: Call) -> Compiled:
    return boolean(_equality(call))


@operator_form("!=")
def not_equals(call: Call) -> Compiled:
    test = _equality(call)

    def run(this: Nodes, scope: Scope) -> bool | None:
        found = test(this, scope)
        return None if found is None else not found

    return boolean(run)


def _equality(call: Call) -> Truth:
    left, right = call.source, call.argument(0)
    if right.constant and right.constant[0][0] == "System.String" and _is_text(left):
        text = right.constant[0][1]
        return _key_equal_to_text(left.key, text) if left.key else _equal_to_text(left.run, text)
    mine, yours = left.run, right.run

    def test(this: Nodes, scope: Scope) -> bool | None:
        one, other = mine(this, scope), yours(this, scope)
        if len(one) > 1:
            scope.spend(len(one))
        return equal(one, other)

    return test


def _is_text(left: Compiled) -> bool:
    only = left.shape.only
    return only is not None and not left.shape.many and schema.kind(only) == "string"


def _key_equal_to_text(key: str, text: str) -> Truth:
    """`use = 'official'`, which most expressions spend their time on."""
    sibling = "_" + key

    def test(this: Nodes, scope: Scope) -> bool | None:
        if not this:
            return None
        owner = this[0][1]
        if key in owner:
            return bool(owner[key] == text)
        return False if sibling in owner else None

    return test


def _equal_to_text(left: Code, text: str) -> Truth:
    """`code.first() = 'x'`."""

    def test(this: Nodes, scope: Scope) -> bool | None:
        found = left(this, scope)
        return found[0][1] == text if found else None

    return test


def equal(one: Nodes, other: Nodes) -> bool | None:
    """Whether two collections have equal items in the same order."""
    if not one or not other:
        return None
    if len(one) != len(other):
        return False
    result: bool | None = True
    for mine, yours in zip(one, other, strict=True):
        found = values.equal(mine, yours)
        if found is False:
            return False
        if found is None:
            result = None
    return result


@operator("~")
def equivalent(one: Nodes, other: Nodes, *, scope: Scope) -> bool:
    if len(one) != len(other):
        return False
    # Whatever the order: each may have to be held against each.
    scope.spend(values.weight(one) * len(other) + values.weight(other) * len(one))
    rest = list(other)
    for mine in one:
        match = next((i for i, yours in enumerate(rest) if values.equivalent(mine, yours)), None)
        if match is None:
            return False
        del rest[match]
    return True


@operator("!~")
def not_equivalent(one: Nodes, other: Nodes, *, scope: Scope) -> bool:
    return not equivalent(one, other, scope=scope)
