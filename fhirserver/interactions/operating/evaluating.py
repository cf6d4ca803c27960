"""A metric evaluated over what the caller may see.

https://hl7.org/fhir/R4/measure-operation-evaluate-measure.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from fhirserver import clock
from fhirserver.access.principal import Principal
from fhirserver.errors import FhirError, Invalid, TooCostly
from fhirserver.interactions.context import Context
from fhirserver.interactions.operating.reading import search
from fhirserver.interactions.operating.view_rows import rows
from fhirserver.model import json
from fhirserver.model.resource import Resource
from fhirserver.reports.figures import Figures, facts_of, figures_of
from fhirserver.reports.measure_report import measure_report
from fhirserver.reports.metric import Metric, Source
from fhirserver.search.parse import parse
from fhirserver.search.types.date import bounds
from fhirserver.storage.content import instant
from fhirserver.storage.metric_tables import Span, Table, figures, kept

LONGEST: Final = timedelta(days=3_660)
BEFORE: Final = timedelta(days=60)
"""How long before a period what leads to its facts may lie: {before} in a view's criteria."""
NAMES_AT_ONCE: Final = 50
MOST_LISTED: Final = 10_000
_TIMES: Final = frozenset({"date", "dateTime", "instant"})
_NUMBERS: Final = frozenset({"integer", "positiveInt", "unsignedInt", "decimal"})
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def evaluated(
    ctx: Context,
    principal: Principal,
    metric: Metric,
    start: str,
    end: str,
    *,
    clinician: str | None = None,
    is_listed: bool = False,
) -> Resource:
    """The MeasureReport of a period that includes both its ends, as dates do.

    Nothing after now counts, so a period may end later. `is_listed` asks for a subject-list, which
    says what each population is made of; whose records these are goes on record.
    """
    span = _span(ctx, start, end)
    pairs = {
        "start": instant(span.starts),
        "end": instant(span.ends),
        "before": instant(span.starts - BEFORE),
    }
    tables = {s.name: _table(ctx, principal, s, pairs, is_shown=is_listed) for s in metric.sources}
    grouped, listed = figures(
        ctx.store.database,
        span,
        tables,
        metric.derived,
        metric.facts,
        clinician=clinician,
        listed=MOST_LISTED + 1 if is_listed else 0,
    )
    if len(listed) > MOST_LISTED:
        raise TooCostly(f"a list has at most {MOST_LISTED} entries: choose a shorter period")
    found = figures_of(grouped)
    return measure_report(
        metric,
        found,
        _names(ctx, principal, found),
        start=start,
        end=end,
        date=instant(span.as_of),
        facts=facts_of(listed) if is_listed else None,
    )


def _span(ctx: Context, start: str, end: str) -> Span:
    zone = ctx.site.zone
    starts = _moment(bounds(start, zone)[0])
    ends = _moment(bounds(end, zone)[1])
    if ends <= starts:
        raise Invalid("periodEnd is before periodStart")
    if ends - starts > LONGEST:
        raise Invalid("a report is about ten years at most: choose a shorter period")
    now = clock.now()
    return Span(starts, max(starts, min(ends, now)), now, ctx.settings.time_zone)


def _moment(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)


def _table(
    ctx: Context, principal: Principal, source: Source, pairs: dict[str, str], *, is_shown: bool
) -> Table:
    view = source.view
    asked = [(name, value.format(**pairs)) for name, value in source.criteria]
    query = parse(view.resource, asked, parameters=ctx.parameters, site=ctx.site)
    kinds = [_kind(c.type) for c in view.columns]
    found = rows(ctx, principal, view, query.condition, is_shown=is_shown)
    return Table(
        [(c.name, kind) for c, kind in zip(view.columns, kinds, strict=True)],
        ([_cell(ctx, v, k) for v, k in zip(row, kinds, strict=True)] for row in found),
    )


def _kind(type_: str | None) -> str:
    if type_ in _TIMES:
        return "time"
    if type_ in _NUMBERS:
        return "number"
    return "boolean" if type_ == "boolean" else "text"


def _cell(ctx: Context, value: Any, kind: str) -> Any:
    if value is None:
        return None
    if kind == "time":
        # What is known to the day only counts from its beginning.
        return _moment(bounds(value, ctx.site.zone)[0])
    if kind == "number":
        return Decimal(value)
    if kind == "text" and not isinstance(value, str):
        value = json.dump(value).decode()
    return kept(value)


def _names(ctx: Context, principal: Principal, found: Sequence[Figures]) -> dict[str, str]:
    """What wards and clinicians are called, as far as the caller may know."""
    names: dict[str, str] = {}
    for by, type_ in (("ward", "Location"), ("clinician", "Practitioner")):
        keys = sorted({f.member for f in found if f.by == by and f.member})
        names |= dict(_named(ctx, principal, type_, keys))
    return names


def _named(
    ctx: Context, principal: Principal, resource_type: str, keys: Sequence[str]
) -> Iterator[tuple[str, str]]:
    for n in range(0, len(keys), NAMES_AT_ONCE):
        ids = ",".join(k.partition("/")[2] for k in keys[n : n + NAMES_AT_ONCE])
        pairs = [("_id", ids), ("_count", str(NAMES_AT_ONCE))]
        try:
            page = search(ctx, principal, resource_type, pairs)
        except FhirError:
            # The key stands for the name.
            return
        for entry in page.get("entry", ()):
            resource = entry["resource"]
            name = _name(resource.get("name"))
            if name:
                yield f"{resource_type}/{resource['id']}", name


def _name(name: Any) -> str:
    """A Location's name, or the first of a person's."""
    if isinstance(name, str):
        return name
    first: Resource = next(iter(name or ()), {})
    return first.get("text") or " ".join(_parts(first))


def _parts(name: Resource) -> Iterable[str]:
    family = (name["family"],) if "family" in name else ()
    return (*name.get("prefix", ()), *name.get("given", ()), *family)
