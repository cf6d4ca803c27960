"""Observation/$stats: statistics of a subject's measurements, such as the mean blood pressure.

https://hl7.org/fhir/R4/observation-operation-stats.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

from fhirserver import clock
from fhirserver.errors import Invalid, Issue, TooCostly
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.answers import answered
from fhirserver.interactions.operation import HL7, Call, Parameter, operation
from fhirserver.model import json, ucum
from fhirserver.model.parameters import parameters, resource
from fhirserver.model.resource import Resource
from fhirserver.model.statistics import POWER, STATISTICS, Measured, regression
from fhirserver.search.escaping import escape
from fhirserver.search.parse import parse
from fhirserver.search.types.date import bounds
from fhirserver.storage.content import instant
from fhirserver.storage.walks import Place, of_owner, walk

MOST: Final = 50_000
_AT_ONCE: Final = 2_000
_UCUM: Final = "http://unitsofmeasure.org"
_SYSTEM: Final = "http://terminology.hl7.org/CodeSystem/observation-statistics"
_COUNTS: Final = frozenset({"count", "total-count"})
_CODES: Final = frozenset({*STATISTICS, *_COUNTS, "regression"})
# The definition's own documentation writes max and min where the code system has maximum.
_SPELLED: Final = {"max": "maximum", "min": "minimum"}
_DIGITS_MORE: Final = 3

Key = tuple[str | None, str]
"""A coding's system and code."""


@dataclass(slots=True, eq=False)
class Group:
    """The measurements of one code; `total` counts those without a usable value, too."""

    concept: Resource
    unit: Resource | None = None
    measured: list[Measured] = field(default_factory=list)
    total: int = 0
    sources: dict[str, Resource] = field(default_factory=dict)


@operation(
    "stats",
    definition=f"{HL7}/Observation-stats",
    levels=["type"],
    types=["Observation"],
    parameters=[
        Parameter("subject", "uri", min=1),
        Parameter("code", "string", max=None),
        Parameter("system", "uri"),
        Parameter("coding", "Coding", max=None),
        Parameter("duration", "decimal"),
        Parameter("period", "Period"),
        Parameter("statistic", "code", min=1, max=None),
        Parameter("include", "boolean"),
        Parameter("limit", "positiveInt"),
    ],
    right="s",
)
def stats(ctx: Context, call: Call) -> FhirResponse:
    call.principal.require("r", "Observation")
    wanted = _statistics(call)
    codings = _codings(call)
    period = _period(call)
    groups: dict[Key, Group] = {}
    met: set[Key] = set()
    for observation in _observations(ctx, call, codings, period):
        _add(ctx, groups, observation, codings)
        for coded in (observation, *observation.get("component", ())):
            met |= _keys(coded["code"]) | {(None, code) for _, code in _keys(coded["code"])}
    found = list(dict.fromkeys(groups.values()))
    found += [Group({"coding": [coding]}) for coding in codings if _key(coding) not in met]
    made = [resource("statistics", _observation(call, g, wanted, period)) for g in found]
    return answered(parameters([*made, *_sources(call, found)]))


def _statistics(call: Call) -> list[str]:
    found = [_SPELLED.get(s, s) for text in call.inputs.all("statistic") for s in text.split(",")]
    for number, name in enumerate(found):
        if name not in _CODES:
            raise Invalid(
                f"statistic: {name[:50]!r} is none of {', '.join(sorted(_CODES))}",
                expression=call.inputs.place("statistic", number),
            )
    return list(dict.fromkeys(found))


def _codings(call: Call) -> list[Resource]:
    system = call.inputs.text("system")
    codes = [c for text in call.inputs.all("code") for c in text.split(",") if c]
    if codes and system is None:
        raise Invalid(issues=[Issue("error", "required", "$stats needs the system of a code")])
    found = [{"system": system, "code": c} for c in codes]
    found += [c for c in call.inputs.all("coding") if c.get("code")]
    if not found:
        raise Invalid(issues=[Issue("error", "required", "$stats needs a code or a coding")])
    return found


