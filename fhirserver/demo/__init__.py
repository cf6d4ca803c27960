"""The demo hospital: its wards, staff and patients, as FHIR transaction Bundles.

Made by our own code, the same for the same seed, without a network.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from random import Random

from fhirserver.demo import stories
from fhirserver.demo.bundle import Style, reference, transaction
from fhirserver.demo.cast import bed, part
from fhirserver.demo.fhir import Resource
from fhirserver.demo.history import Case, together
from fhirserver.demo.history import stories as storylines
from fhirserver.demo.hospital import equipment, intake, premises, staff, timetable
from fhirserver.demo.hospital.directory import directory
from fhirserver.demo.hospital.links import Links
from fhirserver.demo.identity import Ids, uuid
from fhirserver.demo.moment import now
from fhirserver.demo.person import person
from fhirserver.demo.physiology import body
from fhirserver.demo.record.chart import Chart
from fhirserver.demo.record.chronicle import chronicle
from fhirserver.registry import discover

__all__ = ["hospital", "hospital_bundle", "patient_bundle"]

discover(stories)


def hospital(*, seed: int = 1, patients: int = 60, today: date | None = None,
             style: Style = "put") -> Iterator[Resource]:  # fmt: skip
    """FHIR transaction Bundles: first the hospital itself, then one Bundle for each patient.

    `today` may be a datetime: then the record runs to that minute, else to six in the
    morning of that date. Its default is a fixed date.
    """
    yield hospital_bundle(seed=seed, patients=patients, today=today, style=style)
    for n in range(patients):
        yield patient_bundle(n, seed=seed, today=today, style=style)


def hospital_bundle(*, seed: int = 1, patients: int = 60, today: date | None = None,
                    style: Style = "put") -> Resource:  # fmt: skip
    """The hospital, with the beds and appointment slots that those patients hold."""
    links, at = Links(seed, style, inside=True), now(today)
    beds = frozenset(key for key in map(bed, range(patients)) if key)
    booked = {
        opening.key
        for opening in (timetable.booking(n, at) for n in range(patients) if _comes_again(n))
        if opening
    }
    resources = [
        *premises.organizations(links),
        *premises.locations(links, beds),
        *premises.services(links),
        *staff.practitioners(links),
        *staff.roles(links),
        *equipment.devices(links),
        *equipment.medications(links),
        intake.form(links),
        *timetable.schedules(links, at),
        *timetable.slots(links, at, booked),
    ]
    return transaction(style, resources, shared=True)


def patient_bundle(n: int, *, seed: int = 1, today: date | None = None,
                   style: Style = "put") -> Resource:  # fmt: skip
    """Everything about patient `n`, made without making any other."""
    of, place, at = part(n), bed(n), now(today)
    chance = Random(f"{seed}/{n}")
    who = person(n, of, at, chance)
    background = "childhood" if who.age(at) < 18 else "adulthood"
    names = (background, *of.stories)
    history = together(
        storylines[name](
            # The first story of a part says why the patient is in the bed, or died.
            Case(who, at, chance, current=place is not None and number == 1,
                 fatal=of.fatal and number == 1)
        )
        for number, name in enumerate(names)
    )  # fmt: skip
    patient = {"resourceType": "Patient", "id": uuid(f"{seed}/patient/{n}")}
    house = directory(seed, style)
    chart = Chart(
        person=who,
        body=body(who, history, chance),
        end=history.death or at,
        chance=chance,
        house=house,
        style=style,
        ids=Ids(f"{seed}/patient/{n}"),
        patient=patient["id"],
        subject=reference(style, patient),
        physician=house.someone(chance, "doctor", "primary"),
    )
    return transaction(style, chronicle(chart, history, place))


def _comes_again(n: int) -> bool:
    return bed(n) is None and not part(n).fatal
