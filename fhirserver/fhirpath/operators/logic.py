"""`and`, `or`, `xor`, `implies`: three-valued, and lazy where the left side decides.

http://hl7.org/fhirpath/N1/#boolean-logic
"""

from __future__ import annotations

from fhirserver.fhirpath.compiled import Compiled, boolean, truth_of
from fhirserver.fhirpath.env import Scope
from fhirserver.fhirpath.function import Call, operator_form
from fhirserver.fhirpath.nodes import Nodes


@operator_form("and")
def both(call: Call) -> Compiled:
    left, right = truth_of(call.source), truth_of(call.argument(0))

    def test(this: Nodes, scope: Scope) -> bool | None:
        one = left(this, scope)
        if one is False:
            return False
        other = right(this, scope)
        if other is False:
            return False
        return None if one is None or other is None else True

    return boolean(test)


@operator_form("or")
def either(call: Call) -> Compiled:
    left, right = truth_of(call.source), truth_of(call.argument(0))

    def test(this: Nodes, scope: Scope) -> bool | None:
        one = left(this, scope)
        if one is True:
            return True
        other = right(this, scope)
        if other is True:
            return True
        return None if one is None or other is None else False

    return boolean(test)


@operator_form("xor")
def one_of(call: Call) -> Compiled:
    left, right = truth_of(call.source), truth_of(call.argument(0))

    def test(this: Nodes, scope: Scope) -> bool | None:
        one, other = left(this, scope), right(this, scope)
        return None if one is None or other is None else one is not other

    return boolean(test)


@operator_form("implies")
def implies(call: Call) -> Compiled:
    left, right = truth_of(call.source), truth_of(call.argument(0))

    def test(this: Nodes, scope: Scope) -> bool | None:
        one = left(this, scope)
        if one is False:
            return True
        other = right(this, scope)
        if other is True:
            return True
        return None if one is None else other

    return boolean(test)
