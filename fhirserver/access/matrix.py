"""The role matrix: what the policies say, as one table that people can review."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from fhirserver.access.policy import Policy, Rule
from fhirserver.access.predicates import (
    AllOf,
    AnyOf,
    Care,
    Everything,
    OwnRecord,
    Predicate,
    Refers,
    SharedWith,
    Unit,
    kinds_in,
)

ROLES: Final = (
    "doctor",
    "nurse",
    "labtech",
    "radiologist",
    "pharmacist",
    "reception",
    "admin",
    "auditor",
    "integrator",
    "patient",
    "system",
)
GROUPS: Final[Mapping[str, Sequence[str]]] = {
    "Patient": ["Patient"],
    "Encounter, EpisodeOfCare": ["Encounter", "EpisodeOfCare"],
    "Condition, FamilyMemberHistory, Procedure": ["Condition", "FamilyMemberHistory", "Procedure"],
    "AllergyIntolerance": ["AllergyIntolerance"],
    "Observation": ["Observation"],
    "DiagnosticReport": ["DiagnosticReport"],
    "Specimen": ["Specimen"],
    "ServiceRequest": ["ServiceRequest"],
    "MedicationRequest": ["MedicationRequest"],
    "MedicationDispense": ["MedicationDispense"],
    "MedicationAdministration": ["MedicationAdministration"],
    "ImagingStudy": ["ImagingStudy"],
    "DocumentReference": ["DocumentReference"],
    "Composition": ["Composition"],
    "Binary": ["Binary"],
    "CarePlan, Flag, Goal": ["CarePlan", "Flag", "Goal"],
    "CareTeam": ["CareTeam"],
    "Task": ["Task"],
    "Appointment": ["Appointment"],
    "Schedule": ["Schedule"],
    "Slot": ["Slot"],
    "Communication": ["Communication"],
    "Consent": ["Consent"],
    "Account, Claim, Coverage": ["Account", "Claim", "Coverage"],
    "Location": ["Location"],
    "Device": ["Device"],
    "Practitioner": ["Practitioner"],
    "PractitionerRole, Organization": ["PractitionerRole", "Organization"],
    "AuditEvent": ["AuditEvent"],
    "Provenance": ["Provenance"],
    "Subscription": ["Subscription"],
    "AccessPolicy (Basic)": ["Basic"],
}
KEY: Final = (
    "**A** all, **U** of the unit, **T** under treatment, **O** assigned, own, addressed to or "
    "shared with them, **S** their own record, **Sc** as the scopes say. **c** create, **r** read, "
    "**u** update, **d** delete, **s** search. A star: not all elements, or not everything may be "
    "changed. A dagger: only some categories or states."
)


def cell(policy: Policy, types: Sequence[str]) -> str:
    """What a policy gives on types: `T crus` for instance, `-` for nothing."""
    found: dict[str, None] = {}
    for resource_type in types:
        rules = [
            r
            for r in policy.rules
            if r.effect == "permit" and resource_type in r.types and not _is_emergency(r)
        ]
        found[", ".join(_said(policy, r) for r in rules) or "-"] = None
    return " / ".join(found)


def markdown(policies: Mapping[str, Policy]) -> str:
    """The whole table."""
    head = ["Resources", *ROLES]
    rows = [
        [group, *(cell(policies[role], types) for role in ROLES)] for group, types in GROUPS.items()
    ]
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _is_emergency(rule: Rule) -> bool:
    return kinds_in(rule.where) == {"break-glass"}


def _said(policy: Policy, rule: Rule) -> str:
    limits = rule.hidden or rule.changes or rule.readonly or rule.constraints
    rights = "".join(r for r in "cruds" if r in rule.rights)
    whose = "Sc" if "system" in policy.roles else _whose(rule.where)
    return f"{whose} {rights}{'*' if limits else ''}{'†' if _is_partly(rule.where) else ''}"


def _whose(where: Predicate) -> str:
    match where:
        case OwnRecord():
            return "S"
        case Care(kinds):
            return "U" if "unit" in kinds else "T" if "treatment" in kinds else "O"
        case Unit():
            return "U"
        case Refers() | SharedWith():
            return "O"
        case AllOf(parts) | AnyOf(parts):
            found = [w for p in parts if (w := _whose(p)) != "A"]
            return found[0] if found else "A"
        case _:
            return "A"


def _is_partly(where: Predicate) -> bool:
    """Whether something besides whose it is matters."""
    match where:
        case AllOf(parts) | AnyOf(parts):
            return any(_is_partly(p) for p in parts)
        case Everything() | OwnRecord() | Care() | SharedWith() | Unit() | Refers():
            return False
        case _:
            return True
