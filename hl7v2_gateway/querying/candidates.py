"""Q21 and Q22: who is this, and who looks like this (IHE patient demographics query, ITI-21)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from fhirserver.model.resource import Resource
from hl7v2_gateway.querying.asked import REQUIRED, UNKNOWN_KEY, Domain, Query, Refused
from hl7v2_gateway.querying.asking import Asking, Pair
from hl7v2_gateway.querying.demographics import escaped, of_parameters
from hl7v2_gateway.querying.response import Response

PATIENT: Final[Sequence[Any]] = (
    {"segment": "PID"},
    {"segment": "PD1"},
    {"segment": "NK1", "of": "contact"},
)
CURRENT: Final = ("active:not", "false")
"""Who was merged into somebody else is found as that one."""


def candidates(asking: Asking, query: Query) -> Response:
    """Q22: QPD-3 says what is known of the patient, QPD-8 whose identifiers are wanted."""
    return _found(asking, query, of_parameters(query, 3), query.domains(8))


def demographics(asking: Asking, query: Query) -> Response:
    """Q21: QPD-3 is an identifier of the patient, QPD-4 says whose identifiers are wanted."""
    return _found(asking, query, [identifier_of(asking, query)], query.domains(4))


def _found(
    asking: Asking, query: Query, pairs: Sequence[Pair], domains: Sequence[Domain]
) -> Response:
    check_domains(asking, domains)
    wanted = [*pairs, CURRENT]
    if domains:
        # Who has no identifier there isn't wanted.
        wanted.append(("identifier", ",".join(f"{escaped(d.system)}|" for d in domains)))
    page = asking.search("Patient", wanted, query)
    patients = [with_identifiers(p, {d.system for d in domains}) for p in page.resources]
    lines = asking.lines(query, patients, PATIENT)
    return Response(lines, len(patients), page.total, page.sent, page.pointer)


def identifier_of(asking: Asking, query: Query) -> Pair:
    """The search for QPD-3 as an identifier. Raises Refused for one of nobody's."""
    cx = next(iter(query.field(3)), None)
    number = (cx.component(1).value or "").strip() if cx else ""
    if cx is None or not number:
        raise Refused(REQUIRED, "must be an identifier of the patient", 3)
    system = query.system(cx)
    if not system:
        raise Refused(REQUIRED, "must name the assigning authority", 3, 1, 4)
    if not asking.knows(system):
        raise Refused(UNKNOWN_KEY, "isn't an assigning authority that is known here", 3, 1, 4)
    return "identifier", f"{escaped(system)}|{escaped(number)}"


def check_domains(asking: Asking, domains: Iterable[Domain]) -> None:
    """Raise Refused for the first assigning authority that nobody knows."""
    for domain in domains:
        if not domain.system or not asking.knows(domain.system):
            text = "isn't an assigning authority that is known here"
            raise Refused(UNKNOWN_KEY, text, domain.field, domain.repetition)


def with_identifiers(patient: Resource, systems: set[str]) -> Resource:
    """A patient with the identifiers of these systems only; with all where none is named."""
    if not systems:
        return patient
    kept = [i for i in patient.get("identifier", ()) if i.get("system") in systems]
    return {**patient, "identifier": kept}
