"""Observation/$lastn: the latest observations of each kind, such as the last three of every vital.

https://hl7.org/fhir/R4/observation-operation-lastn.html
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from fhirserver.errors import Invalid, Issue, TooCostly
from fhirserver.interactions.context import Context
from fhirserver.interactions.including import included
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.answers import page
from fhirserver.interactions.operation import HL7, Call, Parameter, operation
from fhirserver.interactions.search import entry
from fhirserver.model import json
from fhirserver.search.parse import parse
from fhirserver.storage.latest import Latest, by_key, latest_of_each

_WHOSE: Final = frozenset({"patient", "subject"})
_PAGING: Final = frozenset({"_sort", "_count", "_total"})


@operation(
    "lastn",
    definition=f"{HL7}/Observation-lastn",
    levels=["type"],
    types=["Observation"],
    parameters=[Parameter("max", "positiveInt")],
    right="s",
    is_open=True,
)
def lastn(ctx: Context, call: Call) -> FhirResponse:
    _check(call.others)
    query = parse(
        "Observation",
        call.others,
        parameters=ctx.parameters,
        site=ctx.site,
        lenient=call.request.lenient,
    )
    count = call.inputs.one("max") or 1
    each = latest_of_each(ctx.store, query, element="code", date="date", count=count)
    chosen = {latest.key for group in groups(each) for latest in _last(group, count)}
    if len(chosen) > ctx.settings.max_includes:
        raise TooCostly(
            f"these are more than {ctx.settings.max_includes} observations: ask for a smaller max"
        )
    # Newest first, as they were found.
    keys = [latest.key for latest in each if latest.key in chosen]
    versions = by_key(ctx.store, "Observation", keys)
    matches = [versions[key] for key in keys if key in versions]
    if query.summary == "count":
        return page(ctx, call, [], after=None, total=len(matches))
    entries = [entry(ctx, v, query, "match") for v in matches]
    entries += [entry(ctx, v, query, "include") for v in included(ctx, matches, query.includes)]
    return page(ctx, call, entries, after=None, total=len(matches))


def _check(pairs: Sequence[tuple[str, str]]) -> None:
    names = {name.partition(":")[0].partition(".")[0] for name, _ in pairs}
    if not names & _WHOSE:
        text = "$lastn needs a patient or a subject"
        raise Invalid(issues=[Issue("error", "required", text)])
    for name in sorted(names & _PAGING):
        raise Invalid(f"$lastn takes no {name}: it answers with all at once, the newest first")


def groups(found: Iterable[Latest]) -> list[list[Latest]]:
    """Observations whose codes mean the same, by any of their codings; of text alone, by the text.

    a and b are one group when a third has both codes. The order is kept.
    """
    leader: dict[Any, Any] = {}

    def lead(name: Any) -> Any:
        while leader[name] != name:
            leader[name] = leader[leader[name]]
            name = leader[name]
        return name

    found = list(found)
    names = {value: _names(value) for value in {latest.value for latest in found}}
    for first, *others in names.values():
        leader.setdefault(first, first)
        for other in others:
            leader.setdefault(other, other)
            leader[lead(other)] = lead(first)
    made: dict[Any, list[Latest]] = {}
    for latest in found:
        made.setdefault(lead(names[latest.value][0]), []).append(latest)
    return list(made.values())


def _names(code: str) -> list[Any]:
    concept = json.parse(code.encode()) or {}
    codings: list[Any] = [
        (c.get("system"), c["code"]) for c in concept.get("coding", ()) if c.get("code") is not None
    ]
    return codings or [concept.get("text") or code]


def _last(group: Sequence[Latest], count: int) -> Iterable[Latest]:
    """The first so many, and those of the same time as the last of them."""
    if len(group) <= count:
        return group
    at = group[count - 1].at
    return [*group[:count], *(g for g in group[count:] if at is not None and g.at == at)]