def _period(call: Call) -> Resource | None:
    duration, period = call.inputs.one("duration"), call.inputs.one("period")
    if duration is not None and period is not None:
        raise Invalid("$stats takes a duration or a period, not both")
    if duration is None:
        return dict(period) if period is not None else None
    if not 0 < duration < 10_000_000:
        raise Invalid("duration must be a number of hours above 0",
                      expression=call.inputs.place("duration"))  # fmt: skip
    now = clock.now()
    return {"start": instant(now - timedelta(hours=float(duration))), "end": instant(now)}


def _observations(
    ctx: Context, call: Call, codings: Sequence[Resource], period: Resource | None
) -> Iterator[Resource]:
    """The subject's observations with any of the codes, in the code itself or in a component."""
    tokens = ",".join(
        f"{escape(c['system'])}|{escape(c['code'])}" if c.get("system") else escape(c["code"])
        for c in codings
    )
    pairs = [
        ("subject", call.inputs.one("subject")),
        ("combo-code", tokens),
        ("status:not", "entered-in-error"),
    ]
    limits = (("start", "ge"), ("end", "le"))
    pairs += [("date", f"{prefix}{period[k]}") for k, prefix in limits if period and k in period]
    query = parse("Observation", pairs, parameters=ctx.parameters, site=ctx.site)
    after: Place | None = None
    met = 0
    while True:
        found = walk(ctx.store, {"Observation": query.condition}, after=after, limit=_AT_ONCE)
        for version in found:
            yield json.parse_object((version.content or "{}").encode())
        met += len(found)
        if met > MOST:
            raise TooCostly(f"these are more than {MOST:,} observations: ask for a shorter period")
        if len(found) < _AT_ONCE:
            return
        after = Place("Observation", found[-1].key)


def _add(
    ctx: Context, groups: dict[Key, Group], observation: Resource, codings: Sequence[Resource]
) -> None:
    """Put an observation's values into their groups.

    Of an observation with a wanted code all components count, and its members (a panel); of
    another one the components with a wanted code.
    """
    wanted = {_key(c) for c in codings}
    bare = {c["code"] for c in codings if not c.get("system")}
    is_wanted = _is_any(observation.get("code", {}), wanted, bare)
    if is_wanted:
        members = observation.get("hasMember", ())
        components = observation.get("component", ())
        if "valueQuantity" in observation or not (members or components):
            _count(ctx, groups, observation["code"], observation, observation)
        owner = ctx.store.stamp(observation).owner
        for member in _members(ctx, members, owner):
            if member.get("status") != "entered-in-error":
                _count(ctx, groups, member["code"], member, member)
    for component in observation.get("component", ()):
        if is_wanted or _is_any(component.get("code", {}), wanted, bare):
            _count(ctx, groups, component["code"], component, observation)


def _members(ctx: Context, links: Iterable[Resource], owner: int | None) -> Iterator[Resource]:
    ids = [link.get("reference", "").removeprefix(f"{ctx.settings.fhir_base}/") for link in links]
    names = [("Observation", i.partition("/")[2]) for i in ids if i.startswith("Observation/")]
    for version in of_owner(ctx.store, names, owner, limit=1000):
        yield json.parse_object((version.content or "{}").encode())


def _count(
    ctx: Context, groups: dict[Key, Group], concept: Resource, valued: Resource, source: Resource
) -> None:
    keys = _keys(concept)
    known = next((k for k in keys if k in groups), None)
    group = groups[known] if known else Group(concept)
    for key in keys or {(None, concept.get("text", ""))}:
        groups.setdefault(key, group)
    group.total += 1
    group.sources[source["id"]] = source
    value = _usable(valued, group)
    if value is not None and "modifierExtension" not in source:
        group.measured.append(Measured(value, _time(ctx, source)))


