"""The addresses of CDS Hooks: discovery, the services, and feedback.

Who calls is either a registered CDS client, by a JWT of its own for this very address, or somebody
with a token of this server. A token in `fhirAuthorization` counts only if it is one of ours, for
our own data, and gives no more than it gives anywhere.
https://cds-hooks.hl7.org/2.0/
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from flask import Blueprint, Response, request

from fhirserver.access.principal import Principal
from fhirserver.audit.calling import called
from fhirserver.audit.recorder import Recorder
from fhirserver.engine import Engine
from fhirserver.errors import FhirError, NotFound, NotUnderstood, Unauthorized, UnsupportedMedia
from fhirserver.interactions.routing import Route
from fhirserver.model import json
from fhirserver.model.outcome import outcome
from fhirserver.prescribing.cards import cards
from fhirserver.prescribing.checks import Checked, check, check_list
from fhirserver.prescribing.finding import Finding
from fhirserver.prescribing.wording import spoken
from fhirserver.web.bodies import read_body
from fhirserver.web.cds.calls import Call, call_of
from fhirserver.web.cds.feedback import feedback_of
from fhirserver.web.cds.records import record_for
from fhirserver.web.cds.services import SERVICES, Service
from fhirserver.web.origin import origin
from fhirserver.web.protection.limits import Limits

MOST_BYTES: Final = 5_000_000


class CdsClient(Protocol):
    """A registered client that may call."""

    @property
    def id(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Desk:
    """Where CDS clients are served."""

    engine: Engine
    recorder: Recorder
    principal_of: Callable[[str | None], Principal]
    """Who a token of ours is; takes an Authorization header, raises Unauthorized."""
    client_of: Callable[[str, str], CdsClient]
    """Who signed a JWT for an address; raises Unauthorized."""
    is_jwt: Callable[[str], bool]
    limits: Limits

    @property
    def root(self) -> str:
        """What lies before `/cds-services` and `/fhir`."""
        return self.engine.context.settings.fhir_base.rpartition("/")[0]


def blueprint(desk: Desk) -> Blueprint:
    """The addresses below `/cds-services`."""
    cds = Blueprint("cds", __name__, url_prefix="/cds-services")

    @cds.errorhandler(FhirError)
    def refused(error: FhirError) -> Response:
        # Clients of CDS Hooks know nothing of FHIR's content types.
        answer = _json(outcome(error.issues), error.status)
        answer.headers.extend(error.headers)
        return answer

    @cds.get("")
    def discover() -> Response:
        """Which services there are; anybody may know."""
        return _json({"services": [s.described() for s in SERVICES.values()]})

    @cds.post("/<service_id>")
    def call(service_id: str) -> Response:
        service = _service(service_id)
        return _recorded(desk, service.id, lambda caller: _cards(desk, service, caller))

    @cds.post("/<service_id>/feedback")
    def feedback(service_id: str) -> Response:
        service = _service(service_id)
        return _recorded(desk, f"{service.id}-feedback", lambda c: _feedback(desk, service, c))

    return cds


def _service(service_id: str) -> Service:
    found = SERVICES.get(service_id)
    if found is None:
        raise NotFound("there is no such CDS service: GET /cds-services lists them")
    return found


def _recorded(desk: Desk, name: str, act: Callable[[Principal], Response]) -> Response:
    """Carry out a call of a known caller, within the limits, and on record."""
    caller = Principal("anonymous", ())
    try:
        caller = _caller(desk, request.headers.get("Authorization"))
        desk.limits.admit(caller, Route("operation", operation="cds"), request)
        with desk.engine.context.store.database.within(
            desk.engine.context.settings.request_timeout_seconds
        ):
            answer = act(caller)
    except FhirError as error:
        desk.recorder.add(called(caller, f"cds-{name}", origin(), error=error))
        raise
    desk.recorder.add(called(caller, f"cds-{name}", origin()))
    return answer


def _caller(desk: Desk, authorization: str | None) -> Principal:
    kind, _, token = (authorization or "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise Unauthorized(
            "a CDS client sends its JWT, or a token of this server, in the Authorization header",
            headers={"WWW-Authenticate": 'Bearer realm="fhirserver"'},
        )
    if not desk.is_jwt(token):
        return desk.principal_of(authorization)
    client = desk.client_of(token, f"{desk.root}{request.path}")
    # It may call, and nothing else: it reads nothing of ours by that.
    return Principal(client.id, (), client=client.id)


def _reader(desk: Desk, call: Call, caller: Principal) -> Principal | None:
    """With whose rights this server's own data may be read; None when with nobody's."""
    is_here = (
        call.server is None or call.server.rstrip("/") == desk.engine.context.settings.fhir_base
    )
    if not is_here:
        return None
    if caller.scopes:
        return caller
    if call.token is None or desk.is_jwt(call.token):
        return None
    try:
        return desk.principal_of(f"Bearer {call.token}")
    except Unauthorized:
        return None


def _cards(desk: Desk, service: Service, caller: Principal) -> Response:
    ctx = desk.engine.context
    call = call_of(_body(), service)
    known = ctx.medicines.known(spoken(request.headers.get("Accept-Language")))
    record = record_for(ctx, call, _reader(desk, call, caller), known, service.orders)
    if not service.has_drafts:
        checked = check_list(record, known)
    else:
        checked = check(call.drafts, record, known)
        checked = Checked([f for f in checked.findings if _concerns(call, f)], checked.unchecked)
    made = cards(
        checked.findings, checked.unchecked, is_draft=service.has_drafts, words=known.words
    )
    return _json({"cards": made})


def _concerns(call: Call, finding: Finding) -> bool:
    """Whether a finding is about an order that is asked about; one without an id always is."""
    about = {finding.medicine.reference, *finding.against}
    return bool(about & call.selected) or "/" not in finding.medicine.reference


def _feedback(desk: Desk, service: Service, caller: Principal) -> Response:
    for item in feedback_of(_body()):
        reason = " ".join(filter(None, (item.card, item.reason)))
        name = f"cds-{service.id}-{item.outcome}"
        desk.recorder.add(called(caller, name, origin(), reason=reason))
    return _json({})


def _body() -> Mapping[str, Any]:
    if request.mimetype != "application/json":
        raise UnsupportedMedia("this takes application/json")
    found = json.parse(read_body(request, MOST_BYTES) or b"null")
    if not isinstance(found, dict):
        raise NotUnderstood("the body must be a JSON object")
    return found


def _json(content: Mapping[str, Any], status: int = 200) -> Response:
    return Response(json.dump(content), status, content_type="application/json; charset=utf-8")
