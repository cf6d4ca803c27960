"""What the people who are told may do with an alert, by the shipped policies."""

from __future__ import annotations

import pytest

from fhirserver import clock, ids
from fhirserver.storage import users
from fhirserver.storage.tokens import issue
from fhirserver.workflows.critical_results import act
from fhirserver.workflows.occasion import Change, Occasion
from tests.workflows.alert_world import World, reference

PATCH = {"Content-Type": "application/merge-patch+json"}


@pytest.fixture
def world(client):
    return World(client)


@pytest.fixture
def alert(world, engine):
    """The task of a critical result."""
    made = world.made(world.result("2823-3", "7.1", "mmol/L"))
    change = Change("Observation", made["id"], 1, "C", None)
    act(Occasion(engine, "critical_results", change, made, None))
    return world.tasks()[0]


@pytest.fixture
def signed_in(app, database):
    def make(role, who):
        user = users.add(database, f"u-{ids.new()}", fhir_user=who, roles=[role])
        token = issue(
            database, subject=user.name, scope="user/*.cruds", lifetime_seconds=600, user=user.id
        )
        made = app.test_client()
        made.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return made

    return make


def test_the_doctor_who_was_told_reads_the_message_and_takes_the_task_on(world, alert, signed_in):
    doctor = signed_in("doctor", reference(world.attending))
    (message,) = world.messages()
    assert doctor.get(f"/fhir/{reference(message)}").status_code == 200

    receipt = {"status": "completed", "received": clock.now().isoformat()}
    read = doctor.patch(f"/fhir/{reference(message)}", json=receipt, headers=PATCH)
    taken = doctor.patch(f"/fhir/{reference(alert)}", json={"status": "accepted"}, headers=PATCH)

    assert (read.status_code, taken.status_code) == (200, 200), (read.text, taken.text)
    assert "received" in world.messages()[0]
    assert world.current(alert)["status"] == "accepted"


def test_a_doctor_who_has_nothing_to_do_with_it_sees_none_of_it(world, alert, signed_in):
    other = world.made({"resourceType": "Practitioner"})
    doctor = signed_in("doctor", reference(other))
    shown = [alert, *world.messages(), *world.found("DetectedIssue")]

    assert {doctor.get(f"/fhir/{reference(r)}").status_code for r in shown} == {404}


def test_staff_get_the_occupancy_and_patients_do_not(world, signed_in):
    doctor = signed_in("doctor", reference(world.attending))
    patient = signed_in("patient", reference(world.patient))

    for name in ("$occupancy", "$capacity"):
        assert doctor.get(f"/fhir/Location/{name}").status_code == 200
        assert patient.get(f"/fhir/Location/{name}").status_code == 403
