"""Nobody is told of what they may not see: their rights are looked up when something is sent."""

from __future__ import annotations

import time

import pytest

from fhirserver import ids
from fhirserver.storage import users
from fhirserver.storage.tokens import issue
from tests.builders import a_patient, an_observation


@pytest.fixture
def doctor(hooks_app, hooks, database):
    """A doctor who may subscribe, with a patient of theirs and one of somebody else."""

    class Doctor:
        me = hooks.post("/fhir/Practitioner", json={"resourceType": "Practitioner"}).json["id"]
        account = users.add(
            database,
            f"u-{ids.new()}",
            roles=["admin", "doctor"],
            fhir_user=f"Practitioner/{me}",
        )
        client = hooks_app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = "Bearer " + issue(
            database,
            subject=account.name,
            scope="user/*.cruds",
            lifetime_seconds=600,
            user=account.id,
        )

        def patient(self, *, is_own):
            made = hooks.post("/fhir/Patient", json=a_patient()).json["id"]
            if is_own:
                self.team(made)
            return f"Patient/{made}"

        def team(self, patient, status="active"):
            return hooks.put(
                f"/fhir/CareTeam/of-{patient}",
                json={
                    "resourceType": "CareTeam",
                    "id": f"of-{patient}",
                    "status": status,
                    "subject": {"reference": f"Patient/{patient}"},
                    "participant": [{"member": {"reference": f"Practitioner/{self.me}"}}],
                },
            )

    return Doctor()


def noted(hooks, code, patient, **more):
    body = an_observation(
        code={"coding": [{"system": "urn:test", "code": code}]}, subject={"reference": patient}
    )
    answer = hooks.post("/fhir/Observation", json={**body, **more})
    assert answer.status_code == 201
    return answer.json


def test_064_only_what_the_subscriber_may_see_is_told_and_numbered(
    hooks, doctor, peer, turn, subscribe
):
    code = ids.new()
    subscribe(f"Observation?code=urn:test|{code}", peer.address, client=doctor.client)
    own, others = doctor.patient(is_own=True), doctor.patient(is_own=False)

    for patient in (others, own, others, own, others):
        noted(hooks, code, patient)
    turn()

    assert peer.numbers() == [1, 2]


def test_064_a_chain_goes_only_through_what_the_subscriber_may_see(
    hooks, doctor, peer, turn, subscribe
):
    family = f"F{ids.new()[:8]}"
    subscribe(f"Observation?subject:Patient.family={family}", peer.address, client=doctor.client)
    own, others = doctor.patient(is_own=True), doctor.patient(is_own=False)
    for patient in (own, others):
        id_ = patient.partition("/")[2]
        stored = hooks.get(f"/fhir/{patient}").json
        hooks.put(f"/fhir/Patient/{id_}", json={**stored, "name": [{"family": family}]})

    noted(hooks, "x", others)
    noted(hooks, "x", own)
    turn()

    assert peer.numbers() == [1]


def test_063_who_loses_the_patient_is_told_nothing_more(hooks, doctor, peer, turn, subscribe):
    code = ids.new()
    subscribe(f"Observation?code=urn:test|{code}", peer.address, client=doctor.client,
              payload="application/fhir+json")  # fmt: skip
    own = doctor.patient(is_own=True)
    noted(hooks, code, own)
    turn()

    noted(hooks, code, own)
    assert doctor.team(own.partition("/")[2], status="inactive").status_code == 200
    turn()
    noted(hooks, code, own)
    turn()

    assert peer.numbers() == [1]


def test_063_what_could_be_seen_at_the_first_attempt_is_not_shown_at_the_second(
    hooks, doctor, peer, turn, subscribe
):
    code = ids.new()
    subscribe(f"Observation?code=urn:test|{code}", peer.address, client=doctor.client,
              payload="application/fhir+json")  # fmt: skip
    own = doctor.patient(is_own=True)

    def loses_the_patient_and_fails(_):
        peer.answer = lambda _: 200
        doctor.team(own.partition("/")[2], status="inactive")
        return 503

    peer.answer = loses_the_patient_and_fails
    noted(hooks, code, own)
    turn()

    first, second = peer.arrived
    assert (first.number, second.number) == (1, 1)
    assert first.body["resourceType"] == "Observation"
    assert (second.method, second.raw) == ("POST", b"")


def test_a_disabled_user_is_told_nothing(database, hooks, doctor, peer, turn, subscribe):
    code = ids.new()
    id_ = subscribe(f"Observation?code=urn:test|{code}", peer.address, client=doctor.client)
    own = doctor.patient(is_own=True)
    turn()
    users.set_active(database, doctor.account.id, is_active=False)

    noted(hooks, code, own)
    turn()

    assert peer.arrived == []
    found = hooks.get(f"/fhir/Subscription/{id_}").json
    assert (found["status"], "no longer sign in" in found["error"]) == ("error", True)


def test_hidden_elements_are_hidden_from_what_is_sent(
    hooks_app, hooks, peer, turn, subscribe, database
):
    # An administrator sees AuditEvents without whom they were about.
    account = users.add(database, f"u-{ids.new()}", roles=["admin"])
    client = hooks_app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = "Bearer " + issue(
        database, subject="a", scope="user/*.cruds", lifetime_seconds=600, user=account.id
    )
    code = ids.new()
    subscribe(f"AuditEvent?type=urn:test|{code}", peer.address, client=client,
              payload="application/fhir+json")  # fmt: skip

    event = {
        "resourceType": "AuditEvent",
        "type": {"system": "urn:test", "code": code},
        "recorded": "2026-01-01T00:00:00Z",
        "agent": [{"requestor": True}],
        "source": {"observer": {"display": "x"}},
        "entity": [{"what": {"display": "somebody"}}],
    }
    assert hooks.post("/fhir/AuditEvent", json=event).status_code == 201
    turn()

    (call,) = peer.arrived
    assert call.body["type"]["code"] == code
    assert "entity" not in call.body


def test_what_is_sent_goes_on_record_as_shown_to_the_subscriber(
    hooks, doctor, peer, turn, subscribe
):
    code = ids.new()
    subscribe(f"Observation?code=urn:test|{code}", peer.address, client=doctor.client,
              payload="application/fhir+json")  # fmt: skip
    made = noted(hooks, code, doctor.patient(is_own=True))
    turn()
    path = f"/fhir/AuditEvent?entity=Observation/{made['id']}&subtype=vread"
    ends = time.monotonic() + 60
    while not (found := hooks.get(path).json).get("entry") and time.monotonic() < ends:
        time.sleep(0.1)

    (entry,) = found["entry"]
    who = [a["who"].get("reference") for a in entry["resource"]["agent"]]
    assert f"Practitioner/{doctor.me}" in who
