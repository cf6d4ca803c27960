"""What an app is told with its token about where it was launched.

https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html#launch-context-arrives-with-your-access_token
"""

from __future__ import annotations

from typing import Any

from fhirserver.storage.grants import Family


def launch_context(family: Family, style: str) -> dict[str, Any]:
    """The parameters beside the token: the patient and what else the EHR said.

    `need_patient_banner` is there for every app with a patient: only an EHR that shows the patient
    itself says false.
    """
    found: dict[str, Any] = {"smart_style_url": style}
    if family.patient is not None:
        found["patient"] = family.patient
        found["need_patient_banner"] = True
    if family.encounter is not None:
        found["encounter"] = family.encounter
    known = ("need_patient_banner", "fhirContext", "intent", "tenant")
    return found | {k: v for k, v in family.launch.items() if k in known}
