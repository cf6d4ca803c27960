"""The whole record of one patient, from registration to the last signature."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from fhirserver.demo.fhir import Resource
from fhirserver.demo.history import Course, History, Problem, Stay, Visit
from fhirserver.demo.hospital.timetable import booking
from fhirserver.demo.moment import DAY, HOUR
from fhirserver.demo.record import (
    appointment,
    background,
    billing,
    condition,
    medication,
    message,
    patient,
    planning,
)
from fhirserver.demo.record.admission import admission
from fhirserver.demo.record.chart import Chart
from fhirserver.demo.record.consultation import consultation

NEAR = DAY * 100  # closer reviews are done in one visit
PER_DAY, PER_VISIT, PER_EMERGENCY = 1450.0, 135.0, 480.0


def chronicle(chart: Chart, history: History, bed: str | None) -> list[Resource]:
    """Every resource of the patient, in an order that reads well."""
    died = history.death
    coverage = patient.coverage(chart)
    found = [patient.patient(chart, died), coverage]
    relative = patient.relative(chart)
    if relative:
        found.append(relative)
    problems = [
        (p.code, condition.problem(chart, p.code, p.since, p.until))
        for p in clipped_problems(history.problems, chart.end, died)
    ]
    found += (resource for _, resource in problems)
    listed = {code: chart.ref(resource) for code, resource in problems}
    visits = kept_visits(history.visits, history.stays, chart.end)
    since = visits[0].at if visits else chart.end - DAY * 30
    found += _standing(chart, history, since, listed)
    for course in clipped_courses(history.courses, chart.end, died):
        reason = listed.get(course.reason or "")
        found += medication.course(chart, course, [reason] if reason else [])
    for number, visit in enumerate(visits):
        contact, done = consultation(chart, visit, listed, first=number == 0)
        found += done
        base = PER_EMERGENCY if visit.emergency else PER_VISIT
        found += billing.bill(chart, contact, done, base=base, coverage=coverage, end=visit.at)
    for stay in history.stays:
        contact, done = admission(chart, stay, bed if stay.discharged is None else None)
        found += done
        if stay.discharged:
            price = PER_DAY * ((stay.discharged - stay.admitted) / DAY)
            found += billing.bill(
                chart, contact, done, base=price, coverage=coverage, end=stay.discharged
            )
    if bed is None and died is None:
        code = history.problems[-1].code if history.problems else "check-up"
        found.append(appointment.ahead(chart, booking(chart.person.n, chart.end), code))
    found.append(message.provenance(chart, found))
    return found


def _standing(chart: Chart, history: History, since: datetime,
              listed: dict[str, Resource]) -> Iterator[Resource]:  # fmt: skip
    yield from background.allergies(chart, since)
    yield from background.family(chart, history.family)
    if chart.chance.random() < 0.5:
        yield background.consent(chart, since)
    for text in history.flags:
        yield background.flag(chart, text, max(since, chart.end - DAY * 300))
    for _, at in history.implants:
        if at < chart.end:
            yield background.implant(chart, at)
    team = planning.team(chart, since)
    yield team
    for key, at in history.plans:
        if at < chart.end:
            addresses = [listed[key]] if key in listed else []
            yield from planning.plan(chart, key, at, team=team, addresses=addresses)
    current = next((s for s in history.stays if s.discharged is None), None)
    if current:
        addresses = [listed[current.reason]] if current.reason in listed else []
        yield from planning.plan(
            chart, "inpatient", current.admitted + HOUR, team=team, addresses=addresses
        )  # fmt: skip


def clipped_problems(problems: Iterable[Problem], end: datetime,
                     died: datetime | None) -> list[Problem]:  # fmt: skip
    """Problems that began by the end; one that ends with the patient doesn't resolve."""
    found: dict[str, Problem] = {}
    for problem in sorted(problems, key=lambda p: p.since):
        if problem.since >= end:
            continue
        until = problem.until
        if until and (until >= end or until == died):
            problem = replace(problem, until=None)
        found.setdefault(f"{problem.code} {problem.since if problem.until else ''}", problem)
    return list(found.values())


def clipped_courses(courses: Iterable[Course], end: datetime,
                    died: datetime | None) -> list[Course]:  # fmt: skip
    """Courses that began by the end, each drug once at a time, none outliving the patient."""
    found: dict[str, Course] = {}
    for course in sorted(courses, key=lambda c: c.since):
        if course.since >= end - HOUR * 3 or course.drug in found:
            continue
        until = course.until if course.until and course.until < end else died
        found[course.drug] = replace(course, until=until)
    return list(found.values())


def kept_visits(visits: Iterable[Visit], stays: Iterable[Stay], end: datetime) -> list[Visit]:
    """Visits that took place: before the end, not from a hospital bed, reviews joined."""
    beds = [(s.admitted - DAY, (s.discharged or end) + DAY) for s in stays]
    found: list[Visit] = []
    for visit in visits:
        if visit.at > end - HOUR * 4 or any(a < visit.at < b for a, b in beds):
            continue
        gap = visit.at - found[-1].at if found else NEAR
        if gap < NEAR and _is_review(visit) and _is_review(found[-1]):
            found[-1] = _joined(found[-1], visit)
        elif gap > HOUR * 4:
            found.append(visit)
    return found


def _is_review(visit: Visit) -> bool:
    alone = visit.reason in ("pregnancy", "well-child")
    return not (alone or visit.emergency or visit.drugs or visit.imaging)


def _joined(one: Visit, other: Visit) -> Visit:
    """Two reviews of one patient at one time, as clinics do when they can."""
    return replace(
        one,
        panels=tuple(dict.fromkeys(one.panels + other.panels)),
        measures=tuple(dict.fromkeys(one.measures + other.measures)),
        procedures=tuple(dict.fromkeys(one.procedures + other.procedures)),
        vaccines=tuple(dict.fromkeys(one.vaccines + other.vaccines)),
        note=one.note if other.note in one.note else f"{one.note} {other.note}",
    )
