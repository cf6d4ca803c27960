"""What people do about the server's alerts: see one, take it on, or leave it to the next.

The alerts are the server's own work (`fhirserver/workflows`): here is only waited for them.
"""

from __future__ import annotations

from typing import Final

from fhirserver import clock
from fhirserver.demo.day.event import Deed, Event, House, NotYet
from fhirserver.demo.day.story import Story
from fhirserver.demo.fhir import Resource

CODE: Final = "acknowledge-alert"
OPEN: Final = "requested,received,ready"


def raised(story: Story, minute: float, what: str) -> None:
    """The alert is there, and says whom it asks."""

    def act(house: House) -> Deed:
        task = _asked(story, house, OPEN)
        return Deed(f"ALERT for {_owner(house, task)}: {story.name}: {_finding(task)}")

    story.events.append(Event(story.at(minute), story.key(f"alert {what}"), act))


def answered(story: Story, minute: float, what: str, done: float) -> None:
    """Who is asked takes it on, and has done what is to be done some minutes later."""

    def take(house: House) -> Deed:
        task = _asked(story, house, OPEN)
        line = f"alert answered: {_owner(house, task)} takes on {story.name}"
        return Deed(line, [answer(task, "accepted")])

    def finish(house: House) -> Deed:
        found = house.search("Task", patient=story.chart.patient, status="accepted")
        tasks = [t for t in found if is_alert(t)]
        return Deed(None, [answer(t, "completed") for t in tasks])

    story.events.append(Event(story.at(minute), story.key(f"answer {what}"), take))
    story.events.append(Event(story.at(done), story.key(f"done {what}"), finish))


def escalated(story: Story, minute: float, what: str) -> None:
    """Nobody answers, so that the server asks the next one, who does.

    That takes as long as the rule says, by the server's own clock.
    """

    def act(house: House) -> Deed:
        task = _asked(story, house, OPEN)
        step = next(
            (i["valueInteger"] for i in task.get("input", ()) if "valueInteger" in i), 0
        )  # fmt: skip
        if step == 0:
            raise NotYet("nobody else has been asked")
        line = (
            f"ESCALATED: nobody answered for {story.name}; {_owner(house, task)} is asked now, "
            "and takes it on"
        )
        return Deed(line, [answer(task, "accepted")])

    story.events.append(Event(story.at(minute), story.key(f"escalation {what}"), act, waits=True))


def _asked(story: Story, house: House, status: str) -> Resource:
    found = house.search("Task", patient=story.chart.patient, status=status, _sort="-authored-on")
    tasks = [t for t in found if is_alert(t)]
    if not tasks:
        raise NotYet(f"no alert has come for {story.name}")
    return tasks[0]


def answer(task: Resource, status: str) -> Resource:
    """By the clock on the wall, as the alert was raised by it."""
    return task | {"status": status, "lastModified": clock.now().isoformat(timespec="milliseconds")}


def is_alert(task: Resource) -> bool:
    """Whether a Task asks somebody to answer an alert."""
    return any(c.get("code") == CODE for c in task.get("code", {}).get("coding", ()))


def _finding(task: Resource) -> str:
    return str(task["description"]).partition(". ")[0]


def _owner(house: House, task: Resource) -> str:
    owner = task.get("owner", {})
    if "display" in owner:
        return str(owner["display"])
    kind, _, id_ = str(owner.get("reference", "")).partition("/")
    found = house.read(kind, id_) if id_ else None
    if found is None:
        return "nobody"
    name = found.get("name", "")
    if isinstance(name, str):
        return name or kind
    first = name[0]
    return " ".join([*first.get("prefix", ()), *first.get("given", ()), first.get("family", "")])
