"""The trail of a request: what it has shown and changed so far, while its thread carries it out.

One client request makes one event, whatever it does inside: what an operation reads through the
one door leaves its marks on the trail of the request that called it. Like a connection inside a
transaction, a trail belongs to a thread.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from fhirserver.audit.event import Event, Touched
from fhirserver.storage.audit_events import EventRow

_PATIENT: Final = re.compile(r"Patient/([A-Za-z0-9\-.]{1,64})")

Change = tuple[str, str, str, int | None]
"""A resource that was written: the action (`create`), its type, id and version."""

Describe = Callable[[str | None, Sequence[Touched], Sequence[str]], Event]
"""Makes the event of the request, or of a change of a batch, with what it touched, and whose."""


class Trail:
    """What one request has done so far."""

    def __init__(
        self,
        describe: Describe,
        row: Callable[[Event], EventRow],
        add: Callable[[Event], None],
        base: str,
        *,
        is_batch: bool,
    ) -> None:
        self._describe, self._row, self.add = describe, row, add
        self._base = f"{base}/"
        self.is_batch = is_batch
        """Whether its entries make events of their own."""
        self.is_recorded = False
        """Whether its event is in the database with its changes."""
        self._touched: dict[Touched, None] = {}
        self._patients: dict[str, None] = {}
        self._changes: list[tuple[Change, list[str]]] = []

    def see(self, touched: Iterable[Touched], patients: Iterable[str]) -> None:
        """Note what was shown, and whose it is."""
        self._touched.update(dict.fromkeys(touched))
        self._patients.update(dict.fromkeys(patients))

    def patients_in(self, text: str) -> list[str]:
        """The ids of the patients of this server that a JSON text refers to."""
        found = []
        for match in _PATIENT.finditer(text):
            start = match.start()
            if text[start - 1] == '"' or text.endswith(self._base, 0, start):
                found.append(match[1])
        return found

    def begin(self) -> None:
        """A database transaction begins: what an earlier attempt has changed was undone."""
        self._changes.clear()
        self.is_recorded = False

    def change(self, change: Change, texts: Iterable[str | None]) -> None:
        """Note what was written, with the JSON before and after."""
        patients = [change[2]] if change[1] == "Patient" else []
        patients += [p for text in texts if text is not None for p in self.patients_in(text)]
        self._changes.append((change, patients))

    def rows(self) -> list[EventRow]:
        """The events to be written in the transaction of the changes noted since `begin`."""
        changes, self._changes = self._changes, []
        if not changes:
            return []
        if self.is_batch:
            events = [
                self._describe(c[0], [c[1:]], list(dict.fromkeys(patients)))
                for c, patients in changes
            ]
        else:
            for change, patients in changes:
                self.see([change[1:]], patients)
            events = [self.event()]
        self.is_recorded = True
        return [self._row(e) for e in events]

    def event(self) -> Event:
        """What the request comes to so far."""
        return self._describe(None, tuple(self._touched), tuple(self._patients))

    @property
    def has_patients(self) -> bool:
        """Whether anybody's data has been shown since the last event was taken."""
        return bool(self._patients)

    def taken(self) -> Event:
        """The event so far; what is shown later, while an answer is sent, goes into another."""
        event = self.event()
        self._touched.clear()
        self._patients.clear()
        return event


class _Current(threading.local):
    trail: Trail | None = None


_current = _Current()


def current() -> Trail | None:
    """The trail of the request that this thread carries out, where it is recorded at all."""
    return _current.trail


@contextmanager
def on(trail: Trail) -> Iterator[Trail]:
    """From here on, this thread's marks are on this trail."""
    before = _current.trail
    _current.trail = trail
    try:
        yield trail
    finally:
        _current.trail = before
