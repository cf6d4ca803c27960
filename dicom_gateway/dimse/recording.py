"""Associations on record: who was told of which studies, sent or was sent them, or was refused.

Two events for each study that comes on an association, when it begins and when all is over, and
none for each instance. PS3.15 A.5.3.3 (Begin Transferring), A.5.3.7 (Instances Transferred),
A.5.3.10 (Query), A.5.3.11 (Security Alert)
https://dicom.nema.org/medical/dicom/current/output/chtml/part15/sect_A.5.3.html
"""

from __future__ import annotations

import base64
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from dicom_gateway.dimse.service import Request
from dicom_gateway.operating.on_record import Kind, of_studies
from dicom_gateway.partners import Peer
from dicom_gateway.querying.asking import caller
from fhirserver import clock, ids
from fhirserver.audit.calling import called
from fhirserver.audit.event import Action, Caller, DicomStudy, Event, Origin
from fhirserver.audit.recorder import Recorder
from fhirserver.errors import FhirError
from fhirserver.instances import Facts, InstanceRow, Instances, StudyRow, Wanted

log = logging.getLogger(__name__)

MOST: Final = 500
"""Studies of one AuditEvent; more are told of in further ones."""
MOST_STORED: Final = 50
"""Studies that an association sends, and after these it is told what has come so far."""
MOST_QUERY: Final = 20_000
"""Bytes of an identifier that goes on record."""
STORED_SECONDS: Final = 600.0
"""After so long it is told what has come on an association that goes on."""
ALERT_SECONDS: Final = 60.0
"""So long the same refusal of the same address isn't told again."""
_MOST_REFUSED: Final = 10_000


def record(
    request: Request,
    name: str,
    kind: Kind,
    action: Action,
    studies: Sequence[StudyRow],
    *,
    with_query: bool = False,
) -> None:
    """Put it on record. Raises Unavailable when it can't be kept, and then nothing is to follow."""
    recorder = request.gateway.recorder
    principal = caller(request.gateway.engine, request.peer)
    for at in range(0, max(len(studies), 1), MOST):
        event = called(principal, name, Origin(request.association.address))
        event = of_studies(event, kind, action, studies[at : at + MOST])
        if with_query and len(request.dataset) <= MOST_QUERY:
            event = replace(event, query=base64.b64encode(request.dataset).decode())
        recorder.add(event)


@contextmanager
def transferring(
    request: Request, name: str, rows: Sequence[InstanceRow], to: Peer | None = None
) -> Iterator[Callable[[InstanceRow], None]]:
    """Instances on their way to the caller, or `to` somebody else: begin, and what has come of it.

    Yields what is called with each instance that has been sent. Raises Unavailable before anything
    is, when it can't be recorded.
    """
    studies = list({row.study.number: row.study for row in rows}.values())
    record(request, name, "dicom-begin-transfer", "R", studies)
    counts: Counter[str] = Counter()
    classes: dict[str, dict[str, None]] = {}

    def sent(row: InstanceRow) -> None:
        counts[row.study.uid] += 1
        classes.setdefault(row.study.uid, {})[row.sop_class] = None

    try:
        yield sent
    finally:
        told = {u: DicomStudy(u, n, tuple(classes[u])) for u, n in counts.items()}
        who = Caller(client=request.peer.subject, address=request.association.address)
        if to is not None:
            who = Caller(client=to.subject, address=to.host)
        missing = len(rows) - counts.total()
        event = replace(
            _event("dicom-transfer", "R", who, name),
            outcome="4" if missing else "0",
            reason=f"{missing} of {len(rows)} instances not sent" if missing else None,
        )
        reached = [s for s in studies if s.uid in told]
        for at in range(0, max(len(reached), 1), MOST):
            some = reached[at : at + MOST]
            _add(request.gateway.recorder, of_studies(
                replace(event, id=ids.new()), "dicom-transfer", "R", some, told
            ))  # fmt: skip


class Arrivals:
    """What comes by C-STORE on one association, at a constant cost for each study."""

    def __init__(self, recorder: Recorder, instances: Instances, peer: Peer, address: str) -> None:
        self._recorder, self._instances = recorder, instances
        self._caller = Caller(client=peer.subject, address=address)
        self._counts: Counter[str] = Counter()
        self._classes: dict[str, dict[str, None]] = {}
        self._refused = 0
        self._since = 0.0

    def stored(self, facts: Facts) -> None:
        """One is kept. Raises Unavailable when that can't be put on record."""
        if facts.study not in self._counts:
            if len(self._counts) >= MOST_STORED:
                self.end()
            if not self._counts:
                self._since = time.monotonic()
            self._recorder.add(
                replace(
                    _event("dicom-begin-transfer", "C", self._caller, "dicom-store"),
                    studies=(DicomStudy(facts.study),),
                )
            )
            self._classes[facts.study] = {}
        self._counts[facts.study] += 1
        self._classes[facts.study][facts.sop_class] = None
        if time.monotonic() - self._since > STORED_SECONDS:
            self.end()

    def refused(self) -> None:
        """One isn't kept."""
        self._refused += 1

    def end(self) -> None:
        """Tell what has come since this was told last."""
        counts, self._counts = self._counts, Counter()
        classes, self._classes = self._classes, {}
        refused, self._refused = self._refused, 0
        if not (counts or refused):
            return
        event = replace(
            _event("dicom-transfer", "C", self._caller, "dicom-store"),
            outcome="4" if refused else "0",
            reason=f"{refused} instances refused" if refused else None,
            studies=tuple(DicomStudy(u, n, tuple(classes[u])) for u, n in counts.items()),
        )
        _add(self._recorder, self._filed(event, list(counts)))

    def _filed(self, event: Event, uids: Sequence[str]) -> Event:
        """With whose they are, as far as that is known by now."""
        try:
            rows = self._instances.studies(Wanted(studies=uids)) if uids else []
        except FhirError:
            return event
        told = of_studies(event, "dicom-transfer", "C", rows)
        return replace(told, studies=event.studies)


class Refusals:
    """Calls that were refused, as security alerts; the same one of an address once a minute."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._lock = threading.Lock()
        self._told: dict[tuple[str, str], float] = {}

    def tell(self, address: str, why: str, calling: str = "", *, aside: bool = False) -> None:
        """Somebody was refused. `calling` is the AE title that they gave, which may be anything.

        `aside`: who tells it doesn't wait until it is kept.
        """
        key, now = (address, why), time.monotonic()
        with self._lock:
            last = self._told.get(key)
            if last is not None and now - last < ALERT_SECONDS:
                return
            if len(self._told) >= _MOST_REFUSED:
                self._told.clear()
            self._told[key] = now
        title = "".join(c if " " < c < "\x7f" else "?" for c in calling[:16])
        who = Caller(client=f"AE {title}" if title else None, address=address)
        event = _event("dicom-refused-node", "E", who, None)
        event = replace(event, outcome="4", reason=why)
        if aside:
            threading.Thread(target=_add, args=(self._recorder, event), daemon=True).start()
        else:
            _add(self._recorder, event)


def _event(subtype: str, action: Action, who: Caller, operation: str | None) -> Event:
    now = int(clock.now().timestamp() * 1000)
    return Event(ids.new(), now, subtype, action, who, operation=operation)


def _add(recorder: Recorder, event: Event) -> None:
    """Keep an event about what has happened already, so that nothing can be kept from happening."""
    try:
        recorder.add(event)
    except FhirError:
        log.exception("dicom_event_lost", extra={"id": event.id})
