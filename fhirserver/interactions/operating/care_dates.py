"""When the care took place that a resource is about: the search parameters that say so.

`start` and `end` of `$everything` are about these dates, and not about when records were written.
https://hl7.org/fhir/R4/patient-operation-everything.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Final

from fhirserver.errors import Invalid
from fhirserver.search.conditions import condition
from fhirserver.search.query import And, Condition
from fhirserver.search.scope import Scope, any_of
from fhirserver.search.types.date import bounds

CARE_DATES: Final[Mapping[str, tuple[str, ...]]] = {
    "Account": ("period",),
    "AdverseEvent": ("date",),
    "AllergyIntolerance": ("onset", "last-date", "date"),
    "Appointment": ("date",),
    "AuditEvent": ("date",),
    "CarePlan": ("date", "activity-date"),
    "CareTeam": ("date",),
    "ChargeItem": ("occurrence", "entered-date"),
    "Claim": ("created",),
    "ClaimResponse": ("created",),
    "ClinicalImpression": ("date",),
    "Communication": ("sent", "received"),
    "CommunicationRequest": ("occurrence", "authored"),
    "Composition": ("period", "date"),
    "Condition": ("onset-date", "abatement-date", "recorded-date"),
    "Consent": ("period", "date"),
    "CoverageEligibilityRequest": ("created",),
    "CoverageEligibilityResponse": ("created",),
    "DetectedIssue": ("identified",),
    "DeviceRequest": ("event-date", "authored-on"),
    "DiagnosticReport": ("date", "issued"),
    "DocumentManifest": ("created",),
    "DocumentReference": ("period", "date"),
    "Encounter": ("date",),
    "EpisodeOfCare": ("date",),
    "ExplanationOfBenefit": ("created",),
    "FamilyMemberHistory": ("date",),
    "Flag": ("date",),
    "Goal": ("start-date", "target-date"),
    "ImagingStudy": ("started",),
    "Immunization": ("date", "reaction-date"),
    "ImmunizationEvaluation": ("date",),
    "ImmunizationRecommendation": ("date",),
    "Invoice": ("date",),
    "List": ("date",),
    "MeasureReport": ("period", "date"),
    "Media": ("created",),
    "MedicationAdministration": ("effective-time",),
    "MedicationDispense": ("whenprepared", "whenhandedover"),
    "MedicationRequest": ("authoredon", "date"),
    "MedicationStatement": ("effective",),
    "NutritionOrder": ("datetime",),
    "Observation": ("date",),
    "Procedure": ("date",),
    "Provenance": ("when", "recorded"),
    "QuestionnaireResponse": ("authored",),
    "RequestGroup": ("authored",),
    "ResearchSubject": ("date",),
    "RiskAssessment": ("date",),
    "Schedule": ("date",),
    "ServiceRequest": ("occurrence", "authored"),
    "Specimen": ("collected",),
    "SupplyRequest": ("date",),
    "VisionPrescription": ("datewritten",),
}
"""Types that aren't here are about no time: the patient, a relative, an insurance."""


def in_care(
    resource_type: str, start: str | None, end: str | None, scope: Scope
) -> Condition | None:
    """That care took place between two dates, or nobody knows when; None for any time.

    What has no date is never left out: an allergy without one is still an allergy.
    """
    codes = CARE_DATES.get(resource_type, ())
    limits = [prefix + text for prefix, text in (("ge", start), ("le", end)) if text is not None]
    if not codes or not limits:
        return None
    known = scope.parameters.for_type(resource_type)
    within = [
        And(tuple(condition(known[code], None, limit, scope) for limit in limits)) for code in codes
    ]
    undated = And(tuple(condition(known[code], "missing", "true", scope) for code in codes))
    return any_of([*within, undated])


def check_order(start: str | None, end: str | None, zone: tzinfo) -> None:
    """Raise Invalid when a time ends before it starts."""
    if start is not None and end is not None and bounds(end, zone)[1] <= bounds(start, zone)[0]:
        raise Invalid("end is before start")
