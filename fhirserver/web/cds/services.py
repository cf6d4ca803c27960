"""The CDS services there are, and what they ask to be sent.

https://cds-hooks.hl7.org/2.0/#discovery
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from fhirserver.prescribing.checks import TAKEN

Hook = Literal["patient-view", "order-select", "order-sign"]
_USER: Final = "the patient's allergies and medicines"

PREFETCH: Final[Mapping[str, str]] = {
    "patient": "Patient/{{context.patientId}}",
    "allergies": "AllergyIntolerance?patient={{context.patientId}}",
    "requests": "MedicationRequest?patient={{context.patientId}}"
    f"&status={','.join(sorted(TAKEN['MedicationRequest']))}"
    "&_include=MedicationRequest:medication",
    "statements": "MedicationStatement?patient={{context.patientId}}"
    f"&status={','.join(sorted(TAKEN['MedicationStatement']))}"
    "&_include=MedicationStatement:medication",
}
"""The templates, by the key under which their result is sent."""


@dataclass(frozen=True, slots=True)
class Service:
    """One CDS service: it is called when its hook is met."""

    id: str
    hook: Hook
    title: str
    description: str

    @property
    def has_drafts(self) -> bool:
        """Whether it is about orders that aren't signed yet."""
        return self.hook != "patient-view"

    def described(self) -> dict[str, Any]:
        """As the discovery tells it."""
        return {
            "hook": self.hook,
            "id": self.id,
            "title": self.title,
            "description": self.description,
            "prefetch": dict(PREFETCH),
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
        ),
        Service(
            "prescription-sign-check",
            "order-sign",
            "Check of prescriptions before signing",
            f"What {_USER} have against the prescriptions that are about to be signed.",
        ),
    )
}
