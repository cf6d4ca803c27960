"""A prescription that renews or replaces another.

https://hl7.org/fhir/R4/medicationrequest-definitions.html#MedicationRequest.priorPrescription
"""

from __future__ import annotations

from collections.abc import Iterator

from fhirserver.errors import Issue
from fhirserver.model.resource import Resource
from fhirserver.prescribing.supplying import is_same_subject

PLACE = "MedicationRequest.priorPrescription"


def renews(request: Resource) -> str | None:
    """What a prescription names as the one before it."""
    found = str(request.get("priorPrescription", {}).get("reference", ""))
    return found.partition("/_history/")[0] or None


def renewal_issues(request: Resource, prior: Resource) -> Iterator[Issue]:
    """What forbids that a prescription renews another."""
    if not is_same_subject(request, prior):
        yield _refused("the prescription before this one is for another patient")
    if prior.get("status") in {"draft", "entered-in-error"}:
        yield _refused(f"the prescription before this one is {prior['status']}: name none")


def _refused(text: str) -> Issue:
    return Issue("error", "business-rule", text, PLACE)
