"""The Patient whom somebody names for images: one who is there, and whom the caller may see."""

from __future__ import annotations

from dicom_gateway.web.counter import Counter
from fhirserver.access.principal import Principal
from fhirserver.errors import Conflict, FhirError, Invalid, NotFound
from fhirserver.interactions.interaction import interactions
from fhirserver.interactions.messages import FhirRequest
from fhirserver.merging.patients import replaced_by
from fhirserver.model import json
from fhirserver.model.resource import Resource


def patient_named(counter: Counter, principal: Principal, named: str) -> Resource:
    """The Patient of an id or reference. Raises Invalid, Forbidden, NotFound, Conflict."""
    id_ = named.removeprefix("Patient/")
    if not id_:
        raise Invalid("say whose they are: 'patient' has the id of a Patient")
    principal.require("r", "Patient")
    ctx = counter.engine.seen_by(principal)
    try:
        answer = interactions["read"](ctx, FhirRequest("read", principal, type="Patient", id=id_))
    except FhirError as error:
        if error.status in {400, 404, 410}:
            raise NotFound("there is no such Patient") from error
        raise
    patient = json.parse_object(answer.content or b"{}")
    if replaced_by(patient) is not None:
        raise Conflict("this Patient was merged into another one: name that one")
    return patient
