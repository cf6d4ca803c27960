"""What a storyline is made of: frozen facts, from which `record/` makes resources.

A storyline is a function `Case -> History` in `stories/`, registered by name.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from fhirserver.demo.moment import DAY, HOUR, MINUTE, working_hours
from fhirserver.demo.person import Person
from fhirserver.registry import Registry

Curve = tuple[tuple[datetime, float], ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """A line of the problem list; `code` is a key of `data/problems.json`."""

    code: str
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """A drug taken at home; `drug` is a key of `data/drugs.json`."""

    drug: str
    since: datetime
    until: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """An hour in the clinic, or in the emergency department and home again."""

    at: datetime
    reason: str
    department: str = "primary"
    emergency: bool = False
    panels: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    imaging: tuple[str, ...] = ()
    procedures: tuple[str, ...] = ()
    vaccines: tuple[str, ...] = ()
    drugs: tuple[str, ...] = ()
    note: str = "Seen in clinic."


@dataclass(frozen=True, slots=True)
class Leg:
    """Part of a stay, in one ward; `after` is in days from admission."""

    ward: str
    after: float = 0.0


@dataclass(frozen=True, slots=True)
class Stay:
    """A hospital admission. Times after admission are in days, repeats in hours."""

    reason: str
    admitted: datetime
    discharged: datetime | None
    legs: tuple[Leg, ...]
    department: str = "medicine"
    signs: Mapping[str, Curve] = field(default_factory=dict)
    panels: tuple[tuple[str, int], ...] = ()
    drugs: tuple[str, ...] = ()
    imaging: tuple[tuple[str, float], ...] = ()
    procedures: tuple[tuple[str, float], ...] = ()
    measures: tuple[tuple[str, int], ...] = ()
    ventilated: tuple[float, float] | None = None
    also: tuple[str, ...] = ()
    died: bool = False
    note: str = "Admitted."


@dataclass(frozen=True, slots=True)
class History:
    """Everything one storyline says about one patient."""

    problems: tuple[Problem, ...] = ()
    courses: tuple[Course, ...] = ()
    visits: tuple[Visit, ...] = ()
    stays: tuple[Stay, ...] = ()
    trends: Mapping[str, Curve] = field(default_factory=dict)
    plans: tuple[tuple[str, datetime], ...] = ()
    family: tuple[str, ...] = ()
    implants: tuple[tuple[str, datetime], ...] = ()
    flags: tuple[str, ...] = ()

    @property
    def death(self) -> datetime | None:
        """When the patient died, if so."""
        return next((stay.discharged for stay in self.stays if stay.died), None)


@dataclass(frozen=True, slots=True)
class Case:
    """What a storyline is told: the person, the hour, and whether they lie in a bed now."""

    person: Person
    now: datetime
    chance: Random
    current: bool = False
    fatal: bool = False

    def ago(self, least: float, most: float) -> datetime:
        """A moment that many days ago, within the patient's life."""
        when = self.now - DAY * self.chance.uniform(least, most)
        return max(when, self.person.born + DAY * 2).replace(second=0, microsecond=0)

    def onset(self, least: float, most: float) -> datetime:
        """Office hours of a day that many years ago, within the patient's life."""
        when = working_hours(self.ago(least * 365, most * 365), self.chance.randrange(9, 16))
        return max(when, self.person.born + DAY * 2 + HOUR * 9)

    def admission(self, days: float) -> datetime:
        """When the stay begins: about `days` ago when it is going on, else months ago."""
        if self.current:
            return self.ago(days * 0.6, days * 1.1)
        return self.ago(20, 60) if self.fatal else self.ago(40, 1100)

    def ends(self, admitted: datetime, days: float) -> datetime | None:
        """When the stay ends; never, so far, for a patient in a bed now."""
        return None if self.current else min(admitted + DAY * days, self.now - HOUR)


stories: Registry[Callable[[Case], History]] = Registry("story")


def curve(start: datetime, *points: tuple[float, float]) -> Curve:
    """A course through `(days after start, value)`, straight in between, level outside."""
    return tuple((start + DAY * after, value) for after, value in points)


def follow(course: Curve, at: datetime) -> float:
    """The value of a curve at a moment.

    >>> from fhirserver.demo.moment import DAY, now
    >>> follow(curve(now(None), (0, 9.0), (10, 7.0)), now(None) + DAY * 5)
    8.0
    """
    place = bisect_right(course, at, key=lambda point: point[0])
    if place == 0:
        return course[0][1]
    if place == len(course):
        return course[-1][1]
    (before, low), (after, high) = course[place - 1], course[place]
    return low + (high - low) * ((at - before) / (after - before))


def visits(case: Case, since: datetime, every: float, template: Visit,
           until: datetime | None = None) -> tuple[Visit, ...]:  # fmt: skip
    """Copies of a visit every so many days, each in working hours and before now."""
    found: list[Visit] = []
    at, last = since, min(until or case.now, case.now) - HOUR * 12
    while at < last:
        found.append(repeat(template, clinic_hour(case, at)))
        at += DAY * (every * case.chance.uniform(0.9, 1.15))
    return tuple(found)


def repeat(visit: Visit, at: datetime) -> Visit:
    """The same visit at another time; quicker than `dataclasses.replace`."""
    return Visit(
        at, visit.reason, visit.department, visit.emergency, visit.panels, visit.measures,
        visit.imaging, visit.procedures, visit.vaccines, visit.drugs, visit.note,
    )  # fmt: skip


def clinic_hour(case: Case, at: datetime) -> datetime:
    """An appointment time on or just before that day, never before birth."""
    hour = working_hours(at, case.chance.randrange(8, 16), case.chance.choice((0, 15, 30, 45)))
    return max(hour, case.person.born + HOUR * 9 + MINUTE)


def together(histories: Iterable[History]) -> History:
    """One history of several: the later curve wins, of overlapping stays the earlier."""
    parts = tuple(histories)
    return History(
        problems=tuple(x for h in parts for x in h.problems),
        courses=tuple(x for h in parts for x in h.courses),
        visits=tuple(sorted((x for h in parts for x in h.visits), key=lambda v: v.at)),
        stays=_apart(x for h in parts for x in h.stays),
        trends={key: value for h in parts for key, value in h.trends.items()},
        plans=tuple(x for h in parts for x in h.plans),
        family=tuple(x for h in parts for x in h.family),
        implants=tuple(x for h in parts for x in h.implants),
        flags=tuple(x for h in parts for x in h.flags),
    )


def _apart(stays: Iterable[Stay]) -> tuple[Stay, ...]:
    kept: list[Stay] = []
    for stay in stays:
        if all(_days_between(stay, other) > 3 for other in kept):
            kept.append(stay)
    return tuple(sorted(kept, key=lambda stay: stay.admitted))


def _days_between(one: Stay, other: Stay) -> float:
    first, second = sorted((one, other), key=lambda stay: stay.admitted)
    if first.discharged is None:
        return 0.0
    return (second.admitted - first.discharged) / DAY
