"""Findings as DetectedIssues, and the overriding of them.

https://hl7.org/fhir/R4/detectedissue.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from fhirserver.model.resource import Resource
from fhirserver.prescribing.finding import Finding, Kind
from fhirserver.prescribing.wording import ENGLISH, Words

KEY: Final = "https://fhirserver.example/detected-issue"
"""The system of the identifier by which a finding is known again."""

_ACT: Final = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
CATEGORY: Final[Mapping[Kind, tuple[str, str]]] = {
    "allergy": ("ALGY", "Allergy Alert"),
    "interaction": ("DRG", "Drug Interaction Alert"),
    "duplicate": ("DUPTHPY", "Duplicate Therapy Alert"),
    "result": ("LAB", "Lab Alert"),
    "repeat": ("DUPTHPY", "Duplicate Therapy Alert"),
}
_VOID: Final = frozenset({"entered-in-error", "cancelled"})


def detected_issue(
    finding: Finding, patient: str | None, at: str, words: Words = ENGLISH
) -> Resource:
    """A finding as a DetectedIssue, which nobody has stored; `at` is when it was found."""
    code, display = CATEGORY[finding.kind]
    references = [r for r in (finding.medicine.reference, *finding.against) if "/" in r]
    made: Resource = {
        "resourceType": "DetectedIssue",
        "identifier": [{"system": KEY, "value": finding.key}],
        "status": "preliminary",
        "code": {"coding": [{"system": _ACT, "code": code, "display": display}],
                 "text": finding.summary},
        "severity": finding.severity,
        "identifiedDateTime": at,
        "detail": " ".join(filter(None, (
            finding.detail, finding.management, words["source"].format(source=finding.source),
        ))),
    }  # fmt: skip
    if patient is not None:
        made["patient"] = {"reference": patient}
    if references:
        made["implicated"] = [{"reference": r} for r in references]
    return made


def overridden(issues: Iterable[Resource]) -> frozenset[str]:
    """The keys of the findings that somebody has given a reason to override."""
    return frozenset(
        str(i.get("value"))
        for issue in issues
        if issue.get("status") not in _VOID and _has_reason(issue)
        for i in issue.get("identifier", ())
        if i.get("system") == KEY
    )


def _has_reason(issue: Resource) -> bool:
    return any(
        m.get("action", {}).get("coding") or str(m.get("action", {}).get("text", "")).strip()
        for m in issue.get("mitigation", ())
    )
