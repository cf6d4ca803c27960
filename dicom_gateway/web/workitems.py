"""UPS-RS, the worklist service: workitems are made, found, claimed and ended. PS3.18 section 11

Each is a Task: who may read, create and update Tasks may do that with workitems. Subscriptions
(11.9 to 11.12) aren't offered.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, Response, request

from dicom_gateway.datasets import from_uuid
from dicom_gateway.mapping.attributes import text
from dicom_gateway.mapping.workitems import MOST_BYTES
from dicom_gateway.matching import answered
from dicom_gateway.operating.workitems import Workitems
from dicom_gateway.web.counter import Counter, checked
from dicom_gateway.web.media_types import parse_one
from dicom_gateway.web.metadata import JSON, check_accepts_json
from dicom_gateway.web.parameters import query
from fhirserver import ids
from fhirserver.errors import Invalid, NotUnderstood, TooLarge, UnsupportedMedia
from fhirserver.model import json
from fhirserver.web.origin import origin

_USUAL: Final = (
    "00080016",  # SOP Class UID
    "00080018",  # SOP Instance UID
    "00100010",  # Patient's Name
    "00100020",  # Patient ID
    "00100030",  # Patient's Birth Date
    "00100040",  # Patient's Sex
    "0020000D",  # Study Instance UID
    "00404005",  # Scheduled Procedure Step Start DateTime
    "00404018",  # Scheduled Workitem Code Sequence
    "00404025",  # Scheduled Station Name Code Sequence
    "00404041",  # Input Readiness State
    "00741000",  # Procedure Step State
    "00741200",  # Scheduled Procedure Step Priority
    "00741202",  # Worklist Label
    "00741204",  # Procedure Step Label
)
"""What is told of workitems that are found, beside what is asked for."""
_NO_CONTENT: Final = 204

Act = Callable[[Workitems], Response]


def add_to(made: Blueprint, counter: Counter) -> None:
    """Add the addresses."""

    @made.post("/workitems")
    def dicom_workitem_create() -> Response:
        return _serve(counter, "create", lambda items: _create(counter, items))

    @made.get("/workitems")
    def dicom_workitem_search() -> Response:
        return _serve(counter, "search", _search)

    @made.get("/workitems/<uid>")
    def dicom_workitem_read(uid: str) -> Response:
        return _serve(counter, "read", lambda items: _read(items, uid))

    @made.post("/workitems/<uid>")
    def dicom_workitem_update(uid: str) -> Response:
        return _serve(counter, "update", lambda items: _update(items, uid))

    @made.put("/workitems/<uid>/state")
    def dicom_workitem_state(uid: str) -> Response:
        return _serve(counter, "state", lambda items: _state(counter, items, uid))

    @made.post("/workitems/<uid>/cancelrequest")
    def dicom_workitem_cancel(uid: str) -> Response:
        return _serve(counter, "cancel", lambda items: _cancel(counter, items, uid))


def _serve(counter: Counter, name: str, act: Act) -> Response:
    """What is done with Tasks goes on record there."""
    request.environ["fhirserver.interaction"] = f"dicom-workitem-{name}"
    principal = counter.desk.principal_of(request.headers.get("Authorization"))
    counter.desk.admit(principal, is_heavy=name == "search")
    response = act(Workitems(counter.engine, principal, origin()))
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _create(counter: Counter, items: Workitems) -> Response:
    model = _body()
    # `?1.2.3`: a parameter without a value, as the standard has it, or one with a name.
    named = request.args.get("workitem") or request.query_string.decode("ascii", "replace")
    told = text(model, "00080018") if isinstance(model, dict) else ""
    uid = checked(named or told or from_uuid(UUID(ids.new())))
    items.create(uid, model)
    response = Response(status=201)
    place = f"{counter.base}/workitems/{uid}"
    response.headers["Location"] = response.headers["Content-Location"] = place
    return response


def _read(items: Workitems, uid: str) -> Response:
    check_accepts_json()
    return Response(json.dump([items.read(checked(uid))]), content_type=JSON)


def _search(items: Workitems) -> Response:
    check_accepts_json()
    asked = query(request.args.items(multi=True))
    found = items.search(asked.keys, asked.offset, asked.limit + 1)
    if not found:
        return Response(status=_NO_CONTENT)
    if asked.is_all:
        told = [dict(w) for w in found[: asked.limit]]
    else:
        keys = {**{tag: {"vr": "UN"} for tag in _USUAL}, **asked.keys, **asked.included}
        wanted = {tag: {"vr": e.get("vr", "UN")} for tag, e in sorted(keys.items())}
        told = [
            {t: e for t, e in answered(wanted, w).items() if t in w} for w in found[: asked.limit]
        ]
    response = Response(json.dump(told), content_type=JSON)
    if len(found) > asked.limit:
        response.headers["Warning"] = '299 - "there are more results: ask with offset"'
    return response


def _update(items: Workitems, uid: str) -> Response:
    bare = request.query_string.decode("ascii", "replace")
    transaction = request.args.get("transaction-uid") or (bare if "=" not in bare else "")
    items.update(checked(uid), _body(), checked(transaction) if transaction else None)
    return Response(status=200)


def _state(counter: Counter, items: Workitems, uid: str) -> Response:
    response = Response(status=200)
    if not items.change_state(checked(uid), _body()):
        response.headers["Warning"] = _warning(counter, "the UPS is in the requested state already")
    return response


def _cancel(counter: Counter, items: Workitems, uid: str) -> Response:
    asked = _body() if request.content_length else {}
    response = Response(status=202)
    if not items.request_cancellation(checked(uid), asked):
        response.headers["Warning"] = _warning(counter, "the UPS is canceled already")
    return response


def _warning(counter: Counter, says: str) -> str:
    return f'299 {counter.base} "{says}"'


def _body() -> Any:
    """The dataset of a request: an object, or an array with one."""
    if parse_one(request.headers.get("Content-Type")).name not in {JSON, "application/json"}:
        raise UnsupportedMedia(f"a workitem is sent as {JSON}")
    content = request.stream.read(MOST_BYTES * 2 + 1)
    if len(content) > MOST_BYTES * 2:
        raise TooLarge(f"a workitem has at most {MOST_BYTES:,} bytes")
    try:
        found = json.parse(content)
    except NotUnderstood as error:
        raise Invalid(f"the workitem can't be read: {error}") from error
    if isinstance(found, list):
        if len(found) != 1:
            raise Invalid("send one dataset")
        return found[0]
    return found
