"""A hospital stay in the record: every round, dose, specimen and scan.

Vital signs are taken every two hours at first, then every four, on a ward later every eight.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from fhirserver.demo.fhir import Resource
from fhirserver.demo.history import Stay
from fhirserver.demo.moment import DAY, HOUR, MINUTE, stamp
from fhirserver.demo.record import (
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

ROUND = "Seen on the ward round. {state} Plan discussed with the team."
STATES = ("Comfortable overnight.", "Slept poorly.", "Eating and drinking.", "Stable.")
NURSE_OF = {
    "emergency": "emergency", "icu": "intensive", "medical": "medicine", "surgical": "surgery",
    "paediatric": "paediatrics", "maternity": "obstetrics",
}  # fmt: skip


def admission(chart: Chart, stay: Stay, bed: str | None) -> tuple[Contact, list[Resource]]:
    """Everything about one stay, and who was in charge of it."""
    until = stay.discharged or chart.end
    doctor = chart.someone("doctor", stay.department)
    resolved = None if stay.died else stay.discharged
    keys = (stay.reason, *stay.also)
    diagnoses = condition.diagnoses(chart, keys, stay.admitted, resolved, doctor)
    references = [chart.ref(c) for c in diagnoses]
    place = chart.house.links.to("Location", bed, _bed_display(chart, bed)) if bed else None
    of = encounter.stay(chart, stay, place, doctor, references)
    contact = Contact(
        encounter=chart.ref(of), doctor=doctor, nurse=_nurse(chart, stay, until),
        reason=stay.reason, department=stay.department, reasons=tuple(references), stay=stay,
    )  # fmt: skip
    found = [of, *(condition.connect(c, contact.encounter) for c in diagnoses)]
    found += _rounds(chart, contact, stay, until, bed)
    found += _tests(chart, contact, stay, until)
    found += _treatment(chart, contact, stay, until, bed)
    found += _paperwork(chart, contact, stay, until)
    return contact, found


def _bed_display(chart: Chart, bed: str) -> str:
    ward = bed.rsplit("-", 2)[0]
    wanted = chart.house.links.to("Location", bed)["reference"]
    return next(
        str(b["display"]) for b in chart.house.beds[ward] if b["reference"] == wanted
    )  # fmt: skip


def _nurse(chart: Chart, stay: Stay, at: datetime) -> Resource:
    ward = next(
        (ward for ward, start, _ in reversed(encounter.wards(stay, at)) if start <= at),
        stay.legs[0].ward,
    )
    return chart.someone("nurse", NURSE_OF[ward])


def _rounds(chart: Chart, contact: Contact, stay: Stay, until: datetime,
            bed: str | None) -> Iterator[Resource]:  # fmt: skip
    at = stay.admitted + MINUTE * 10
    yield from measurement.vitals(
        chart, contact, at, ("height", "weight", "bmi") if _grown(chart) else ("weight",)
    )
    while at < until:
        on_duty = replace(contact, nurse=_nurse(chart, stay, at))
        yield from measurement.vitals(chart, on_duty, at, measurement.BEDSIDE)
        at += _interval(stay, at) + _jitter(chart)
    for key, every in stay.measures:
        device = _ventilator(chart, bed) if stay.ventilated else None
        at = stay.admitted + DAY * (stay.ventilated[0] if stay.ventilated else 0) + MINUTE * 15
        last = _ventilation_end(stay, until)
        while at < last:
            yield measurement.measure(chart, contact, at, key, device)
            at += HOUR * every


def _grown(chart: Chart) -> bool:
    return chart.person.age(chart.end) > 2


def _interval(stay: Stay, at: datetime) -> timedelta:
    if at < stay.admitted + HOUR * 12:
        return HOUR * 2
    intensive = any(leg.ward == "icu" for leg in stay.legs)
    return HOUR * (4 if intensive or at < stay.admitted + DAY * 2 else 8)


def _jitter(chart: Chart) -> timedelta:
    return MINUTE * int(chart.chance.random() * 21 - 10)


def _ventilator(chart: Chart, bed: str | None) -> Resource:
    # Eight machines stand in eight rooms; whoever lies in the bed has the one beside it.
    number = int(bed.split("-")[1]) if bed else chart.person.n % 8 + 1
    return chart.house.links.to("Device", f"ventilator-{number}", f"Mechanical ventilator {number}")


def _ventilation_end(stay: Stay, until: datetime) -> datetime:
    if not stay.ventilated:
        return until
    return min(stay.admitted + DAY * stay.ventilated[1], until)


def _tests(chart: Chart, contact: Contact, stay: Stay, until: datetime) -> Iterator[Resource]:
    for key, every in stay.panels:
        at = stay.admitted + MINUTE * 20
        while at < until:
            done = laboratory.panel(chart, contact, at, key, urgent=True)
            yield from done
            critical = next((r for r in done if laboratory.is_critical(r)), None)
            if critical:
                yield from message.critical_result(chart, contact, critical)
            at += HOUR * every
    for key, after in stay.imaging:
        at = stay.admitted + DAY * after
        if at < until:
            yield from imaging.study(chart, contact, at, key, urgent=True)


def _treatment(chart: Chart, contact: Contact, stay: Stay, until: datetime,
               bed: str | None) -> Iterator[Resource]:  # fmt: skip
    since = stay.admitted + HOUR
    for key in stay.drugs:
        if since < until:
            yield from medication.ward(chart, contact, key, since, until)
    ventilation = _ventilation_end(stay, stay.discharged or chart.end + DAY)
    for key, after in stay.procedures:
        ends = ventilation if key == "ventilation" else None
        done = treatment.procedure(chart, contact, stay.admitted + DAY * after, key, ends)
        if done:
            yield done
    if stay.ventilated:
        yield _use_of_ventilator(chart, contact, stay, until, bed)


def _use_of_ventilator(chart: Chart, contact: Contact, stay: Stay, until: datetime,
                       bed: str | None) -> Resource:  # fmt: skip
    assert stay.ventilated is not None
    last = _ventilation_end(stay, until)
    going_on = stay.discharged is None and last == until
    span = {"start": stamp(stay.admitted + DAY * stay.ventilated[0])}
    if not going_on:
        span["end"] = stamp(last)
    return chart.head("DeviceUseStatement") | {
        "status": "active" if going_on else "completed",
        "subject": chart.subject,
        "timingPeriod": span,
        "recordedOn": span["start"],
        "source": contact.doctor,
        "device": _ventilator(chart, bed),
        "reasonReference": list(contact.reasons[-1:]),
    }


def _paperwork(chart: Chart, contact: Contact, stay: Stay, until: datetime) -> Iterator[Resource]:
    yield document.note(
        chart, contact, stay.admitted + MINUTE * 40, kind="admission", text=stay.note
    )
    at = stay.admitted.replace(hour=8, minute=30) + DAY
    while at < until:
        state = STATES[int(chart.chance.random() * len(STATES))]
        yield document.note(chart, contact, at, kind="progress", text=ROUND.format(state=state))
        nurse = _nurse(chart, stay, at)
        evening = at + HOUR * 11
        if evening < until:
            yield document.note(
                chart, contact, evening, kind="nursing", author=nurse,
                text=f"Care as planned. {state} Call bell within reach.",
            )  # fmt: skip
        at += DAY
    if stay.discharged:
        ending = (
            "Died in hospital despite full treatment; the family was present."
            if stay.died else "Discharged home. Medicines reviewed, follow-up arranged."
        )  # fmt: skip
        yield document.note(chart, contact, until, kind="discharge", text=f"{stay.note} {ending}")
    yield from message.nursing_tasks(chart, contact, stay.admitted)