def _usable(valued: Resource, group: Group) -> Decimal | None:
    """The value in the group's unit, if it is a plain number with a unit of UCUM like that."""
    quantity = valued.get("valueQuantity", {})
    if quantity.get("system") != _UCUM or "comparator" in quantity or "value" not in quantity:
        return None
    value = Decimal(quantity["value"])
    unit = quantity.get("code")
    if unit is None:
        return None
    if group.unit is None:
        group.unit = {k: quantity[k] for k in ("unit", "system", "code") if k in quantity}
    if unit == group.unit["code"]:
        return value
    return ucum.convert(value, unit, group.unit["code"])


def _time(ctx: Context, observation: Resource) -> int | None:
    period = observation.get("effectivePeriod", {})
    text = observation.get("effectiveDateTime") or observation.get("effectiveInstant")
    text = text or period.get("start") or period.get("end")
    return bounds(text, ctx.site.zone)[0] if text else None


def _observation(
    call: Call, group: Group, wanted: Sequence[str], period: Resource | None
) -> Resource:
    subject = call.inputs.one("subject")
    made: Resource = {
        "resourceType": "Observation",
        "status": "final",
        "code": group.concept,
        "subject": {"reference": subject},
    }
    if period is not None:
        made["effectivePeriod"] = {k: period[k] for k in ("start", "end") if k in period}
    made["component"] = [c for name in wanted for c in _components(name, group)]
    return made


def _components(name: str, group: Group) -> Iterator[Resource]:
    if name in _COUNTS:
        number = len(group.measured) if name == "count" else group.total
        yield _component(name, {"value": number, "system": _UCUM, "code": "1"})
        return
    if name == "regression":
        line = regression(group.measured)
        for text, at in (("gradient", 0), ("intercept", 1)):
            unit = _unit(group, per_hour=text == "gradient")
            found = None if line is None else {"value": _rounded(line[at], group), **unit}
            yield _component(name, found, text)
        return
    value = STATISTICS[name](group.measured)
    power = POWER.get(name, 1)
    unit = _unit(group, power=power)
    found = None if value is None else {"value": _rounded(value, group, power), **unit}
    yield _component(name, found)


def _component(name: str, quantity: Resource | None, text: str | None = None) -> Resource:
    code: Resource = {"coding": [{"system": _SYSTEM, "code": name}]}
    if text is not None:
        code["text"] = text
    if quantity is None:
        reason = {
            "system": "http://terminology.hl7.org/CodeSystem/data-absent-reason",
            "code": "not-applicable",
        }
        return {"code": code, "dataAbsentReason": {"coding": [reason]}}
    return {"code": code, "valueQuantity": quantity}


def _unit(group: Group, *, power: int = 1, per_hour: bool = False) -> Resource:
    if power == 0 or group.unit is None:
        return {"system": _UCUM, "code": "1"}
    if power == 1 and not per_hour:
        return group.unit
    code = group.unit["code"]
    code = f"({code}){power}" if power != 1 else code
    return {"system": _UCUM, "code": f"{code}/h" if per_hour else code}


def _rounded(value: Decimal, group: Group, power: int = 1) -> Decimal:
    """With three digits more than the most precise value has, and none that say nothing."""
    places = max((-int(m.value.as_tuple().exponent) for m in group.measured), default=0)
    digits = max(0, min(places, 12)) * max(power, 1) + _DIGITS_MORE
    rounded = value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_EVEN)
    return rounded.normalize() if rounded != rounded.to_integral() else rounded.to_integral()


def _sources(call: Call, groups: Iterable[Group]) -> Iterator[Resource]:
    """The observations that were counted, in the order in which they were first stored."""
    if not call.inputs.is_true("include"):
        return
    found: dict[str, Resource] = {}
    for group in groups:
        found.update(group.sources)
    for source in list(found.values())[: call.inputs.one("limit")]:
        yield resource("source", source)


def _is_any(concept: Resource, wanted: set[Key], bare: set[Any]) -> bool:
    keys = _keys(concept)
    return bool(keys & wanted) or any(code in bare for _, code in keys)


def _keys(concept: Resource) -> set[Key]:
    return {_key(c) for c in concept.get("coding", ()) if "code" in c}


def _key(coding: Resource) -> Key:
    return coding.get("system"), coding["code"]
