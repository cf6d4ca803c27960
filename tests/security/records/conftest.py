"""Two patients, one of whom asks for more than is theirs; and a doctor who treats only her."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from fhirserver import ids
from tests.access.conftest import As, Put, as_user, put

__all__ = ["as_user", "put"]

LOINC = "http://loinc.org"
LABELS = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
V = {"security": [{"system": LABELS, "code": "V"}]}
HIV = {"coding": [{"system": LOINC, "code": "75622-1"}]}
PULSE = {"coding": [{"system": LOINC, "code": "8867-4"}]}
VITAL = [
    {
        "coding": [
            {
                "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                "code": "vital-signs",
            }
        ]
    }
]


def ref(resource: dict[str, Any]) -> dict[str, str]:
    return {"reference": f"{resource['resourceType']}/{resource['id']}"}


class Two:
    """`a` and `b` are patients, `pa` speaks for a; `dn` for a doctor who treats a."""

    def __init__(self, put: Put, as_user: As) -> None:
        self.put = put
        self.mrn = f"m-{ids.new()}"
        self.a = put("Patient", name=[{"family": "Aa"}], gender="female", active=True)
        self.b = put(
            "Patient",
            name=[{"family": "Bb"}],
            gender="male",
            birthDate="1980-02-03",
            identifier=[{"system": "urn:mrn", "value": self.mrn}],
        )
        self.doctor = put("Practitioner", name=[{"family": "Dd"}])
        self.visit = put(
            "Encounter",
            status="in-progress",
            **{"class": {"code": "IMP"}},
            subject=ref(self.a),
            participant=[{"individual": ref(self.doctor)}],
            period={"start": "2026-01-01"},
        )
        self.oa = self.observation(self.a, 70)
        self.ob = self.observation(self.b, 80)
        self.pa = as_user("patient", f"Patient/{self.a['id']}")
        self.dn = as_user("doctor", f"Practitioner/{self.doctor['id']}")

    def observation(
        self, patient: dict[str, Any], value: int = 60, code: Any = PULSE, **more: Any
    ) -> dict[str, Any]:
        return self.put("Observation", **self.pulse(patient, value, code, **more))

    def pulse(self, patient: Any, value: int = 60, code: Any = PULSE, **more: Any) -> Any:
        made = {
            "status": "final",
            "category": VITAL,
            "code": code,
            "valueQuantity": {"value": value, "unit": "/min"},
            **more,
        }
        return made | ({"subject": ref(patient)} if patient else {})


@pytest.fixture
def two(put: Put, as_user: As) -> Two:
    return Two(put, as_user)


def found(client: FlaskClient, url: str) -> set[str]:
    """The ids of what a search finds."""
    answer = client.get(f"/fhir/{url}")
    assert answer.status_code == 200, answer.text
    return {e["resource"]["id"] for e in answer.get_json().get("entry", ())}


def total(client: FlaskClient, url: str) -> int:
    answer = client.get(f"/fhir/{url}")
    assert answer.status_code == 200, answer.text
    return int(answer.get_json()["total"])


def is_as_absent(client: FlaskClient, url: str, hidden: str, method: str = "get", **more: Any):
    """Whether an address answers of a hidden id as of one that nobody has."""
    nobody = ids.new()
    send = getattr(client, method)
    one, other = send(f"/fhir/{url}", **more), send(f"/fhir/{url.replace(hidden, nobody)}", **more)
    assert one.status_code == other.status_code, (one.text, other.text)
    told = re.sub(r"\s+", " ", one.text.replace(hidden, "ID"))
    assert told == re.sub(r"\s+", " ", other.text.replace(nobody, "ID"))
    return one.status_code
