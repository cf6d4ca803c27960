"""A visit in the record: what was measured, sent, given, written and billed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from fhirserver.demo.fhir import Resource
from fhirserver.demo.history import Visit
from fhirserver.demo.moment import DAY, MINUTE
from fhirserver.demo.record import (
    appointment,
    condition,
    document,
    encounter,
    imaging,
    laboratory,
    measurement,
    medication,
    message,
    treatment,
)
from fhirserver.demo.record.chart import Chart, Contact

INFANT = (*measurement.WHOLE[1:], "height", "weight", "head")
HEALTHY = frozenset({"check-up", "well-child"})
RESULTS = "Your results from the last visit are in and need no action."


def consultation(chart: Chart, visit: Visit, problems: Mapping[str, Resource], *,
                 first: bool) -> tuple[Contact, list[Resource]]:  # fmt: skip
    """Everything about one visit; `problems` are References into the problem list."""
    doctor = (
        chart.physician
        if visit.department == "primary" else chart.someone("doctor", visit.department)
    )  # fmt: skip
    nurse = chart.someone("nurse", "emergency" if visit.emergency else "primary")
    listed = problems.get(visit.reason)
    diagnosed: list[Resource] = []
    if visit.emergency and visit.reason not in HEALTHY:
        over = min(visit.at + DAY * 7, chart.end)
        diagnosed = condition.diagnoses(chart, (visit.reason,), visit.at, over, doctor)
    reasons = (*(chart.ref(c) for c in diagnosed), *((listed,) if listed else ()))
    of = encounter.visit(chart, visit, doctor, nurse, reasons)
    contact = Contact(chart.ref(of), doctor, nurse, visit.reason, visit.department, reasons)
    found = [of, *(condition.connect(c, contact.encounter) for c in diagnosed)]
    if not visit.emergency:
        found.append(appointment.kept(chart, contact, visit.at))
    found += _examination(chart, contact, visit, first=first)
    found += _work(chart, contact, visit)
    found.append(document.note(
        chart, contact, _soon(chart, visit, 25), text=visit.note,
        kind="emergency" if visit.emergency else "progress",
    ))  # fmt: skip
    if not visit.emergency and chart.chance.random() < 0.15:
        found += _around(chart, contact, visit)
    return contact, found


def _soon(chart: Chart, visit: Visit, minutes: int) -> datetime:
    return min(visit.at + MINUTE * minutes, chart.end)


def _examination(chart: Chart, contact: Contact, visit: Visit, *,
                 first: bool) -> Iterator[Resource]:  # fmt: skip
    at = _soon(chart, visit, 6)
    age = chart.person.age(at)
    yield from measurement.vitals(
        chart, contact, at,
        INFANT if age < 2
        else measurement.BEDSIDE if visit.emergency else measurement.CLINIC,
    )  # fmt: skip
    for key in visit.measures:
        yield measurement.measure(chart, contact, at, key)
    if first and age >= 12:
        yield measurement.smoking(chart, contact, at)
    if first and visit.at > chart.end - timedelta(days=3650):
        yield document.intake_form(chart, contact, at)


def _work(chart: Chart, contact: Contact, visit: Visit) -> Iterator[Resource]:
    at = _soon(chart, visit, 12)
    for key in visit.panels:
        done = laboratory.panel(chart, contact, at, key, urgent=visit.emergency)
        yield from done
        critical = next((r for r in done if laboratory.is_critical(r)), None)
        if critical:
            yield from message.critical_result(chart, contact, critical)
    for key in visit.imaging:
        yield from imaging.study(chart, contact, at, key, urgent=visit.emergency)
    for key in visit.procedures:
        done_now = treatment.procedure(chart, contact, at, key)
        if done_now:
            yield done_now
    for key in visit.vaccines:
        yield treatment.immunization(chart, contact, at, key)
    for key in visit.drugs:
        yield from medication.once(chart, contact, key, at)


def _around(chart: Chart, contact: Contact, visit: Visit) -> Iterator[Resource]:
    before, after = visit.at - DAY * 30, visit.at + DAY * 2
    if before > chart.person.born + DAY * 60:
        yield appointment.missed(chart, contact, before)
    if after < chart.end:
        yield message.message(chart, contact, after, RESULTS)
