"""From one parameter, its modifier and its values to a condition.

https://hl7.org/fhir/R4/search.html#modifiers
"""

from __future__ import annotations

from collections.abc import Callable

from fhirserver.errors import Invalid, TooCostly
from fhirserver.search import vocabulary
from fhirserver.search.bad_value import bad_value
from fhirserver.search.escaping import split
from fhirserver.search.everywhere import EVERYWHERE
from fhirserver.search.kinds import kinds
from fhirserver.search.parameters import SearchParameter
from fhirserver.search.query import Condition, Not
from fhirserver.search.scope import MAX_VALUES, Scope, Unknown, any_of, near, short


def condition(
    parameter: SearchParameter, modifier: str | None, value: str, scope: Scope
) -> Condition:
    """What `parameter:modifier=value` asks for; commas in the value separate alternatives."""
    scope.spend()
    _check_modifier(parameter, modifier, scope)
    values = split(value, ",")
    if len(values) > MAX_VALUES:
        raise TooCostly(f"{parameter.code}: more than {MAX_VALUES} values joined by commas")
    if not all(values):
        raise Unknown(f"{parameter.code}: a value is empty")
    if modifier == "missing":
        return _missing(parameter, value)
    if modifier == "not":
        return Not(condition(parameter, None, value, scope))
    if modifier in vocabulary.MODIFIERS and parameter.type == "token":
        return answered(
            parameter, lambda p: vocabulary.condition(p, modifier, values, scope.vocabulary)
        )
    if parameter.code in EVERYWHERE:
        return EVERYWHERE[parameter.code](values, scope)
    return answered(parameter, lambda p: kinds[p.type].condition(p, modifier, values, scope.site))


def present(parameter: SearchParameter) -> Condition:
    """That a resource has a value of the parameter."""
    return answered(parameter, lambda p: kinds[p.type].present(p))


def answered(
    parameter: SearchParameter, condition: Callable[[SearchParameter], Condition]
) -> Condition:
    """The condition on whichever parameters hold the index values of this one."""
    if not parameter.answered_by:
        return condition(parameter)
    return any_of([condition(p) for p in parameter.answered_by])


def _missing(parameter: SearchParameter, value: str) -> Condition:
    if value not in ("true", "false"):
        raise bad_value(f"{parameter.code}:missing", value, "true or false")
    has = present(parameter)
    return Not(has) if value == "true" else has


def _check_modifier(parameter: SearchParameter, modifier: str | None, scope: Scope) -> None:
    """Refuse a modifier that the parameter doesn't have: as the standard says, even if lenient."""
    allowed = parameter.modifiers
    if modifier is None or (modifier in allowed and modifier != "type"):
        return
    if "type" in allowed and scope.parameters.definitions.is_resource(modifier):
        if modifier in parameter.targets:
            return
        raise Invalid(
            f"{parameter.code} can't refer to {modifier}{near(modifier, parameter.targets)}"
        )
    raise Invalid(
        f"{parameter.code} has no modifier :{short(modifier)}{near(modifier, allowed)}"
        if allowed
        else f"{parameter.code} takes no modifier"
    )
