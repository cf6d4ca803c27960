"""Policies as FHIR resources: the same there and back, approved by a second pair of eyes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fhirserver import ids
from fhirserver.access.policy import Policy, policy_of
from fhirserver.access.policy_resource import is_policy, policy_of_resource, resource_of
from fhirserver.access.shipped import shipped_policies
from fhirserver.errors import Unprocessable
from tests.access.conftest import As, Put

MakeApp = Callable[..., Flask]


@pytest.mark.parametrize("name", sorted(shipped_policies()))
def test_a_policy_reads_as_it_was_written(name: str) -> None:
    policy = shipped_policies()[name]

    resource = resource_of(policy)

    assert is_policy(resource)
    assert policy_of_resource(resource) == policy


def test_a_predicate_in_predicates_reads_as_it_was_written() -> None:
    where = {
        "any": [
            {"all": [{"own": True}, {"not": {"labels": ["|R", "a|b"]}}]},
            {"refers": ["sender", "recipient"], "to": "us"},
            {"ids": ["a"]},
        ]
    }
    policy = policy_of(
        {
            "name": "a",
            "roles": ["r"],
            "clients": ["c", "d"],
            "powers": ["administer"],
            "rules": [{"types": ["Patient"], "rights": "r", "where": where, "hidden": ["photo"]}],
        }
    )

    assert policy_of_resource(resource_of(policy)) == policy


@pytest.mark.parametrize(
    "extension",
    [
        {"url": "name", "valueString": "a"},
        {"url": "http://elsewhere/x", "valueString": "a"},
        {"url": "rule", "valueInteger": 1},
    ],
)
def test_what_is_no_policy_is_refused(extension: dict[str, Any]) -> None:
    resource = resource_of(Policy("a", roles=frozenset("r")))
    resource["extension"][0]["extension"].append(extension)

    with pytest.raises(Unprocessable):
        policy_of_resource(resource)


def proposal(name: str, status: str = "draft", role: str = "guest", **rule: Any) -> dict[str, Any]:
    rules = [{"types": ["Organization"], "rights": "rs", **rule}]
    return resource_of(policy_of({"name": name, "roles": [role], "status": status, "rules": rules}))


@pytest.fixture
def name() -> str:
    return f"p-{ids.new()[:8]}"


def write(client: FlaskClient, resource: dict[str, Any], id_: str | None = None) -> Any:
    id_ = id_ or resource["id"]
    return client.put(f"/fhir/Basic/{id_}", json={**resource, "id": id_})


def proposed(client: FlaskClient, resource: dict[str, Any]) -> str:
    """The id of a new resource."""
    answer = client.post("/fhir/Basic", json=resource)
    assert answer.status_code == 201, answer.text
    return str(answer.get_json()["id"])


def test_a_policy_takes_effect_when_another_administrator_approves(as_user: As, name: str) -> None:
    proposer, approver = as_user("admin"), as_user("admin")
    guest = as_user(f"guest-{name}")
    draft, active = (proposal(name, s, f"guest-{name}") for s in ("draft", "active"))

    assert proposer.post("/fhir/Basic", json=active).status_code == 403
    policy = proposed(proposer, draft)
    assert guest.get("/fhir/Organization").status_code == 403
    assert write(proposer, active, policy).status_code == 403
    assert guest.get("/fhir/Organization").status_code == 403
    assert write(approver, active, policy).status_code == 200
    # Whoever asks next has the new rights.
    assert guest.get("/fhir/Organization").status_code == 200


def test_what_is_approved_is_what_was_proposed(as_user: As, name: str) -> None:
    policy = proposed(as_user("admin"), proposal(name))

    other = proposal(name, "active", types=["Patient"])

    assert write(as_user("admin"), other, policy).status_code == 403


def test_what_is_in_force_stays_while_a_change_waits(
    client: FlaskClient, as_user: As, name: str
) -> None:
    guest = as_user(f"guest-{name}")
    assert write(client, proposal(name, "active", f"guest-{name}")).status_code == 201
    assert guest.get("/fhir/Organization").status_code == 200

    narrowed = proposal(name, "draft", f"guest-{name}", types=["Location"])
    assert write(as_user("admin"), narrowed).status_code == 200

    assert guest.get("/fhir/Organization").status_code == 200
    assert guest.get("/fhir/Location").status_code == 403


def test_a_policy_in_force_is_not_deleted_by_one_alone(
    client: FlaskClient, as_user: As, name: str
) -> None:
    assert write(client, proposal(name, "active", f"guest-{name}")).status_code == 201

    assert as_user("admin").delete(f"/fhir/Basic/{name}").status_code == 403
    assert client.delete(f"/fhir/Basic/{name}").status_code == 204
    assert as_user(f"guest-{name}").get("/fhir/Organization").status_code == 403


def test_without_four_eyes_one_is_enough(make_app: MakeApp, as_user: As, name: str) -> None:
    alone = as_user("admin", app=make_app(policies_need_approval=False))

    proposed(alone, proposal(name, "active", f"guest-{name}"))

    assert as_user(f"guest-{name}").get("/fhir/Organization").status_code == 200


@pytest.mark.parametrize("role", ["doctor", "reception", "auditor", "patient"])
def test_nobody_else_writes_policies(as_user: As, name: str, role: str) -> None:
    answer = as_user(role, "Practitioner/x").post("/fhir/Basic", json=proposal(name))

    assert answer.status_code == 403


def test_an_administrator_makes_no_policy_of_another_basic(
    client: FlaskClient, as_user: As, name: str
) -> None:
    other = {"resourceType": "Basic", "id": name, "code": {"text": "other"}}
    assert write(client, other).status_code == 201

    assert write(as_user("admin"), proposal(name)).status_code in (403, 404)


def test_a_rule_that_cannot_be_used_is_refused_with_its_place(
    client: FlaskClient, name: str
) -> None:
    answer = write(client, proposal(name, where={"search": "fur=red"}))

    assert answer.status_code == 422
    issue = answer.get_json()["issue"][0]
    assert issue["expression"][0].startswith("Basic.extension[0].extension[")
    assert "fur" in issue["diagnostics"]


def test_two_resources_are_not_the_same_policy(client: FlaskClient, name: str) -> None:
    assert write(client, proposal(name, "active")).status_code == 201
    twin = {**proposal(name, "active"), "id": f"{name}-2"}

    assert write(client, twin).status_code == 409


def test_a_stored_policy_stands_for_the_shipped_one_until_it_goes(
    client: FlaskClient, as_user: As, put: Put
) -> None:
    labtech = as_user("labtech", "Practitioner/x")
    assert labtech.get("/fhir/Organization").status_code == 200
    instead = resource_of(policy_of({"name": "labtech", "roles": ["labtech"], "rules": []}))
    assert write(client, instead).status_code == 201

    try:
        assert labtech.get("/fhir/Organization").status_code == 403
    finally:
        assert client.delete("/fhir/Basic/labtech").status_code == 204
    assert labtech.get("/fhir/Organization").status_code == 200


def test_a_policy_conforms_to_its_profile(client: FlaskClient) -> None:
    doctor = resource_of(shipped_policies()["doctor"])

    answer = client.post("/fhir/Basic/$validate", json=doctor)

    issues = [i for i in answer.get_json()["issue"] if i["severity"] in ("error", "fatal")]
    assert issues == []
    broken = {**doctor, "extension": []}
    assert "error" in client.post("/fhir/Basic/$validate", json=broken).text
