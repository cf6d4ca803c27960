"""A Condition as SQL over the row alias of the resource it is about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TypeGuard

from fhirserver.search.hashing import reference_self, salt
from fhirserver.search.query import (
    And,
    AnyElement,
    CaredFor,
    Chain,
    Condition,
    ConsentDenies,
    FullText,
    HasRow,
    Ids,
    InDates,
    InList,
    InNumbers,
    InStrings,
    InUnits,
    Labelled,
    Near,
    Not,
    OfType,
    Or,
    OwnedBy,
    ReverseChain,
    Selves,
    Shared,
    StringCompare,
    TokenText,
    Unowned,
    Updated,
)
from fhirserver.storage.guard import is_whole
from fhirserver.storage.owners import owner_salts
from fhirserver.storage.schema import NARRATIVE_WORDS, OrderedTable, table
from fhirserver.storage.search_sql.builder import Builder
from fhirserver.storage.search_sql.ranges import (
    RowCondition,
    rows_predicate,
    table_of,
    text_match,
    updated_predicate,
)
from fhirserver.storage.singles import single_params
from fhirserver.storage.tables import kinds_needed

_ROW_CONDITIONS = (InDates, InNumbers, InStrings, StringCompare, HasRow, Near)


def where(
    build: Builder, condition: Condition, resource_type: str, r: str, *, base: bool = True
) -> str:
    """The SQL that is true of a current row `r` of the type that meets the condition.

    And that is there for the caller: no statement on resources does without this or `seen`.
    """
    visible = build.see(resource_type)
    whole = condition if is_whole(visible) else And((*_parts(condition), *_parts(visible)))
    return f"NOT {r}.deleted AND {_sql(build, whole, resource_type, r, base)}"


def seen(build: Builder, resource_type: str, r: str, *, is_past: bool = False) -> str:
    """The SQL that is true of a row, current or old or deleted, that is there for the caller.

    `is_past`: it is a row of the history.
    """
    condition = build.see(resource_type)
    build.is_past = is_past
    try:
        sql = meets(build, condition, resource_type, r)
    finally:
        build.is_past = False
    # Of versions that an older release wrote, nobody knows what rules would find in them.
    is_unsure = is_past and _any_part(condition, lambda c: isinstance(c, AnyElement))
    return f"({r}.elements IS NOT NULL AND {sql})" if is_unsure else sql


def meets(build: Builder, condition: Condition, resource_type: str, r: str) -> str:
    """The SQL that is true of a row of any kind that meets an access rule's condition."""
    return _sql(build, condition, resource_type, r, base=True)


def _any_part(condition: Condition, meant: Callable[[Condition], bool]) -> bool:
    match condition:
        case And(parts) | Or(parts):
            return any(_any_part(p, meant) for p in parts)
        case Not(inner):
            return _any_part(inner, meant)
    return meant(condition)


def _may_be_unknown(condition: Condition) -> bool:
    """Whether the SQL may be NULL: of a column that not every row has a value in."""
    return _any_part(condition, lambda c: isinstance(c, OwnedBy | InUnits | CaredFor))


def _parts(condition: Condition) -> tuple[Condition, ...]:
    return condition.conditions if isinstance(condition, And) else (condition,)


def row_group(condition: Condition, resource_type: str) -> list[RowCondition] | None:
    """The conditions on rows of one table that are all there is to meet, by one row at once.

    Only current resources have rows, so their keys are those of the matches.
    """
    conditions = condition.conditions if isinstance(condition, And) else (condition,)
    rows = [c for c in conditions if isinstance(c, InDates | InNumbers | InStrings)]
    if (
        not rows
        or len(rows) < len(conditions)
        or table_of(rows[0]) not in kinds_needed(resource_type)
    ):
        return None
    first, *others = rows
    shared = all(_shares_its_row(c, resource_type) and c.param == first.param for c in rows)
    return [*rows] if not others or shared else None


