"""What goes on record: a request, what it showed and changed, and what became of it.

One client request makes one AuditEvent. A change writes it in its own database transaction;
everything else hands it to the recorder before the answer leaves. The entries of a batch have an
event each, those of a transaction have one together.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, lru_cache
from typing import Final, Literal
from urllib.parse import quote_plus

from fhirserver import clock, ids
from fhirserver.audit import trail as trails
from fhirserver.audit.calling import caller_of
from fhirserver.audit.codes import ACTION, SUBTYPE
from fhirserver.audit.event import Event, Touched
from fhirserver.audit.recorder import Recorder
from fhirserver.audit.trail import Trail
from fhirserver.errors import FhirError
from fhirserver.interactions.intents import Done
from fhirserver.interactions.messages import FhirRequest, FhirResponse
from fhirserver.interactions.page_links import PARAMETER
from fhirserver.storage.audit_events import EventRow, insert
from fhirserver.storage.database import Connection

_SERVER_FAILED: Final = 500
_TOKEN_END: Final = 32
"""Of a token no more than its end is kept."""
_ONE: Final = frozenset(["read", "vread"])
_BY_QUERY: Final = frozenset(
    ["search-type", "search-system", "search-compartment", "history-instance", "history-type",
     "history-system", "operation"]
)  # fmt: skip
_PATIENT_PARAMETERS: Final = frozenset(["patient", "subject", "patient:Patient", "subject:Patient"])
_LOCATION: Final = re.compile(r"([A-Za-z]+)/([A-Za-z0-9\-.]{1,64})")
UNRECORDED: Final = frozenset(["capabilities"])
"""What everybody may see."""


def recorded(
    recorder: Recorder, request: FhirRequest, act: Callable[[FhirRequest], FhirResponse]
) -> FhirResponse:
    """Carry out a request and put it on record; without a record there is no answer.

    What an operation asks for on behalf of its caller is a part of the caller's request.
    """
    if request.interaction in UNRECORDED:
        return act(request)
    outer = trails.current()
    if outer is not None and not outer.is_batch:
        answer = act(request)
        outer.see(*_shown(outer, request, answer, recorder.base))
        return answer
    with trails.on(_trail(recorder, request)) as trail:
        try:
            answer = act(request)
        except FhirError as error:
            recorder.add(_failed(request, error.status, error.code))
            raise
        except Exception:
            recorder.add(_failed(request, _SERVER_FAILED, "exception"))
            raise
        if not (trail.is_batch or trail.is_recorded):
            trail.see(*_shown(trail, request, answer, recorder.base))
            recorder.add(trail.taken())
    if answer.stream is not None:
        answer = replace(answer, stream=_followed(recorder, trail, answer.stream))
    return answer


def recorded_together(
    recorder: Recorder,
    requests: Sequence[FhirRequest],
    act: Callable[[Sequence[Trail | None]], Sequence[Callable[[], FhirResponse]]],
) -> None:
    """Carry out requests that succeed or fail together, and put each on record if they succeed."""
    made = [_trail(recorder, r) for r in requests]
    for request, trail, answer in zip(requests, made, act(made), strict=True):
        if not trail.is_recorded:
            trail.see(*_shown(trail, request, answer(), recorder.base))
            recorder.add(trail.taken())


def _followed(recorder: Recorder, trail: Trail, stream: Iterable[bytes]) -> Iterator[bytes]:
    """What is made while it is sent: whose data is in a piece is on record before it leaves."""
    for piece in stream:
        if trail.has_patients:
            recorder.add(trail.taken())
        yield piece


def refused(recorder: Recorder, request: FhirRequest, error: FhirError) -> None:
    """Record a request that failed before it could be carried out."""
    if request.interaction not in UNRECORDED:
        recorder.add(_failed(request, error.status, error.code))


def note_entry(request: FhirRequest, done: Done | FhirError) -> None:
    """Record an entry of a batch that has changed nothing."""
    trail = trails.current()
    if trail is None:
        return
    if isinstance(done, FhirError):
        trail.add(_failed(request, done.status, done.code))
    elif not done.is_change:
        touched = [] if done.id is None else [(done.type, done.id, done.version)]
        patients = trail.patients_in(done.content or "")
        trail.add(_event(request, request.interaction, touched, patients))


def note_change(
    action: str,
    resource_type: str,
    resource_id: str,
    version: int | None,
    *texts: str | None,
    trail: Trail | None = None,
) -> None:
    """Note what is written in the current database transaction, with the JSON before and after.

    On the given trail, or else on that of the thread.
    """
    trail = trail or trails.current()
    if trail is not None:
        trail.change((action, resource_type, resource_id, version), texts)


def rows() -> list[EventRow]:
    """The events of the changes noted so far, to be written together with them."""
    trail = trails.current()
    return [] if trail is None else trail.rows()


@contextmanager
def on_record(connection: Connection, several: Iterable[Trail] = ()) -> Iterator[None]:
    """Write the events of the changes that are noted meanwhile, in the same transaction.

    Those on the trail of the thread, and on `several` others.
    """
    begin()
    several = list(several)
    for trail in several:
        trail.begin()
    yield
    made = [*rows(), *(row for trail in several for row in trail.rows())]
    if made:
        insert(connection, made)


def begin() -> None:
    """Forget what an attempt has noted that came to nothing."""
    trail = trails.current()
    if trail is not None:
        trail.begin()


def _trail(recorder: Recorder, request: FhirRequest) -> Trail:
    body = request.body
    is_batch = (
        request.interaction == "bundle" and isinstance(body, dict) and body.get("type") == "batch"
    )
    return Trail(
        lambda action, touched, patients: _event(
            request, action or request.interaction, touched, patients
        ),
        recorder.row,
        recorder.add,
        recorder.base,
        is_batch=is_batch,
    )


def _failed(request: FhirRequest, status: int, code: str) -> Event:
    return _event(
        request,
        request.interaction,
        _named(request, None),
        _asked_for(request),
        outcome="8" if status >= _SERVER_FAILED else "4",
        reason=f"{status} {code}",
    )


def _event(
    request: FhirRequest,
    interaction: str,
    touched: Sequence[Touched],
    patients: Sequence[str],
    *,
    outcome: Literal["0", "4", "8"] = "0",
    reason: str | None = None,
) -> Event:
    origin = request.origin
    return Event(
        id=ids.new(),
        recorded=int(clock.now().timestamp() * 1000),
        subtype=SUBTYPE.get(interaction, interaction),
        action=ACTION.get(interaction, "E"),
        caller=caller_of(request.principal, origin.address),
        outcome=outcome,
        reason=reason,
        operation=None if request.operation is None else request.operation[:64],
        request_id=origin.request_id,
        touched=tuple(touched),
        patients=tuple(patients),
        query=_query(request),
    )


def _query(request: FhirRequest) -> str | None:
    """What was searched for, in base64: it may name patients, so the event is a restricted one."""
    if request.interaction in _BY_QUERY:
        pairs = [(k, v[-_TOKEN_END:] if k == PARAMETER else v) for k, v in request.query]
        if request.operation is not None and not pairs:
            return None
        text = _encoded(pairs)
    elif request.interaction in _ONE or not (request.query or request.if_none_exist):
        return None
    else:
        text = request.if_none_exist or _encoded(request.query)
    # FHIR knows no empty base64Binary: a search for everything is the question mark alone.
    return b64encode((text or "?").encode()).decode()


def _encoded(pairs: Iterable[tuple[str, str]]) -> str:
    return "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in pairs)


def _quoted(text: str) -> str:
    # Names, systems and types of a query come again and again.
    return _often_quoted(text) if len(text) <= _OFTEN else quote_plus(text)


_OFTEN: Final = 64
_often_quoted = lru_cache(maxsize=1024)(quote_plus)


def _shown(
    trail: Trail, request: FhirRequest, answer: FhirResponse, base: str
) -> tuple[list[Touched], list[str]]:
    """What an answer is about, and which patients it names."""
    touched = _named(request, answer.version)
    if answer.location is not None and (made := _LOCATION.match(answer.location)):
        touched = [(made[1], made[2], answer.version)]
    patients = _asked_for(request)
    if answer.content is not None and not answer.is_outcome:
        if request.interaction not in _ONE:
            touched += [
                (m[1].decode(), m[2].decode(), None)
                for m in _full_url(base).finditer(answer.content)
            ]
        patients += trail.patients_in(answer.content.decode(errors="replace"))
    return touched, patients


def _named(request: FhirRequest, version: int | None) -> list[Touched]:
    """The resource in the address, if there is one of that kind at all."""
    if (
        request.type is None
        or request.id is None
        or not _LOCATION.fullmatch(f"{request.type}/{request.id}")
    ):
        return []
    return [(request.type, request.id, version)]


def _asked_for(request: FhirRequest) -> list[str]:
    """The patients that a request names."""
    found = [request.id] if request.type == "Patient" and request.id is not None else []
    for name, value in request.query:
        if name in _PATIENT_PARAMETERS:
            for one in value.split(","):
                kind, _, id_ = one.rpartition("/")
                if kind in {"", "Patient"} and _LOCATION.fullmatch(f"Patient/{id_}"):
                    found.append(id_)
    return [i for i in found if _LOCATION.fullmatch(f"Patient/{i}")]


@cache
def _full_url(base: str) -> re.Pattern[bytes]:
    """What entries of a Bundle are told by."""
    return re.compile(
        rb'"fullUrl":"' + re.escape(base.encode()) + rb'/([A-Za-z]+)/([A-Za-z0-9\-.]{1,64})"'
    )
