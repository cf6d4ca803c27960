"""What those who look after interfaces see of jobs and subscriptions, and what they may do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from fhirserver import ids, queues
from fhirserver.storage.database import Database
from tests.access.conftest import As

HEADERS = {"Prefer": "respond-async"}
SECRET = {
    "resourceType": "Subscription",
    "status": "requested",
    "reason": "Potassium for the renal unit",
    "criteria": "Observation?patient=Patient/4711&code=2823-3",
    "channel": {
        "type": "rest-hook",
        "endpoint": "https://192.88.99.1/hook?key=6af0",
        "header": ["Authorization: Bearer 6af0"],
    },
}


@pytest.mark.parametrize("role", ["integrator", "admin", "auditor"])
def test_jobs_are_listed_without_what_they_are_about(
    as_user: As, client: FlaskClient, role: str
) -> None:
    begun = client.post("/fhir/Basic/$reindex")
    assert begun.status_code == 202, begun.text
    number = int(begun.headers["Content-Location"].rpartition("=")[2])
    query = {"_type": "Patient", "_typeFilter": "Patient?name=Wolkenstein"}
    asked = client.get("/fhir/$export", query_string=query, headers=HEADERS)
    assert asked.status_code == 202, asked.text

    answer = as_user(role).get("/admin/jobs")
    found: Any = answer.get_json()

    assert answer.status_code == 200, answer.text
    [job] = [j for j in found["reindex"] if j["id"] == number]
    assert (job["state"], [t["type"] for t in job["types"]]) == ("waiting", ["Basic"])
    [bulk] = [j for j in found["bulk"] if asked.headers["Content-Location"].endswith(j["id"])]
    assert (bulk["kind"], bulk["state"]) == ("export", "waiting")
    assert bulk["request"].endswith("/fhir/$export")
    assert "Wolkenstein" not in answer.text
    assert {"topic", "waiting", "dead"} <= found["queues"][0].keys()
    client.delete(asked.headers["Content-Location"])
    client.post(f"/fhir/$reindex-cancel?job={number}")


def test_subscriptions_are_listed_without_secrets_and_patients(
    as_user: As, client: FlaskClient
) -> None:
    made = client.post("/fhir/Subscription", json=SECRET)
    assert made.status_code == 201, made.text

    answer = as_user("integrator").get("/admin/subscriptions")

    found: Any = answer.get_json()
    [mine] = [s for s in found["subscriptions"] if s["id"] == made.get_json()["id"]]
    assert mine["criteria"] == "Observation by patient, code"
    assert mine["endpoint"] == "https://192.88.99.1/hook"
    assert (mine["status"], mine["events"], mine["channel"]) == ("requested", 0, "rest-hook")
    assert not any(secret in answer.text for secret in ("6af0", "4711"))
    failed = as_user("integrator").get("/admin/subscriptions?status=error").get_json()
    assert all(s["status"] == "error" for s in failed["subscriptions"])
    assert as_user("integrator").get("/admin/subscriptions?status=lost").status_code == 400


@pytest.mark.parametrize("role", ["doctor", "nurse", "reception", "patient"])
def test_nobody_else_sees_them(as_user: As, role: str) -> None:
    client = as_user(role)

    assert client.get("/admin/jobs").status_code == 403
    assert client.get("/admin/subscriptions").status_code == 403
    assert client.post("/admin/subscriptions/1/restart", json={}).status_code == 403


def test_only_one_that_failed_begins_again(
    as_user: As, client: FlaskClient, database: Database
) -> None:
    id_ = client.post("/fhir/Subscription", json=SECRET).get_json()["id"]  # type: ignore[index]
    integrator = as_user("integrator")

    assert integrator.post(f"/admin/subscriptions/{id_}/restart", json={}).status_code == 409
    assert integrator.post("/admin/subscriptions/none/restart", json={}).status_code == 404
    assert as_user("auditor").post(f"/admin/subscriptions/{id_}/restart").status_code == 403


@pytest.fixture
def given_up(database: Database) -> Iterator[str]:
    """A topic with two items that were given up."""
    topic = f"t-{ids.new()}"

    def fail(item: queues.Item) -> None:
        raise queues.GiveUp(f"nobody answers {item.content['n']}")

    queues.add(database, topic, [queues.New("Patient/4711", {"n": n}) for n in (1, 2)])
    queues.work(database, topic, fail, seconds=5)
    yield topic
    database.write("DELETE FROM queue.item WHERE topic = %s", (topic,))


def test_what_was_given_up_is_listed_and_tried_again(
    as_user: As, database: Database, given_up: str
) -> None:
    integrator, path = as_user("integrator"), f"/admin/queues/{given_up}"

    listed = integrator.get(f"{path}/dead")

    found = listed.get_json()["dead"]
    assert {d["reason"] for d in found} == {"nobody answers 1", "nobody answers 2"}
    assert "4711" not in listed.text
    one = integrator.post(f"{path}/revive", json={"ids": [found[0]["id"], 2**40]})
    assert one.get_json() == {"revived": 1}
    other = integrator.post("/admin/queues/another/revive", json={"ids": [found[1]["id"]]})
    assert other.get_json() == {"revived": 0}
    assert integrator.post(f"{path}/revive", json={}).get_json() == {"revived": 1}
    assert queues.dead(database, topic=given_up) == []
    assert integrator.post(f"{path}/revive", json={"ids": "all"}).status_code == 400


@pytest.mark.parametrize("role", ["auditor", "doctor"])
def test_who_does_not_operate_revives_nothing(as_user: As, given_up: str, role: str) -> None:
    answer = as_user(role).post(f"/admin/queues/{given_up}/revive", json={})

    assert answer.status_code == 403
