"""The filters of a ValueSet's include as SQL over the tables of a large code system.

https://hl7.org/fhir/R4/valueset-filter-operator.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from fhirserver.errors import Unprocessable
from fhirserver.storage.search_sql.builder import Builder
from fhirserver.terminology.content import Filter, Selection
from fhirserver.terminology.filters import compiled
from fhirserver.terminology.texts import words

# A filter may name the codes themselves instead of a property of them.
_CODE: Final = frozenset({"concept", "code"})
_COLUMN: Final = {"display": "c.display", "definition": "c.definition"}

Condition = Callable[[Builder, str, Filter], str]


def selected(build: Builder, selection: Selection, system: str) -> str:
    """What is true of a row `c` of terminology.concept that is wanted; `system` a placeholder."""
    parts = [f"c.system = {system}"]
    if selection.active_only:
        parts.append("NOT c.is_inactive")
    parts += [filtered(build, system, f) for f in selection.filters]
    if selection.text:
        parts.append(_with_words(build, selection.text))
    return " AND ".join(parts)


def filtered(build: Builder, system: str, condition: Filter) -> str:
    """One filter; raises Unprocessable when it has no meaning."""
    make = _OPERATORS.get(condition.op)
    if make is None:
        raise _not_understood(condition)
    return make(build, system, condition)


def _with_words(build: Builder, text: str) -> str:
    """Every word begins a word of one of the names, or the text begins the code."""
    wanted = words(text)
    starts = build.bind(text.strip().casefold(), "text")
    code = f"starts_with(lower(c.code), {starts})"
    if not wanted:
        return code
    query = build.bind(" & ".join(f"'{w}':*" for w in wanted), "tsquery")
    # The index finds the words in any of the names; the lines tell whether one has them all.
    pattern = build.bind([rf"\m{w}" for w in wanted], "text[]")
    one_line = (
        f"EXISTS (SELECT FROM unnest(string_to_array(c.names, E'\\n')) n "
        f"WHERE NOT EXISTS (SELECT FROM unnest({pattern}) w WHERE n !~ w))"
    )
    return f"(to_tsvector('simple', c.names) @@ {query} AND {one_line} OR {code})"


def _below(build: Builder, system: str, condition: Filter, *, itself: bool) -> str:
    code = _ancestor(build, condition)
    found = (
        f"SELECT x.descendant FROM terminology.closure x WHERE x.system = {system} "
        f"AND x.ancestor = ({_number(system, code)})"
    )
    if itself:
        found += f" UNION ALL ({_number(system, code)})"
    return f"c.number IN ({found})"


def _number(system: str, code: str) -> str:
    return (
        f"SELECT k.number FROM terminology.concept k WHERE k.system = {system} AND k.code = {code}"
    )


def _is_a(build: Builder, system: str, condition: Filter) -> str:
    return _below(build, system, condition, itself=True)


def _descendent_of(build: Builder, system: str, condition: Filter) -> str:
    return _below(build, system, condition, itself=False)


def _is_not_a(build: Builder, system: str, condition: Filter) -> str:
    return f"NOT {_below(build, system, condition, itself=True)}"


def _child_of(build: Builder, system: str, condition: Filter) -> str:
    code = _ancestor(build, condition)
    return (
        f"c.number IN (SELECT x.child FROM terminology.parent x WHERE x.system = {system} "
        f"AND x.parent = ({_number(system, code)}))"
    )


def _descendent_leaf(build: Builder, system: str, condition: Filter) -> str:
    return (
        f"{_below(build, system, condition, itself=False)} AND NOT EXISTS ("
        f"SELECT FROM terminology.parent x WHERE x.system = {system} AND x.parent = c.number)"
    )


def _generalizes(build: Builder, system: str, condition: Filter) -> str:
    code = _ancestor(build, condition)
    return (
        f"(c.code = {code} OR c.number IN (SELECT x.ancestor FROM terminology.closure x "
        f"WHERE x.system = {system} AND x.descendant = ({_number(system, code)})))"
    )


def _equals(build: Builder, system: str, condition: Filter) -> str:
    return _has(build, system, condition, [condition.value])


def _in(build: Builder, system: str, condition: Filter) -> str:
    return _has(build, system, condition, [v.strip() for v in condition.value.split(",")])


def _not_in(build: Builder, system: str, condition: Filter) -> str:
    return f"NOT ({_in(build, system, condition)})"


def _has(build: Builder, system: str, condition: Filter, values: list[str]) -> str:
    wanted = build.bind(values, "text[]")
    name = condition.property
    if name in _CODE:
        return f"c.code = ANY({wanted})"
    if name in _COLUMN:
        return f"coalesce({_COLUMN[name]} = ANY({wanted}), false)"
    if name in {"inactive", "notSelectable"}:
        column = "c.is_inactive" if name == "inactive" else "c.is_abstract"
        return f"{column}::text = ANY({wanted})"
    if name in {"parent", "child"}:
        own, other = ("child", "parent") if name == "parent" else ("parent", "child")
        return (
            f"c.number IN (SELECT x.{own} FROM terminology.parent x "
            f"JOIN terminology.concept k ON k.system = x.system AND k.number = x.{other} "
            f"WHERE x.system = {system} AND k.code = ANY({wanted}))"
        )
    short = build.bind([v[:200] for v in values], "text[]")
    return (
        f"c.number IN (SELECT p.concept FROM terminology.property p WHERE p.system = {system} "
        f"AND p.property = {build.bind(name, 'text')} AND left(p.value, 200) = ANY({short}) "
        f"AND p.value = ANY({wanted}))"
    )


def _exists(build: Builder, system: str, condition: Filter) -> str:
    if condition.value not in {"true", "false"}:
        raise _not_understood(condition)
    name = condition.property
    if name in _COLUMN:
        found = f"{_COLUMN[name]} IS NOT NULL"
    elif name in {"parent", "child"}:
        own = "child" if name == "parent" else "parent"
        found = (
            f"EXISTS (SELECT FROM terminology.parent x WHERE x.system = {system} "
            f"AND x.{own} = c.number)"
        )
    else:
        found = (
            f"EXISTS (SELECT FROM terminology.property p WHERE p.system = {system} "
            f"AND p.concept = c.number AND p.property = {build.bind(name, 'text')})"
        )
    return found if condition.value == "true" else f"NOT {found}"


def _regex(build: Builder, system: str, condition: Filter) -> str:
    # What can be compiled here is a subset of PostgreSQL's; its time is bounded by the statement's.
    compiled(condition.value)
    pattern = build.bind(f"^(?:{condition.value})$", "text")
    name = condition.property
    if name in _CODE:
        return f"c.code ~ {pattern}"
    if name in _COLUMN:
        return f"coalesce({_COLUMN[name]} ~ {pattern}, false)"
    return (
        f"EXISTS (SELECT FROM terminology.property p WHERE p.system = {system} "
        f"AND p.concept = c.number AND p.property = {build.bind(name, 'text')} "
        f"AND p.value ~ {pattern})"
    )


def _ancestor(build: Builder, condition: Filter) -> str:
    if condition.property not in _CODE:
        raise _not_understood(condition)
    return build.bind(condition.value, "text")


def _not_understood(condition: Filter) -> Unprocessable:
    return Unprocessable(
        f"the filter {condition.property} {condition.op} {condition.value} has no meaning in "
        "this code system"
    )


_OPERATORS: Final[Mapping[str, Condition]] = {
    "=": _equals,
    "is-a": _is_a,
    "descendent-of": _descendent_of,
    "is-not-a": _is_not_a,
    "child-of": _child_of,
    "descendent-leaf": _descendent_leaf,
    "generalizes": _generalizes,
    "in": _in,
    "not-in": _not_in,
    "exists": _exists,
    "regex": _regex,
}