def _sql(build: Builder, condition: Condition, resource_type: str, r: str, base: bool) -> str:
    match condition:
        case And(conditions):
            return _all(build, conditions, resource_type, r, base)
        case Or(conditions):
            return _any(build, conditions, resource_type, r, base)
        case Not(inner) if _may_be_unknown(inner):
            # A row without an owner or a unit isn't theirs: that is no, not unknown.
            return f"({_sql(build, inner, resource_type, r, base)}) IS NOT TRUE"
        case Not(inner):
            return f"NOT ({_sql(build, inner, resource_type, r, base)})"
        case AnyElement(elements):
            operator = "@>" if len(elements) == 1 else "&&"
            return f"{r}.elements {operator} {build.bind_array(elements)}"
        case InDates() | InNumbers() | InStrings() | StringCompare() | HasRow() | Near():
            return _exists(build, [[condition]], resource_type, r, base)
        case TokenText(param, text, how):
            t = build.alias("t")
            return (
                f"{r}.elements && ARRAY(SELECT {t}.element FROM fhir.token_text {t} "
                f"WHERE {t}.param = {build.bind(param, 'int4')} "
                f"AND {text_match(build, f'{t}.text', how, text)})"
            )
        case Ids(ids) if build.is_past:
            return f"{r}.id = ANY({build.bind(list(ids), 'text[]')})"
        case Selves(selves) if build.is_past:
            return _is_old_version_of(build, build.bind_array(selves), resource_type, r)
        case Ids(ids):
            bound = build.bind_array(reference_self(resource_type, i) for i in ids)
            return f"({r}.self = ANY({bound}) AND {r}.id = ANY({build.bind(list(ids), 'text[]')}))"
        case Selves(selves):
            return f"{r}.self = ANY({build.bind_array(selves)})"
        case Updated():
            return updated_predicate(build, condition, r)
        case FullText(scope, words):
            return _full_text(build, scope, words, r)
        case OfType(types):
            return "true" if resource_type in types else "false"
        case OwnedBy(owner):
            return f"{r}.owner = {build.bind(owner, 'int8')}"
        case Unowned():
            return f"{r}.owner IS NULL"
        case CaredFor(actors, kinds):
            return _cared_for(build, actors, kinds, r)
        case Shared(actors):
            return _shared(build, actors, resource_type, r)
        case InUnits(units):
            return f"{r}.unit = ANY({build.bind_array(units)})"
        case Labelled(labels):
            return f"coalesce({r}.labels && {build.bind_array(labels)}, false)"
        case ConsentDenies(actors, purpose):
            return _consent_denies(build, actors, purpose, resource_type, r)
        case Chain(parameter_salt, targets, inner):
            return _chain(build, parameter_salt, targets, inner, r)
        case ReverseChain(source, parameter_salt, inner):
            return _reverse_chain(build, source, parameter_salt, inner, r)
        case InList(list_id):
            return _in_list(build, list_id, r)


def _all(
    build: Builder, conditions: Sequence[Condition], resource_type: str, r: str, base: bool
) -> str:
    """Single elements become one `@>`, which the inverted index answers in one go."""
    single = [
        c.elements[0] for c in conditions if isinstance(c, AnyElement) and len(c.elements) == 1
    ]
    parts = [f"{r}.elements @> {build.bind_array(single)}"] if single else []
    together: dict[int, list[InDates | InNumbers]] = defaultdict(list)
    for c in conditions:
        if _shares_its_row(c, resource_type):
            together[c.param].append(c)
        elif not (isinstance(c, AnyElement) and len(c.elements) == 1):
            parts.append(_sql(build, c, resource_type, r, base))
    parts += [_exists(build, [group], resource_type, r, base) for group in together.values()]
    return f"({' AND '.join(parts)})" if parts else "true"


def _shares_its_row(c: Condition, resource_type: str) -> TypeGuard[InDates | InNumbers]:
    """Whether a resource has no other row that could meet this condition."""
    return isinstance(c, InDates | InNumbers) and c.param in single_params(resource_type)


