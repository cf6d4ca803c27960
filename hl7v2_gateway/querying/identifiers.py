"""Q23 and Q24: what others call this patient (IHE PIX query, ITI-9), and new numbers for one."""

from __future__ import annotations

import base64
from typing import Final
from uuid import UUID

from fhirserver import ids
from fhirserver.model.resource import Resource
from hl7v2_gateway import er7
from hl7v2_gateway.er7 import Line
from hl7v2_gateway.querying.asked import REQUIRED, UNKNOWN_KEY, Query, Refused
from hl7v2_gateway.querying.asking import Asking
from hl7v2_gateway.querying.candidates import check_domains, identifier_of, with_identifiers
from hl7v2_gateway.querying.response import Response

_PID: Final = ({"segment": "PID"},)
_KEPT: Final = ("3(", "1(")
_NUMBER_CHARACTERS: Final = 20


def corresponding(asking: Asking, query: Query) -> Response:
    """Q23: QPD-3 is an identifier of the patient, QPD-4 says whose identifiers are wanted.

    Nothing but the identifiers is told: the name is empty, and marked as none (IHE, 3.9.4.2.2.6).
    """
    name, token = identifier_of(asking, query)
    domains = query.domains(4)
    check_domains(asking, domains)
    patient = _one(asking, asking.all("Patient", (name, token)))
    if patient is None:
        raise Refused(UNKNOWN_KEY, "is no identifier that is known here", 3, 1, 1)
    system, _, number = token.rpartition("|")
    asked = (query.system(query.field(3)[0]), query.field(3)[0].component(1).value)
    del system, number
    others = [
        i
        for i in with_identifiers(patient, {d.system for d in domains}).get("identifier", ())
        if (i.get("system"), i.get("value")) != asked and i.get("value") and i.get("system")
    ]
    if not others:
        return Response(total=0)
    told: Resource = {"resourceType": "Patient", "id": patient["id"], "identifier": others}
    return Response([_nameless(asking.lines(query, [told], _PID)[0])], 1, 1, 1)


def allocated(asking: Asking, query: Query) -> Response:
    """Q24: QPD-3 says of which assigning authorities of the sender's new numbers are wanted.

    They are never given again, and nobody has them until a message says so.
    """
    domains = query.domains(3)
    if not domains:
        raise Refused(REQUIRED, "must name the assigning authority", 3, 1, 4)
    for domain in domains:
        if domain.system not in asking.sender.authorities.values():
            text = "isn't an assigning authority of this sender"
            raise Refused(UNKNOWN_KEY, text, 3, domain.repetition, 4)
    made = [{"system": d.system, "value": _number()} for d in domains]
    told: Resource = {"resourceType": "Patient", "identifier": made}
    return Response([_nameless(asking.lines(query, [told], _PID)[0])], 1, 1, 1)


def _number() -> str:
    return base64.b32hexencode(UUID(ids.new()).bytes).decode()[:_NUMBER_CHARACTERS]


def _one(asking: Asking, found: list[Resource]) -> Resource | None:
    """The patient, or whoever they were merged into. Raises Refused where it might be several."""
    active = [p for p in found if p.get("active") is not False]
    if not active:
        replaced = [
            link["other"]["reference"]
            for p in found
            for link in p.get("link", ())
            if link.get("type") == "replaced-by" and link.get("other", {}).get("reference")
        ]
        reading = asking.reading
        active = [p for r in dict.fromkeys(replaced) if (p := reading.read(r)) is not None]
    if len({p["id"] for p in active}) > 1:
        raise Refused(UNKNOWN_KEY, "is an identifier of several patients", 3, 1, 1)
    return active[0] if active else None


def _nameless(pid: Line) -> Line:
    values = {p: v for p, v in pid.values.items() if p.startswith(_KEPT)}
    return er7.line("PID", {**values, "5(2).7": "S"})
