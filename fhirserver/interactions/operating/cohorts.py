"""Groups of patients, and what was measured of them, as far as the caller may see it.

Conditions, birth dates and values are read by guarded walks, so elements that are hidden from the
caller are empty, and nobody is in a group by something that the caller can't see.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from fhirserver import views
from fhirserver.access.principal import Principal
from fhirserver.errors import TooCostly
from fhirserver.interactions.context import Context
from fhirserver.interactions.operating.places import every
from fhirserver.interactions.operating.view_rows import rows
from fhirserver.reports.cohort_trend import Reading
from fhirserver.search.parse import parse
from fhirserver.search.query import Condition
from fhirserver.search.types.date import bounds
from fhirserver.views.view import View

MOST_READINGS: Final = 200_000
AT_ONCE: Final = 200
"""Patients that are named in one search; of more the values are chosen after they are read."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_COUNTED: Final = frozenset({"preliminary", "final", "amended", "corrected"})
_NOT_HAD: Final = frozenset({"refuted", "entered-in-error"})
_BEEN: Final = "arrived,triaged,in-progress,onleave,finished"


@dataclass(frozen=True, slots=True)
class Cohort:
    """Who is in a group: with a condition (a token), who lay in places, of an age in years.

    `places` are references of Locations. What isn't said restricts nobody.
    """

    condition: str | None = None
    places: tuple[str, ...] | None = None
    age_from: int | None = None
    age_to: int | None = None

    @property
    def is_everybody(self) -> bool:
        ages = (self.age_from, self.age_to)
        return self.condition is None and self.places is None and ages == (None, None)


def members(
    ctx: Context, principal: Principal, cohort: Cohort, start: date, end: date
) -> set[str] | None:
    """References of the patients; None for everybody. Who lay somewhere did so in that time."""
    if cohort.is_everybody:
        return None
    groups: list[set[str]] = []
    if cohort.condition is not None:
        view, condition = (
            _view("Condition", _CONDITION),
            _found(ctx, "Condition", code=cohort.condition),
        )
        found = rows(ctx, principal, view, condition, is_shown=False)
        groups.append({p for p, verification in found if p and verification not in _NOT_HAD})
    if cohort.places is not None:
        groups.append(set(_who_lay(ctx, principal, cohort.places, start, end)))
    if cohort.age_from is not None or cohort.age_to is not None:
        groups.append(set(_of_age(ctx, principal, cohort, end)))
    return set.intersection(*groups)


def readings(
    ctx: Context, principal: Principal, code: str, start: date, end: date, of: set[str] | None
) -> Iterator[Reading]:
    """The values with a code (a token) from start to end, both included; of components, too."""
    asked: dict[str, str | list[str]] = {"combo-code": code, "date": [f"ge{start}", f"le{end}"]}
    if of is not None and len(of) <= AT_ONCE:
        if not of:
            return
        asked["patient"] = ",".join(sorted(of))
    view = _view("Observation", _values_with(code))
    found = rows(ctx, principal, view, _found(ctx, "Observation", **asked), is_shown=False)
    count = 0
    for patient, status, at, value, unit in found:
        if patient is None or at is None or value is None or status not in _COUNTED:
            continue
        if of is not None and patient not in of:
            continue
        count += 1
        if count > MOST_READINGS:
            raise TooCostly(f"there are over {MOST_READINGS:,} values: choose a shorter period "
                            "or a smaller group")  # fmt: skip
        yield Reading(patient, _day(ctx, at), Decimal(value), unit or "")


def _found(ctx: Context, resource_type: str, **asked: str | list[str]) -> Condition:
    pairs = [
        (name.replace("_", "-"), one)
        for name, value in asked.items()
        for one in (value if isinstance(value, list) else [value])
    ]
    hidden = ctx.store.guard.hidden
    return parse(
        resource_type, pairs, parameters=ctx.parameters, site=ctx.site, hidden=hidden
    ).condition


def _day(ctx: Context, at: str) -> date:
    moment = _EPOCH + timedelta(microseconds=bounds(at, ctx.site.zone)[0])
    return moment.astimezone(ctx.site.zone).date()


def _who_lay(
    ctx: Context, principal: Principal, places: Sequence[str], start: date, end: date
) -> Iterator[str]:
    known = set(places)
    for n in range(0, len(places), AT_ONCE):
        pairs = (
            ("location", ",".join(places[n : n + AT_ONCE])),
            ("status", _BEEN),
            ("date", f"ge{start}"),
            ("date", f"le{end}"),
        )
        for stay in every(ctx, principal, "Encounter", pairs):
            patient = stay.get("subject", {}).get("reference")
            if patient and any(
                _was_there(ctx, p, known, start, end) for p in stay.get("location", ())
            ):
                yield patient


def _was_there(
    ctx: Context, place: dict[str, Any], known: set[str], start: date, end: date
) -> bool:
    if place.get("location", {}).get("reference") not in known or place.get("status") == "planned":
        return False
    period = place.get("period", {})
    begun = "start" not in period or _day(ctx, period["start"]) <= end
    return begun and ("end" not in period or _day(ctx, period["end"]) >= start)


def _of_age(ctx: Context, principal: Principal, cohort: Cohort, on: date) -> Iterator[str]:
    for patient, born in rows(ctx, principal, _view("Patient", _PATIENT), is_shown=False):
        if not born or len(born) < len("1970-01-01"):
            # An age that isn't known to the year decides nothing.
            continue
        year, month, day = (int(part) for part in born.split("-"))
        age = on.year - year - ((on.month, on.day) < (month, day))
        if (cohort.age_from or 0) <= age and (cohort.age_to is None or age <= cohort.age_to):
            yield patient


def _view(resource_type: str, select: list[dict[str, Any]], **more: Any) -> View:
    made = {"resourceType": "ViewDefinition", "status": "active", "resource": resource_type}
    return views.read({**made, "select": select, **more})


_PATIENT: Final = [{"column": [
    {"name": "patient", "path": "getResourceKey()"},
    {"name": "born", "path": "birthDate"}]}]  # fmt: skip
_CONDITION: Final = [{"column": [
    {"name": "patient", "path": "subject.getReferenceKey(Patient)"},
    {"name": "verification", "path": "verificationStatus.coding.code.first()"}]}]  # fmt: skip
_VALUE: Final = [
    {"name": "value", "path": "value.ofType(Quantity).where(comparator.empty()).value"},
    {"name": "unit", "path": "(value.ofType(Quantity).code | value.ofType(Quantity).unit).first()"},
]


def _values_with(token: str) -> list[dict[str, Any]]:
    """Columns of the resource where it has the code, and of each component that has it."""
    system, bar, code = token.rpartition("|")
    named = [f"code = '{_quoted(code)}'"] + (
        [f"system = '{_quoted(system)}'"] if bar and system else []
    )
    has = f"code.coding.where({' and '.join(named)}).exists()"
    return [
        {
            "column": [
                {"name": "patient", "path": "subject.getReferenceKey(Patient)"},
                {"name": "status", "path": "status"},
                {"name": "at", "path": "(effective.ofType(dateTime) | effective.ofType(instant) | "
                                       "effective.ofType(Period).start).first()"},
            ]
        },
        {
            "unionAll": [
                {"forEach": f"where({has})", "column": _VALUE},
                {"forEach": f"component.where({has})", "column": _VALUE},
            ]
        },
    ]  # fmt: skip


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")