def _any(
    build: Builder, conditions: Sequence[Condition], resource_type: str, r: str, base: bool
) -> str:
    """Elements become one `&&`, the rows of one table one EXISTS, so that an index can drive."""
    elements = [e for c in conditions if isinstance(c, AnyElement) for e in c.elements]
    rows: dict[OrderedTable, list[RowCondition]] = defaultdict(list)
    parts = [_sql(build, AnyElement(tuple(elements)), resource_type, r, base)] if elements else []
    for condition in conditions:
        if isinstance(condition, _ROW_CONDITIONS):
            rows[table_of(condition)].append(condition)
        elif not isinstance(condition, AnyElement):
            parts.append(_sql(build, condition, resource_type, r, base))
    parts += [
        _exists(build, [[c] for c in group], resource_type, r, base) for group in rows.values()
    ]
    return f"({' OR '.join(parts)})" if parts else "false"


def _exists(
    build: Builder,
    alternatives: Sequence[Sequence[RowCondition]],
    resource_type: str,
    r: str,
    base: bool,
) -> str:
    """That a row of one table meets all conditions of an alternative."""
    kind = table_of(alternatives[0][0])
    if kind not in kinds_needed(resource_type):
        return "false"
    a = build.alias("x")
    rows = build.ordered(kind, resource_type, base=base)
    predicates = " OR ".join(f"({rows_predicate(build, c, a, rows)})" for c in alternatives)
    return f"EXISTS (SELECT FROM {rows} {a} WHERE {a}.key = {r}.key AND ({predicates}))"


def _full_text(build: Builder, scope: str, words: str, r: str) -> str:
    query = f"websearch_to_tsquery('simple', {build.bind(words)})"
    if scope == "narrative":
        words = NARRATIVE_WORDS.format(r=f"{r}.")
        return f"({r}.content #>> '{{text,div}}' IS NOT NULL AND {words} @@ {query})"
    # Of a resource that is too long for a tsvector, the beginning is looked at.
    return (
        f"CASE WHEN length({r}.content::text) < 400000 "
        f"THEN jsonb_to_tsvector('simple', {r}.content, '[\"string\"]') "
        f"ELSE to_tsvector('simple', left({r}.content::text, 100000)) END @@ {query}"
    )


def _chain(
    build: Builder, parameter_salt: int, targets: Sequence[str], inner: Condition, r: str
) -> str:
    """The elements that references to the matching targets would have: `self # salt`."""
    parts = []
    for target in targets:
        c = build.alias("c")
        parts.append(
            f"{r}.elements && ARRAY(SELECT {c}.self # {build.bind(parameter_salt, 'int8')} "
            f"FROM {build.resource(target, base=False)} {c} "
            f"WHERE {where(build, inner, target, c, base=False)})"
        )
    return f"({' OR '.join(parts)})" if parts else "false"


def _reverse_chain(
    build: Builder,
    source: str,
    parameter_salt: int,
    inner: Condition,
    r: str,
) -> str:
    """A matching row has the element that a reference to this resource would have."""
    h = build.alias("h")
    element = f"{r}.self # {build.bind(parameter_salt, 'int8')}"
    return (
        f"EXISTS (SELECT FROM {build.resource(source, base=False)} {h} "
        f"WHERE {h}.elements @> ARRAY[{element}] AND {where(build, inner, source, h, base=False)})"
    )


def referred_to(
    build: Builder,
    source: str,
    parameter_salt: int,
    inner: Condition,
    resource_type: str,
    limit: int | None = None,
) -> str:
    """The `self` of what the matching rows of another type refer to by a parameter, or may.

    Undoing the salt of a row's elements gives it, among digests that are nothing's. Where the
    parameter says whose the row is, its owner is that already. `limit`: of so many rows only.
    """
    h = build.alias("h")
    bound = build.bind(parameter_salt, "int8")
    rows = f"{build.resource(source, base=False)} {h}"
    condition = where(build, inner, source, h, base=False)
    cut = f" LIMIT {limit}" if limit is not None else ""
    if resource_type == "Patient" and parameter_salt in owner_salts(source):
        return (
            f"SELECT {h}.owner FROM {rows} WHERE {condition} "
            f"AND {h}.elements @> ARRAY[{h}.owner # {bound}]{cut}"
        )
    v = build.alias("v")
    return (
        f"SELECT {v} # {bound} FROM {rows} "
        f"CROSS JOIN unnest({h}.elements) AS {v} WHERE {condition}{cut}"
    )


