"""Scopes as conditions on rows, and which of them can't be enforced.

https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from fhirserver.access.access import NOTHING, Access, Allowed, Right
from fhirserver.access.records import is_owned, record
from fhirserver.access.scopes import Scope
from fhirserver.errors import FhirError, Invalid
from fhirserver.search.conditions import condition
from fhirserver.search.parameters import Parameters
from fhirserver.search.query import And, Condition, Or
from fhirserver.search.scope import Scope as Searched
from fhirserver.search.site import Site

SHARED: Final = frozenset(
    ["ActivityDefinition", "CodeSystem", "ConceptMap", "Endpoint", "HealthcareService", "Location",
     "Medication", "MedicationKnowledge", "NamingSystem", "Organization", "OrganizationAffiliation",
     "PlanDefinition", "Practitioner", "PractitionerRole", "Questionnaire", "Schedule",
     "SearchParameter", "Slot", "StructureDefinition", "Substance", "ValueSet"]
)  # fmt: skip
"""Types that are about nobody's health: a patient's app may read those that its record names."""


def check(found: Iterable[Scope], parameters: Parameters, site: Site) -> None:
    """Raise Invalid, naming the scope, for one whose type or parameters aren't known here."""
    for scope in found:
        if scope.type != "*" and not parameters.definitions.is_resource(scope.type):
            raise Invalid(f"{scope.written!r}: {scope.type} is not a resource type")
        try:
            _constraints(scope, parameters, site)
        except FhirError as error:
            raise Invalid(f"{scope.written!r} can't be enforced: {error}") from error


def access_by_scopes(
    scopes: Sequence[Scope], patient: str | None, parameters: Parameters, site: Site
) -> Access:
    """What the scopes alone allow."""

    def rule(resource_type: str, right: Right) -> Allowed | None:
        found = allowed_by_scopes(scopes, patient, resource_type, right, parameters, site)
        return None if found is None else Allowed(found)

    return Access(rule)


def allowed_by_scopes(
    scopes: Sequence[Scope],
    patient: str | None,
    resource_type: str,
    right: Right,
    parameters: Parameters,
    site: Site,
) -> Condition | None:
    """What rows must meet for the scopes to give a right on a type; None when none gives it."""
    found = [
        each
        for s in scopes
        if s.type in {"*", resource_type} and right in s.rights
        if (each := _rows(s, patient, resource_type, right, parameters, site)) is not None
    ]
    if not found:
        return None
    if And(()) in found:
        return And(())
    return found[0] if len(found) == 1 else Or(tuple(found))


def _rows(
    scope: Scope,
    patient: str | None,
    resource_type: str,
    right: Right,
    parameters: Parameters,
    site: Site,
) -> Condition | None:
    try:
        parts = _constraints(scope, parameters, site)
    except FhirError:
        # A parameter that has been taken away since: what it was to keep out stays out.
        return NOTHING
    if scope.context == "patient":
        owned = patient_rows(patient, resource_type, right, parameters, site)
        if owned is None:
            return None
        parts = [*parts, owned]
    parts = [p for p in parts if p != And(())]
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def patient_rows(
    patient: str | None, resource_type: str, right: Right, parameters: Parameters, site: Site
) -> Condition | None:
    """The rows of a type that a `patient/` scope is about: those of the patient's record.

    None when it is about none of them.
    """
    if patient is None:
        return None
    searched = Searched(parameters, site)
    if is_owned(resource_type, searched):
        found = record(patient, resource_type, searched)
        return None if found == NOTHING else found
    if resource_type in SHARED and right in "rs":
        return And(())
    return None


def _constraints(scope: Scope, parameters: Parameters, site: Site) -> list[Condition]:
    searched = Searched(parameters, site)
    found = []
    for name, value in scope.constraints:
        parameter = searched.parameter(name, scope.type)
        if parameter.type != "token" or not parameters.is_answered(scope.type, name):
            raise Invalid(f"{name} is not a token parameter of {scope.type}")
        found.append(condition(parameter, None, value, searched))
    return found
