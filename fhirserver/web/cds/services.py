"""The CDS services there are, and what they ask to be sent.

https://cds-hooks.hl7.org/2.0/#discovery
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from fhirserver.prescribing.checks import TAKEN
from fhirserver.prescribing.repeating import OPEN

Hook = Literal["patient-view", "order-select", "order-sign"]
_USER: Final = "the patient's allergies, medicines and results"

_MEDICINES: Final[Mapping[str, str]] = {
    "patient": "Patient/{{context.patientId}}",
    "allergies": "AllergyIntolerance?patient={{context.patientId}}",
    "requests": "MedicationRequest?patient={{context.patientId}}"
    f"&status={','.join(sorted(TAKEN['MedicationRequest']))}"
    "&_include=MedicationRequest:medication",
    "statements": "MedicationStatement?patient={{context.patientId}}"
    f"&status={','.join(sorted(TAKEN['MedicationStatement']))}"
    "&_include=MedicationStatement:medication",
    "results": "Observation?patient={{context.patientId}}&category=laboratory&_sort=-date"
    "&_count=200",
}
_EXAMINATIONS: Final[Mapping[str, str]] = {
    **_MEDICINES,
    "orders": "ServiceRequest?patient={{context.patientId}}"
    f"&status={','.join(sorted(OPEN))}&_sort=-authored&_count=200",
    "reports": "DiagnosticReport?patient={{context.patientId}}&_sort=-date&_count=200",
}
"""The templates, by the key under which their result is sent."""


@dataclass(frozen=True, slots=True)
class Service:
    """One CDS service: it is called when its hook is met."""

    id: str
    hook: Hook
    title: str
    description: str
    orders: str | None = None
    """The type of the draft orders that it is about."""
    prefetch: Mapping[str, str] = field(default_factory=lambda: _MEDICINES)

    @property
    def has_drafts(self) -> bool:
        """Whether it is about orders that aren't signed yet."""
        return self.orders is not None

    def described(self) -> dict[str, Any]:
        """As the discovery tells it."""
        return {
            "hook": self.hook,
            "id": self.id,
            "title": self.title,
            "description": self.description,
            "prefetch": dict(self.prefetch),
            "usageRequirements": "Prefetch, or a token of this server for its own data.",
        }


SERVICES: Final[Mapping[str, Service]] = {
    s.id: s
    for s in (
        Service(
            "medication-list-check",
            "patient-view",
            "Check of the medication list",
            f"What {_USER} on record have against each other: allergies, interactions, duplicates.",
        ),
        Service(
            "prescription-select-check",
            "order-select",
            "Check of selected prescriptions",
            f"What {_USER} have against the prescriptions that are being selected.",
            "MedicationRequest",
        ),
        Service(
            "prescription-sign-check",
            "order-sign",
            "Check of prescriptions before signing",
            f"What {_USER} have against the prescriptions that are about to be signed.",
            "MedicationRequest",
        ),
        Service(
            "examination-select-check",
            "order-select",
            "Check of selected examinations",
            "Whether an examination that is being selected is ordered already or was done just "
            "now, and what speaks against its contrast medium.",
            "ServiceRequest",
            _EXAMINATIONS,
        ),
        Service(
            "examination-sign-check",
            "order-sign",
            "Check of examinations before signing",
            "The same of the examinations that are about to be signed.",
            "ServiceRequest",
            _EXAMINATIONS,
        ),
    )
}
