"""A letter that a doctor shares with the radiologist for a week."""

from __future__ import annotations

import base64
from datetime import date, timedelta

from docs.screenshots.hospital import Hospital, number_of
from fhirserver import clock
from fhirserver.access.sharing import CATEGORIES, CATEGORY

LETTER = """Dear colleague,

thank you for seeing this patient. The swelling of the left knee began three weeks
ago after a fall. No fever, no redness. Mobility is limited by pain.

Plain films of both knees show no fracture. Would an MRI be of use?

With kind regards
"""
CONSENT_SCOPE = "http://terminology.hl7.org/CodeSystem/consentscope"


def share(hospital: Hospital) -> None:
    """Write it into the record of the patient, and share it."""
    doctor, radiologist = (hospital.account(name) for name in ("doctor", "radiologist"))
    patient = hospital.found(f"Patient?_id={hospital.known['patient']}")[0]
    subject = {"reference": f"Patient/{patient['id']}"}
    binary = {
        "resourceType": "Binary",
        "contentType": "text/plain",
        "securityContext": subject,
        "data": base64.b64encode(LETTER.encode()).decode(),
    }
    file = hospital.made(binary)["id"]
    letter = hospital.made(
        {
            "resourceType": "DocumentReference",
            "status": "current",
            "docStatus": "final",
            "type": {"coding": [_loinc("57133-1", "Referral note")], "text": "Referral note"},
            "category": [{"coding": [_loinc("47049-2", "Communication")]}],
            "subject": subject,
            "date": clock.now().isoformat(),
            "author": [doctor],
            "description": "Referral: knee, left",
            "content": [
                {
                    "attachment": {
                        "contentType": "text/plain",
                        "url": f"Binary/{file}",
                        "creation": hospital.today.isoformat(),
                    }
                }
            ],
        }
    )["id"]
    name = patient["name"][0]
    born = date.fromisoformat(patient["birthDate"])
    # As the chart writes it: who sees only this document knows by that whose it is.
    whose = f"{name['family'].upper()}, {name['given'][0]} · Born {born:%d-%b-%Y}"
    hospital.made(
        {
            "resourceType": "Consent",
            "status": "active",
            "scope": {"coding": [{"system": CONSENT_SCOPE, "code": "patient-privacy"}]},
            "category": [{"coding": [{"system": CATEGORIES, "code": CATEGORY}]}],
            "patient": subject | {"display": f"{whose} · {number_of(patient)}"},
            "dateTime": clock.now().isoformat(),
            "performer": [doctor],
            "policyRule": {"text": "Sharing of single documents for a time"},
            "provision": {
                "type": "permit",
                "period": {"end": (clock.now() + timedelta(days=7)).date().isoformat()},
                "actor": [{"role": {"text": "receiver"}, "reference": radiologist}],
                "data": [
                    {"meaning": "instance", "reference": {"reference": reference}}
                    for reference in (f"DocumentReference/{letter}", f"Binary/{file}")
                ],
            },
        }
    )
    hospital.known["letter"] = letter


def _loinc(code: str, display: str) -> dict[str, str]:
    return {"system": "http://loinc.org", "code": code, "display": display}
