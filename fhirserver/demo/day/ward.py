"""What a ward does for a patient in the course of a stay: medicines, notes, the end of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fhirserver.demo.day.story import Story
from fhirserver.demo.fhir import Resource
from fhirserver.demo.record import document, medication


def drugs(story: Story, minute: float, keys: Sequence[str], until: float) -> None:
    """Medicines on the chart, each dose as it is given, until they are stopped."""
    for key in keys:
        made = medication.ward(
            story.chart, story.contact, key, story.at(minute), story.at(until)
        )  # fmt: skip
        order, *given = made
        line = f"prescription: {story.name}, {_called(key)}, {medication.directions(key)}"
        story.tell(minute, f"prescribed {key}", line, order)
        for number, dose in enumerate(given, 1):
            story.at_stamp(dose["effectiveDateTime"], f"dose {key} {number}", None, dose)
        story.tell(until, f"stopped {key}", None, {**order, "status": "completed"})


def note(story: Story, minute: float, kind: str, text: str,
         author: Resource | None = None) -> None:  # fmt: skip
    """A note in the record."""
    made = document.note(
        story.chart, story.contact, story.at(minute), kind=kind, text=text, author=author
    )
    story.tell(minute, f"note {minute}", None, made)


def on(story: Story, department: str, doctor: Resource | None = None) -> Story:
    """The same story, told by the people of another department."""
    chart = story.chart
    people = replace(
        story.contact,
        doctor=doctor or chart.someone("doctor", department),
        nurse=chart.someone("nurse", department),
    )
    return replace(story, contact=people)


def _called(key: str) -> str:
    """A medicine by a short name."""
    return key.removesuffix("-iv").removesuffix("-neb")
