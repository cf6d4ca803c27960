"""Patients for tests of the apps: made by the hospital's own system, some in the care of an account."""

from __future__ import annotations

from conformance.faults.client import Resource
from conformance.faults.server import Server
from fhirserver import ids
from fhirserver.storage.users import user_by_name


def a_name() -> str:
    """A family name that nobody else has, of letters as names are."""
    return "Test" + ids.new()[-7:].translate(str.maketrans("0123456789", "ghijklmnop"))


def who_is(hospital: Server, user: str) -> tuple[str, str]:
    """What an account stands for, such as Practitioner/1, and its name."""
    with hospital.database() as database:
        account = user_by_name(database, user)
    assert account is not None, user
    assert account.fhir_user is not None, user
    return account.fhir_user, account.display or ""


def made(hospital: Server, resource: Resource) -> Resource:
    """The resource as it is stored."""
    with hospital.client() as client:
        answer = client.send("POST", resource["resourceType"], resource)
    assert answer.status == 201, answer.says
    return answer.json


def a_patient(hospital: Server, **more: object) -> Resource:
    """A patient with a number, a phone, a mail address and an address."""
    number = ids.new()[-8:].upper()
    return made(
        hospital,
        {
            "resourceType": "Patient",
            "active": True,
            "identifier": [
                {
                    "use": "usual",
                    "type": {"coding": [{"code": "MR"}]},
                    "system": "https://fhirserver.example/mrn",
                    "value": f"MRN{number}",
                }
            ],
            "name": [{"use": "official", "family": a_name(), "given": ["Ngozi", "Ada"]}],
            "gender": "female",
            "birthDate": "1945-07-14",
            "telecom": [
                {"system": "phone", "use": "mobile", "value": f"0{int(number, 36) % 10**9}"},
                {"system": "email", "use": "home", "value": f"{number.lower()}@mail.example"},
            ],
            "address": [{"use": "home", "line": ["Main street 1"], "city": "Tucson"}],
            **more,
        },
    )


def cared_for(hospital: Server, patient: Resource, user: str, **more: object) -> Resource:
    """An encounter that brings the patient into the care of an account."""
    return made(
        hospital,
        {
            "resourceType": "Encounter",
            "status": "in-progress",
            "class": {
                "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
                "code": "AMB",
                "display": "ambulatory",
            },
            "subject": {"reference": f"Patient/{patient['id']}"},
            "participant": [{"individual": {"reference": who_is(hospital, user)[0]}}],
            "period": {"start": "2026-11-02T08:00:00Z"},
            **more,
        },
    )


def read(hospital: Server, patient: Resource) -> Resource:
    """The patient as it is stored now."""
    with hospital.client() as client:
        return client.send("GET", f"Patient/{patient['id']}").json


def changed(hospital: Server, patient: Resource, **more: object) -> Resource:
    """Somebody else changes the patient."""
    with hospital.client() as client:
        now = client.send("GET", f"Patient/{patient['id']}").json
        answer = client.send("PUT", f"Patient/{patient['id']}", {**now, **more})
    assert answer.status == 200, answer.says
    return answer.json


def merged(hospital: Server, source: Resource, target: Resource) -> None:
    """Two records of one person become one."""
    body = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": f"{name}-patient", "valueReference": {"reference": f"Patient/{one['id']}"}}
            for name, one in (("source", source), ("target", target))
        ],
    }
    with hospital.client() as client:
        answer = client.send("POST", "Patient/$merge", body)
    assert answer.status == 200, answer.says