def _is_old_version_of(build: Builder, selves: str, resource_type: str, r: str) -> str:
    """Old versions have no `self`, but the key of the current one. `selves` is SQL of an array."""
    s = build.alias("s")
    return (
        f"{r}.key IN (SELECT {s}.key FROM {table('resource', resource_type)} {s} "
        f"WHERE {s}.self = ANY({selves}))"
    )


def _cared_for(build: Builder, actors: Sequence[int], kinds: Sequence[str], r: str) -> str:
    c = build.alias("c")
    settled = f" AND {c}.tx <> pg_current_xact_id()" if build.is_settled else ""
    related = (
        f"FROM access.care {c} WHERE {c}.actor = ANY({build.bind_array(actors)}) "
        f"AND {c}.kind = ANY({build.bind(list(kinds), 'text[]')}) "
        f"AND {c}.starts <= now() AND {c}.ends > now(){settled}"
    )
    if build.is_single:
        # All patients that somebody cares for are read once for many rows, but not for one:
        # with OFFSET the planner has no way to turn this into such a list.
        return f"EXISTS (SELECT {related} AND {c}.patient = {r}.owner OFFSET 0)"
    return f"{r}.owner IN (SELECT {c}.patient {related})"


def _shared(build: Builder, actors: Sequence[int], resource_type: str, r: str) -> str:
    """What was shared is read once as a list: nobody has much of it at a time."""
    s, m = build.alias("s"), build.alias("m")
    who = build.bind_array(actors)
    targets = (
        f"ARRAY(SELECT {s}.target FROM access.share {s} WHERE {s}.actor = ANY({who} || ARRAY("
        f"SELECT {m}.patient FROM access.care {m} WHERE {m}.actor = ANY({who}) "
        f"AND {m}.kind = 'member' AND {m}.starts <= now() AND {m}.ends > now())) "
        f"AND {s}.starts <= now() AND {s}.ends > now())"
    )
    if build.is_past:
        return _is_old_version_of(build, targets, resource_type, r)
    return f"{r}.self = ANY({targets})"


def _consent_denies(
    build: Builder, actors: Sequence[int], purpose: str, resource_type: str, r: str
) -> str:
    """The deepest provision that applies denies; of several that deep, one that does is enough."""
    d, e = build.alias("d"), build.alias("e")
    return (
        # Few patients have said anything; a table of all who have is never read as a whole.
        f"(EXISTS (SELECT FROM access.directive {e} WHERE {e}.patient = {r}.owner) AND coalesce(("
        f"SELECT {d}.effect = 'deny' FROM access.directive {d} WHERE {d}.patient = {r}.owner "
        f"AND ({d}.actor IS NULL OR {d}.actor = ANY({build.bind_array(actors)})) "
        f"AND ({d}.purpose IS NULL OR {d}.purpose = {build.bind(purpose, 'text')}) "
        f"AND ({d}.type IS NULL OR {d}.type = {build.bind(resource_type, 'text')}) "
        f"AND ({d}.label IS NULL OR {d}.label = ANY({r}.labels)) "
        f"AND {d}.starts <= now() AND {d}.ends > now() "
        f"ORDER BY {d}.depth DESC, {d}.effect LIMIT 1), false))"
    )


def _in_list(build: Builder, list_id: str, r: str) -> str:
    entries = salt("item")
    own = reference_self("List", list_id)
    return (
        f"{r}.self IN (SELECT v # {build.bind(entries, 'int8')} "
        f'FROM resource."List" l CROSS JOIN unnest(l.elements) AS v '
        f"WHERE l.self = {build.bind(own, 'int8')} AND l.id = {build.bind(list_id)} "
        f"AND NOT l.deleted AND {seen(build, 'List', 'l')})"
    )
