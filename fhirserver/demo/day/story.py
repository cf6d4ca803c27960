"""The part of one patient in a shift: their chart, their stay, and events built on both.

The resources are made by `record/`, as for the patients who are there from the beginning; here
they are cut into what is known when: an order is active until its report is final.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from fhirserver.demo.cast import Part
from fhirserver.demo.day.event import Event, told
from fhirserver.demo.day.shifts import Shift, minutes
from fhirserver.demo.day.steady import Steady
from fhirserver.demo.fhir import Resource
from fhirserver.demo.history import Curve, Leg, Stay
from fhirserver.demo.hospital.directory import directory
from fhirserver.demo.identity import Ids, uuid
from fhirserver.demo.moment import DAY
from fhirserver.demo.person import person
from fhirserver.demo.physiology import Body
from fhirserver.demo.record import imaging, laboratory, measurement
from fhirserver.demo.record.chart import Chart, Contact

HOUSE_SEED: Final = 1
"""The seed of the hospital that `fhirserver load --demo` makes."""
PER_SHIFT: Final = 10
BEFORE: Final = 10_000
"""Numbers below are those of the patients who are there from the beginning."""
ROLES: Final = (
    "pneumonia", "heart", "potassium", "appendicitis", "fracture", "urinary", "chest pain",
)  # fmt: skip
"""The names of all parts."""
LONGEST: Final = 3 * DAY
"""No part goes on longer than that."""


@dataclass(frozen=True, slots=True)
class Role:
    """Who is needed for a part: age in years, sex, why they come and to whom."""

    name: str
    number: int
    reason: str
    department: str
    ages: tuple[int, int]
    sex: str | None = None
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """A part that is being written. Times are minutes after the shift has begun."""

    shift: Shift
    role: Role
    chart: Chart
    stay: Stay
    contact: Contact
    events: list[Event] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The patient, as a line at the terminal has it."""
        who = self.chart.person
        return f"{who.name}, {int(who.age(self.shift.start))}"

    def at(self, minute: float) -> datetime:
        """A moment of the story."""
        return self.shift.start + minutes(minute)

    def key(self, what: str) -> str:
        """The key of an event."""
        return f"{self.shift.number}/{self.role.name}/{what}"

    def tell(self, minute: float, what: str, line: str | None, *resources: Resource) -> None:
        """Something that the feed writes whatever the server says."""
        self.events.append(told(self.at(minute), self.key(what), line, resources))

    def signs(self, minute: float, nurse: Resource | None = None, line: str | None = None) -> None:
        """A round of vital signs at the bedside."""
        contact = replace(self.contact, nurse=nurse) if nurse else self.contact
        found = measurement.vitals(self.chart, contact, self.at(minute), measurement.BEDSIDE)
        self.tell(minute + 1, f"signs {minute}", line, *found)

    def tests(self, minute: float, panel: str, line: str | None = None) -> float:
        """A panel that is ordered, drawn and reported; returns the minute of the report.

        In the line `{Potassium}` stands for the value of that test.
        """
        made = laboratory.panel(self.chart, self.contact, self.at(minute), panel, urgent=True)
        order, specimen, *results, report = made
        self._order(order, f"{panel} {minute}")
        awaited = {k: v for k, v in report.items() if k not in {"result", "issued", "conclusion"}}
        self.at_stamp(
            specimen["receivedTime"], f"specimen {panel} {minute}", None,
            specimen, {**awaited, "status": "registered"},
        )  # fmt: skip
        said = {r["code"]["text"]: _shown(r) for r in results}
        return self.at_stamp(
            report["issued"], f"report {panel} {minute}", line and line.format_map(said),
            *results, report, order,
        )  # fmt: skip

    def image(self, minute: float, key: str, line: str | None = None) -> float:
        """A study that is ordered, made and reported; returns the minute of the report."""
        made = imaging.study(self.chart, self.contact, self.at(minute), key, urgent=True)
        order, images, report = made
        self._order(order, f"{key} {minute}")
        self.at_stamp(images["started"], f"images {key} {minute}", None, images)
        return self.at_stamp(report["issued"], f"report {key} {minute}", line, report, order)

    def _order(self, order: Resource, what: str) -> None:
        self.at_stamp(order["authoredOn"], f"order {what}", None, {**order, "status": "active"})

    def at_stamp(self, when: str, what: str, line: str | None, *resources: Resource) -> float:
        """The same, at a moment that a resource says; returns its minute."""
        at = datetime.fromisoformat(when)
        self.events.append(told(at, self.key(what), line, resources))
        return (at - self.shift.start).total_seconds() / 60


def story(seed: int, shift: Shift, role: Role, signs: Mapping[str, Curve],
          legs: Sequence[Leg]) -> Story:  # fmt: skip
    """A part with its chart open; the same for the same seed."""
    key = f"{seed}/day/{shift.number}/{role.name}"
    chance = Steady(key)
    part = Part(
        stories=(), ages=role.ages, sex=role.sex, ward=None, fatal=False, rank=0,
    )  # fmt: skip
    n = (seed - 1) * 1_000_000 + BEFORE + shift.number * PER_SHIFT + role.number
    who = person(n, part, shift.start, chance)
    house = directory(HOUSE_SEED, "put")
    patient = _patient(seed, shift, role.name)
    chart = Chart(
        person=who, body=Body(who, {}, chance), end=shift.start + LONGEST + DAY, chance=chance,
        house=house, style="put", ids=Ids(key), patient=patient,
        subject={"reference": f"Patient/{patient}", "display": who.name},
        physician=house.someone(chance, "doctor", "primary"),
    )  # fmt: skip
    stay = Stay(
        role.reason, shift.start, None, tuple(legs), role.department, signs=signs, also=role.also
    )
    contact = Contact(
        encounter={"reference": f"Encounter/{uuid(f'{key}/encounter')}"},
        doctor=chart.someone("doctor", "emergency"),
        nurse=chart.someone("nurse", "emergency"),
        reason=role.reason, department=role.department, stay=stay,
    )  # fmt: skip
    return Story(shift, role, chart, stay, contact)


def _shown(result: Resource) -> str:
    value = result.get("valueQuantity")
    if value is None:
        return str(result["valueCodeableConcept"]["text"])
    return f"{value['value']} {value['unit']}"


def shown_patients(seed: int, shift: Shift) -> list[str]:
    """The ids of the patients of a shift's stories."""
    return [_patient(seed, shift, role) for role in ROLES]


def _patient(seed: int, shift: Shift, role: str) -> str:
    return uuid(f"{seed}/day/{shift.number}/{role}/patient")


def course(shift: Shift, points: Mapping[str, Iterable[tuple[float, float]]]) -> dict[str, Curve]:
    """Curves of signs and tests, by minutes after the shift has begun."""
    return {
        name: tuple((shift.start + minutes(at), value) for at, value in line)
        for name, line in points.items()
    }
