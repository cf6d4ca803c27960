"""How far a demo day has come: a Task of the server, written together with what was played.

So an event and the record that it has happened are one transaction: nothing happens twice, after
a crash or while two of them run.

https://hl7.org/fhir/R4/task.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fhirserver.demo.fhir import OURS, Resource, identifier
from fhirserver.demo.identity import uuid
from fhirserver.demo.moment import stamp

CODE: Final = "demo-day"


@dataclass(frozen=True, slots=True)
class Progress:
    """What was played: all from shift `since` on, up to the event `key` at `at`.

    `waiting` are the keys of events that wait for something. `version` is that of the Task.
    """

    since: int
    at: datetime
    key: str = ""
    waiting: tuple[str, ...] = ()
    version: str | None = None

    @property
    def place(self) -> tuple[datetime, str]:
        """Where that is in the order of events."""
        return self.at, self.key


def task_id(seed: int) -> str:
    """The id of the Task of the days of that seed."""
    return uuid(f"{seed}/day/progress")


def written(seed: int, progress: Progress) -> Resource:
    """The Task that says so."""
    found: Resource = {
        "resourceType": "Task",
        "id": task_id(seed),
        "identifier": [identifier(CODE, str(seed))],
        "status": "in-progress",
        "intent": "plan",
        "code": {"coding": [{"system": OURS + "task", "code": CODE, "display": "Demo day"}],
                 "text": "Demo day"},
        "description": "How far the demo day of this server has been played",
        "lastModified": stamp(progress.at),
        "input": [_said("shift", valueInteger=progress.since)],
        "output": [
            _said("until", valueDateTime=stamp(progress.at)),
            *([_said("event", valueString=progress.key)] if progress.key else []),
            *(_said("waiting", valueString=key) for key in progress.waiting),
        ],
    }  # fmt: skip
    if progress.version is not None:
        found["meta"] = {"versionId": progress.version}
    return found


def read(task: Resource) -> Progress:
    """What such a Task says."""
    given = {i["type"]["text"]: i for i in (*task["input"], *task["output"])}
    return Progress(
        since=int(given["shift"]["valueInteger"]),
        at=datetime.fromisoformat(given["until"]["valueDateTime"]),
        key=given["event"]["valueString"] if "event" in given else "",
        waiting=tuple(
            o["valueString"] for o in task["output"] if o["type"]["text"] == "waiting"
        ),
        version=task["meta"]["versionId"],
    )  # fmt: skip


def _said(name: str, **value: object) -> Resource:
    return {"type": {"text": name}, **value}
