"""$explain-access: why somebody sees a resource, or doesn't."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from fhirserver import ids
from fhirserver.access.labels import CONFIDENTIALITY
from fhirserver.storage import users
from fhirserver.storage.database import Database
from fhirserver.storage.users import Account
from tests.access.conftest import As, Put


@pytest.fixture
def doctor(put: Put, database: Database) -> Account:
    practitioner = put("Practitioner", name=[{"family": "D"}])
    return users.add(
        database,
        f"u-{ids.new()}",
        fhir_user=f"Practitioner/{practitioner['id']}",
        roles=["doctor"],
    )


def an_observation(put: Put, doctor: Account, **meta: Any) -> str:
    """An observation of a patient in the doctor's care."""
    patient = {"reference": f"Patient/{put('Patient', name=[{'family': 'P'}])['id']}"}
    put(
        "CareTeam",
        status="active",
        subject=patient,
        participant=[{"member": {"reference": doctor.fhir_user}}],
    )
    made = put("Observation", status="final", code={"text": "x"}, subject=patient, **meta)
    return f"Observation/{made['id']}"


def explained(by: FlaskClient, user: str, resource: str, right: str = "r") -> dict[str, Any]:
    answer = by.get(f"/fhir/$explain-access?user={user}&resource={resource}&right={right}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = {"steps": []}
    for parameter in answer.get_json()["parameter"]:
        if parameter["name"] == "step":
            found["steps"].append(
                {p["name"]: p.get("valueBoolean", p.get("valueCode")) for p in parameter["part"]}
            )
        else:
            found[parameter["name"]] = parameter.get("valueBoolean", parameter.get("valueString"))
    return found


def test_it_names_the_rule_that_permits(put: Put, as_user: As, doctor: Account) -> None:
    found = explained(as_user("auditor"), doctor.name, an_observation(put, doctor))

    assert found["allowed"] is True
    assert "the policy doctor permits it" in found["explanation"]
    assert "treatment" in found["explanation"]


def test_it_says_that_no_rule_permits(put: Put, as_user: As, doctor: Account) -> None:
    stranger = put("Patient", name=[{"family": "S"}])

    found = explained(as_user("auditor"), doctor.id, f"Patient/{stranger['id']}")

    assert found["allowed"] is False
    assert "no rule of their policies permits it" in found["explanation"]


def test_it_says_that_a_label_keeps_it_away(put: Put, as_user: As, doctor: Account) -> None:
    restricted = {"security": [{"system": CONFIDENTIALITY, "code": "R"}]}
    observation = an_observation(put, doctor, meta=restricted)

    found = explained(as_user("auditor"), doctor.name, observation)

    assert found["allowed"] is False
    assert "clearances" in found["explanation"]
    assert {"kind": "label", "holds": False}.items() <= next(
        s for s in found["steps"] if s["kind"] == "label"
    ).items()


def test_it_tells_that_an_account_is_disabled(
    put: Put, as_user: As, doctor: Account, database: Database
) -> None:
    observation = an_observation(put, doctor)
    users.set_active(database, doctor.id, is_active=False)

    found = explained(as_user("auditor"), doctor.name, observation)

    assert (found["allowed"], "disabled" in found["explanation"]) == (False, True)


@pytest.mark.parametrize("role", ["doctor", "admin", "patient"])
def test_nobody_else_asks(as_user: As, doctor: Account, role: str) -> None:
    answer = as_user(role, doctor.fhir_user).get(
        f"/fhir/$explain-access?user={doctor.name}&resource=Patient/1"
    )

    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("user=nobody-of-this-name&resource=Patient/1", 404),
        ("user={doctor}&resource=Patient/nobody", 404),
        ("user={doctor}&resource=Pet/1", 400),
        ("user={doctor}&resource=Patient/1&right=x", 400),
        ("user={doctor}", 400),
    ],
)
def test_it_takes_a_user_and_a_resource(
    client: FlaskClient, doctor: Account, query: str, status: int
) -> None:
    answer = client.get(f"/fhir/$explain-access?{query.format(doctor=doctor.name)}")

    assert answer.status_code == status
