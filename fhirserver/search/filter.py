"""`_filter`: an expression of search parameters as one condition.

https://hl7.org/fhir/R4/search_filter.html
"""

from __future__ import annotations

from typing import Final

from fhirserver.errors import Invalid
from fhirserver.search import vocabulary
from fhirserver.search.bad_value import bad_value
from fhirserver.search.conditions import answered, present
from fhirserver.search.everywhere import EVERYWHERE
from fhirserver.search.filter_grammar import Comparison, Filter, Logical, Negation, Segment, parse
from fhirserver.search.folding import fold
from fhirserver.search.hashing import number
from fhirserver.search.keys import chain
from fhirserver.search.kinds import kinds
from fhirserver.search.parameters import SPECIAL, SearchParameter
from fhirserver.search.query import And, Condition, InDates, InStrings, Not, Or, StringCompare
from fhirserver.search.scope import MAX_CHAIN, Scope, Unknown

_TERMINOLOGY: Final = {"in": "in", "ss": "below", "sb": "above"}
"""The modifiers that the operators stand for: `ss` finds what the value subsumes."""
_ORDER: Final = frozenset(["gt", "lt", "ge", "le", "ap", "sa", "eb"])
_EACH: Final = frozenset(["string", "date", "number", "quantity"])
"""Types of which each value has a row: `ne` asks for one that isn't equal, whatever the others."""
_OPERATORS: Final[dict[str, frozenset[str]]] = {
    "token": frozenset(["eq"]),
    "uri": frozenset(["eq"]),
    "reference": frozenset(["eq", "re"]),
    "composite": frozenset(["eq"]),
    "string": frozenset(["eq", "co", "sw", "ew", "gt", "lt", "ge", "le"]),
    "number": frozenset(["eq", *_ORDER]),
    "quantity": frozenset(["eq", *_ORDER]),
    "date": frozenset(["eq", "po", *_ORDER]),
    "special": frozenset(["eq"]),
}
"""What may be asked of a parameter's values by its type; `ne` and `pr` go with every type."""


def condition(text: str, resource_type: str, scope: Scope) -> Condition:
    """What an expression asks of resources of a type."""
    return _filter(parse(text), resource_type, scope)


def _filter(tree: Filter, resource_type: str, scope: Scope) -> Condition:
    match tree:
        case Logical("and", left, right):
            both = (_filter(left, resource_type, scope), _filter(right, resource_type, scope))
            return And(both)
        case Logical(_, left, right):
            return Or((_filter(left, resource_type, scope), _filter(right, resource_type, scope)))
        case Negation(inner):
            return Not(_filter(inner, resource_type, scope))
        case Comparison(path):
            if len(path) > MAX_CHAIN:
                raise Invalid(f"_filter: a path has more than {MAX_CHAIN} names")
            return _comparison(path, tree, resource_type, scope)


def _comparison(
    path: tuple[Segment, ...], tree: Comparison, resource_type: str, scope: Scope
) -> Condition:
    segment, rest = path[0], path[1:]
    code, _, target = segment.name.partition(":")
    parameter = scope.parameter(code, resource_type)
    if not rest:
        if segment.where is not None or target:
            raise Invalid(f"_filter: a name must follow {code} after a dot")
        scope.spend()
        return _compare(parameter, tree.operator, tree.value, scope)

    def inner(target: str) -> Condition:
        found = _comparison(rest, tree, target, scope)
        if segment.where is None:
            return found
        return And((_filter(segment.where, target, scope), found))

    return chain(parameter, target or None, inner, scope)


def _compare(parameter: SearchParameter, operator: str, value: str, scope: Scope) -> Condition:
    code = parameter.code
    if operator in _TERMINOLOGY:
        if parameter.type != "token":
            raise Invalid(f"_filter: {operator} can't be asked of {code}, a {parameter.type}")
        modifier = _TERMINOLOGY[operator]
        return answered(
            parameter,
            lambda p: vocabulary.condition(p, modifier, [value], scope.vocabulary),
        )
    if parameter.type == "special" and code != "near" and operator != "eq":
        raise Invalid(f"_filter: {operator} can't be asked of {code}")
    if operator == "pr":
        if value not in ("true", "false"):
            raise bad_value(f"_filter: {code} pr", value, "true or false")
        has = _present(parameter)
        return has if value == "true" else Not(has)
    if operator == "ne" and parameter.type not in _EACH:
        return And((_present(parameter), Not(_compare(parameter, "eq", value, scope))))
    if code == "_lastUpdated":
        return EVERYWHERE[code]([value if operator == "eq" else operator + value], scope)
    if operator not in _OPERATORS[parameter.type] | {"ne"}:
        raise Invalid(f"_filter: {operator} can't be asked of {code}, a {parameter.type}")
    if code in EVERYWHERE:
        return EVERYWHERE[code]([value], scope)
    if code in SPECIAL:
        raise Unknown(f"_filter: {code} can't be used inside a filter")
    return answered(parameter, lambda p: _ask(p, operator, value, scope))


def _present(parameter: SearchParameter) -> Condition:
    # Every resource has an id and a time; no resource has a value for the special parameters.
    return And(()) if parameter.code in ("_id", "_lastUpdated") else present(parameter)


def _ask(parameter: SearchParameter, operator: str, value: str, scope: Scope) -> Condition:
    if parameter.type == "string":
        return _string(parameter, operator, value)
    # Commas have no meaning in a filter; `|` and `$` have the one they have everywhere.
    meant = value.replace("\\", "\\\\") if parameter.type == "token" else value
    prefixed = operator + meant if operator in _ORDER or operator == "ne" else meant
    found = kinds[parameter.type].condition(parameter, None, [prefixed], scope.site)
    if operator == "po":
        # Periods overlap; a search's `ap` with a range that isn't widened says just that.
        assert isinstance(found, InDates)
        return InDates(found.param, "ap", found.low, found.high)
    return found


def _string(parameter: SearchParameter, operator: str, value: str) -> Condition:
    text, param = fold(value), number(parameter.code)
    if not text:
        raise bad_value(f"_filter: {parameter.code}", value, "a text")
    match operator:
        case "co":
            return InStrings(param, "contains", text)
        case "sw":
            return InStrings(param, "prefix", text)
        case "ew":
            return InStrings(param, "suffix", text)
        case "gt" | "lt" | "ge" | "le" | "ne":
            return StringCompare(param, operator, text)
        case _:
            return InStrings(param, "equals", text)
