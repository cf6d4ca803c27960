"""Plays the events of a demo day into a server, each once, in order."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from fhirserver.demo.day import state, timeline
from fhirserver.demo.day.client import Client, Refused
from fhirserver.demo.day.event import Deed, Event, NotYet
from fhirserver.demo.day.shifts import Shift, beginning
from fhirserver.demo.day.story import LONGEST
from fhirserver.demo.fhir import Resource
from fhirserver.demo.moment import ZONE, stamp

PATIENCE: Final = 20.0
"""Seconds that something is waited for before the day goes on without it."""
PAUSE: Final = 0.25
HELD: Final = frozenset({409, 412})
"""Somebody else has changed what was read."""
LEFT_OUT: Final = frozenset({400, 404, 409, 410, 412, 422})
"""What can't be done as things are: the day goes on without it."""
ATTEMPTS: Final = 5

log = logging.getLogger(__name__)

Say = Callable[[datetime, str], None]


class Another(Exception):
    """Another process plays the same days."""


class Player:
    """One replay. `say` gets a line for each notable event, with its moment of the day."""

    def __init__(self, client: Client, seed: int, say: Say, *, reports: Path,
                 patience: float = PATIENCE) -> None:  # fmt: skip
        self._client = client
        self._seed = seed
        self._say = say
        self._patience = patience
        self._reports = reports
        self.progress: state.Progress | None = None

    def begin(self, now: datetime) -> datetime:
        """Go on where the day was left, or begin one; returns the moment it stands at.

        What was left too long ago is over: its patients have gone home.
        """
        first = beginning(now)
        version = None
        task = self._client.read("Task", state.task_id(self._seed))
        if task is not None:
            self.progress = state.read(task)
            if self.progress.at >= first.start:
                return self.progress.at
            self._close()
            version = self.progress.version
        self._write((), state.Progress(first.number, first.start, version=version))
        return first.start

    def next(self, until: datetime) -> datetime | None:
        """When the next event is, of those until then."""
        progress = self._standing
        found = timeline.events(self._seed, progress.since, progress.place, until)
        return next((e.at for e in found), None)

    def play(self, until: datetime) -> int:
        """Play all events up to a moment; returns how many those were."""
        progress, count = self._standing, 0
        for event in timeline.events(self._seed, progress.since, progress.place, until):
            self._play(event)
            count += 1
        return count + self.look_again()

    def look_again(self) -> int:
        """Play what waited, where what it waited for has come."""
        count = 0
        for key in self._standing.waiting:
            event = timeline.event(self._seed, key)
            left = tuple(k for k in self._standing.waiting if k != key)
            if event is None:
                continue
            try:
                deed = event.act(self._client)
                self._done(event, deed, replace(self._standing, waiting=left))
            except NotYet:
                continue
            except Refused as error:
                self._check_alone()
                if error.status not in HELD:
                    raise
                continue  # Somebody was quicker: it is looked at again.
            count += 1
        return count

    def _play(self, event: Event) -> None:
        after = replace(self._standing, at=event.at, key=event.key)
        for is_last in (*[False] * (ATTEMPTS - 1), True):
            deed = self._deed(event)
            if deed is None:
                after = replace(after, waiting=(*after.waiting, event.key))
            try:
                self._done(event, deed or Deed(), after)
            except Refused as error:
                # A doctor at a screen, or a workflow, was quicker: look again, unless it is the
                # record of the day itself that somebody else has changed.
                self._check_alone()
                if error.status in HELD and not is_last:
                    continue
                if error.status not in LEFT_OUT:
                    raise
                self._done(event, Deed(f"left out ({error})"), after)
            return

    def _deed(self, event: Event) -> Deed | None:
        ends = time.monotonic() + self._patience
        while True:
            try:
                return event.act(self._client)
            except NotYet as error:
                if event.waits:
                    return None
                if time.monotonic() > ends:
                    return Deed(f"left out ({error})")
            except (LookupError, TypeError, ValueError) as error:
                # Somebody has changed what the day goes by: it goes on without this.
                log.warning("demo_day_left_out", extra={"event": event.key}, exc_info=error)
                return Deed("left out (what it is about was changed by somebody else)")
            except Refused as error:
                if error.status not in LEFT_OUT:
                    raise
                return Deed(f"left out ({error})")
            time.sleep(PAUSE)

    def _close(self) -> None:
        """Let those go home who were there when the day was left."""
        progress = self._standing
        ends = progress.at + LONGEST
        for event in timeline.events(self._seed, progress.since, progress.place, ends):
            if event.closes and _shift(event).start <= progress.at:
                deed = event.act(self._client)
                self._write(deed.resources, replace(self._standing, key=event.key))

    def _done(self, event: Event, deed: Deed, after: state.Progress) -> None:
        for name, content in deed.files.items():
            self._reports.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self._reports / name).write_bytes(content)
        self._write(deed.resources, after)
        if deed.line:
            # What waited happens now, not when it was looked for.
            self._say(max(event.at, after.at).astimezone(ZONE), deed.line)

    def _write(self, resources: Sequence[Resource], after: state.Progress) -> None:
        """What has happened, and that it has, in one transaction."""
        standing = state.written(self._seed, after)
        answer = self._client.transaction([*resources, standing])
        version = answer["entry"][-1]["response"]["etag"].strip('W/"')
        self.progress = replace(after, version=version)

    def _check_alone(self) -> None:
        """Raise Another when the record of the day isn't as this process has left it."""
        task = self._client.read("Task", state.task_id(self._seed))
        if task is not None and task["meta"]["versionId"] != self._standing.version:
            raise Another(
                f"another process plays this day (it has come to {stamp(state.read(task).at)}): "
                "end that one, or choose another --seed"
            )

    @property
    def _standing(self) -> state.Progress:
        assert self.progress is not None, "begin first"
        return self.progress


def _shift(event: Event) -> Shift:
    return Shift(int(event.key.partition("/")[0]))
