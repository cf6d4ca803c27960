"""A call of a CDS service as it was sent, checked.

https://cds-hooks.hl7.org/2.0/#http-request-1, https://cds-hooks.hl7.org/hooks/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from fhirserver.errors import Invalid
from fhirserver.model.resource import Resource
from fhirserver.validation import check
from fhirserver.web.cds.services import Service

_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")


@dataclass(frozen=True, slots=True)
class Call:
    """What a service is asked.

    `drafts` are those of the draft orders that the service is about, `selected` the references of
    those that the question is about. `token` is the access token for `server`: so far only the
    sender's word.
    """

    patient: str
    drafts: Sequence[Resource]
    selected: frozenset[str]
    prefetch: Mapping[str, Any]
    server: str | None
    token: str | None


def call_of(body: Mapping[str, Any], service: Service) -> Call:
    """The call in a body; raises Invalid, saying what is wrong with it."""
    if body.get("hook") != service.hook:
        raise Invalid(f"hook must be {service.hook} for this service", expression="hook")
    try:
        UUID(str(body.get("hookInstance")))
    except ValueError as error:
        raise Invalid("hookInstance must be a UUID", expression="hookInstance") from error
    context = _object(body, "context")
    patient = context.get("patientId")
    if not isinstance(patient, str) or not _ID.fullmatch(patient):
        raise Invalid("context.patientId must be a FHIR id", expression="context.patientId")
    if not isinstance(context.get("userId"), str):
        raise Invalid("context.userId is missing", expression="context.userId")
    drafts = list(_drafts(context, patient, service.orders)) if service.orders else []
    server, token = _authorization(body)
    return Call(
        patient,
        drafts,
        _selected(context, drafts) if service.hook == "order-select" else _names(drafts),
        _object(body, "prefetch", default={}),
        server,
        token,
    )


def is_about(resource: Resource, patient: str) -> bool:
    """Whether a resource is the patient's, as far as it says."""
    found = resource.get("subject") or resource.get("patient") or {}
    reference = str(found.get("reference", ""))
    return not reference or reference.rpartition("/")[2] == patient


def sound(resource: Any) -> bool:
    """Whether it is a resource as FHIR R4 defines it."""
    if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
        return False
    return not any(i.severity in {"error", "fatal"} for i in check(resource))


def _object(
    body: Mapping[str, Any], name: str, default: Mapping[str, Any] | None = None
) -> Mapping[str, Any]:
    found = body.get(name)
    if found is None and default is not None:
        return default
    if not isinstance(found, dict):
        raise Invalid(f"{name} must be an object", expression=name)
    return found


def _drafts(context: Mapping[str, Any], patient: str, kind: str) -> Iterator[Resource]:
    place = "context.draftOrders"
    given = context.get("draftOrders")
    orders: Mapping[str, Any] = given if isinstance(given, dict) else {}
    entries = orders.get("entry", [])
    if not isinstance(entries, list) or orders.get("resourceType") != "Bundle":
        raise Invalid("context.draftOrders must be a Bundle", expression=place)
    for number, entry in enumerate(entries):
        found = entry.get("resource") if isinstance(entry, dict) else None
        if not isinstance(found, dict) or found.get("resourceType") != kind:
            # Orders of other kinds are for other services.
            continue
        where = f"{place}.entry[{number}].resource"
        issues = [i for i in check(found) if i.severity in {"error", "fatal"}]
        if issues:
            raise Invalid(issues=[i.inside(where) for i in issues])
        if not is_about(found, patient):
            raise Invalid("a draft order is for another patient", expression=where)
        yield found


def _names(drafts: Sequence[Resource]) -> frozenset[str]:
    return frozenset(f"{d['resourceType']}/{d['id']}" for d in drafts if "id" in d)


def _selected(context: Mapping[str, Any], drafts: Sequence[Resource]) -> frozenset[str]:
    found = context.get("selections")
    if not isinstance(found, list) or not all(isinstance(s, str) for s in found):
        raise Invalid(
            "context.selections must be a list of references", expression="context.selections"
        )
    # Only what is among the drafts; the others are orders of other kinds.
    return _names(drafts) & set(found)


def _authorization(body: Mapping[str, Any]) -> tuple[str | None, str | None]:
    server = body.get("fhirServer")
    if server is not None and not isinstance(server, str):
        raise Invalid("fhirServer must be an address", expression="fhirServer")
    given = body.get("fhirAuthorization")
    if given is None:
        return server, None
    token = given.get("access_token") if isinstance(given, dict) else None
    if server is None or not isinstance(token, str) or given.get("token_type") != "Bearer":
        raise Invalid(
            "fhirAuthorization needs an access_token, the token_type Bearer, and a fhirServer",
            expression="fhirAuthorization",
        )
    return server, token
