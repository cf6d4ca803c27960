"""From the parameters of a search URL to a Query. Pure; storage turns the Query into SQL.

https://hl7.org/fhir/R4/search.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from fhirserver.errors import Invalid, NotSupported
from fhirserver.search import compartment as compartments
from fhirserver.search import filter as filters
from fhirserver.search import results
from fhirserver.search.conditions import condition
from fhirserver.search.keys import resolve
from fhirserver.search.parameters import Parameters, SearchParameter
from fhirserver.search.query import And, Condition, OfType, Or, Query
from fhirserver.search.scope import Hidden, Scope, Unknown, near, short
from fhirserver.search.site import Site
from fhirserver.search.vocabulary import Vocabulary

_ALL_TYPES: Final = frozenset(
    [
        "_id",
        "_lastUpdated",
        "_tag",
        "_profile",
        "_security",
        "_source",
        "_list",
        "_content",
        "_text",
    ]
)
"""What can be asked without saying of which types."""


def parse(
    resource_type: str | None,
    pairs: Sequence[tuple[str, str]],
    *,
    parameters: Parameters,
    site: Site,
    vocabulary: Vocabulary | None = None,
    lenient: bool = False,
    compartment: tuple[str, str] | None = None,
    hidden: Hidden = lambda _: frozenset(),
) -> Query:
    """The search that the parameters of a URL ask for, in their order, decoded.

    `resource_type` is None for a search of the whole system, `compartment` the type and id of
    `Patient/123/Observation`. `vocabulary` answers what codes mean. Raises Invalid, NotSupported or
    TooCostly, and Forbidden for a parameter whose values come from elements that are `hidden` from
    the caller; with `lenient` an unknown parameter or an empty value only leaves a warning in
    `ignored`.
    """
    scope = Scope(parameters, site, vocabulary, hidden=hidden)
    ignored: list[str] = []
    types, types_pair = _types(resource_type, pairs, compartment, scope)
    fields: dict[str, Any] = {}
    conditions: list[Condition] = []
    used: list[tuple[str, str]] = types_pair
    if compartment is not None:
        conditions.append(_for_each(types, lambda t: compartments.member(compartment, t, scope)))
    for key, value in pairs:
        _check_text(key, value)
        if key == "_type" and resource_type is None:
            continue
        try:
            if key.partition(":")[0] in results.RESULTS:
                _merge(fields, key, results.read(key, value, types, scope))
            else:
                conditions.append(_condition(key, value, types, resource_type, scope))
        except Unknown as error:
            if not lenient:
                raise
            ignored.append(str(error))
        else:
            used.append((key, value))
    return Query(
        types=types,
        condition=conditions[0] if len(conditions) == 1 else And(tuple(conditions)),
        used=tuple(used),
        ignored=tuple(ignored),
        **fields,
    )


def _check_text(key: str, value: str) -> None:
    """Refuse what neither UTF-8 nor PostgreSQL's text can hold."""
    text = key + value
    if "\0" in text or any("\ud800" <= c <= "\udfff" for c in text if not c.isascii()):
        raise Invalid("a search parameter has a character that is not text")


def _types(
    resource_type: str | None,
    pairs: Sequence[tuple[str, str]],
    compartment: tuple[str, str] | None,
    scope: Scope,
) -> tuple[tuple[str, ...], list[tuple[str, str]]]:
    """The resource types searched, and the `_type` that says so."""
    definitions = scope.parameters.definitions
    if resource_type is not None:
        if not definitions.is_resource(resource_type):
            raise Invalid(f"{short(resource_type)} is not a resource type")
        return (resource_type,), []
    known = definitions.resource_types
    if compartment is not None:
        known = tuple(compartments.types_in(compartment[0], scope))
    given = [(k, v) for k, v in pairs if k == "_type"]
    if any(not v for _, v in given):
        raise Invalid("_type: name at least one resource type")
    if not given:
        return known, []
    # Repeated, they must all hold, as with every parameter.
    wanted = [set(v.split(",")) for _, v in given]
    for name in sorted(set().union(*wanted)):
        if name not in known:
            raise Invalid(f"_type: {short(name)} is not a resource type here{near(name, known)}")
    return tuple(t for t in known if all(t in w for w in wanted)), given


def _condition(
    key: str, value: str, types: Sequence[str], resource_type: str | None, scope: Scope
) -> Condition:
    code = key.partition(":")[0]
    if not value.strip():
        raise Unknown(f"{short(key)}: the value is empty")
    if code == "_query":
        raise NotSupported("_query: there are no named queries")
    if code == "_type":
        raise Invalid("_type is for searches of the whole system")

    def leaf(parameter: SearchParameter, modifier: str | None, on: str) -> Condition:
        if parameter.code == "_filter":
            if modifier is not None:
                raise Invalid("_filter takes no modifier")
            return filters.condition(value, on, scope)
        return condition(parameter, modifier, value, scope)

    if resource_type is None and code in _ALL_TYPES:
        # They mean the same on every type; DomainResources have them all.
        return resolve(key, "Basic", leaf, scope)
    if len(types) == len(scope.parameters.definitions.resource_types):
        raise Unknown(
            f"{short(code)} is not a search parameter of all resources: say which with _type"
        )
    return _for_each(types, lambda t: resolve(key, t, leaf, scope))


def _for_each(types: Sequence[str], make: Callable[[str], Condition]) -> Condition:
    """One condition for all the types; where it differs, each with the types it is for."""
    by_condition: dict[Condition, list[str]] = {}
    for resource_type in types:
        by_condition.setdefault(make(resource_type), []).append(resource_type)
    if len(by_condition) == 1:
        return next(iter(by_condition))
    return Or(tuple(And((OfType(tuple(t)), c)) for c, t in by_condition.items()))


def _merge(fields: dict[str, Any], key: str, found: dict[str, Any]) -> None:
    for name, value in found.items():
        if name == "includes":
            fields[name] = tuple(dict.fromkeys((*fields.get(name, ()), *value)))
        elif name in fields:
            raise Invalid(f"{short(key)} is given more than once")
        else:
            fields[name] = value
