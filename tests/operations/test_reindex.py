"""$reindex, $reindex-status and $reindex-cancel."""

from __future__ import annotations

import pytest

from fhirserver.storage import reindex
from tests.answers import done, place_of, refused
from tests.builders import a_patient
from tests.storage.conftest import own_app, own_client, own_url

__all__ = ["own_app", "own_client", "own_url"]

BASIC = {"resourceType": "Basic", "code": {"text": "x"}}


@pytest.fixture
def client(own_client):
    return own_client


@pytest.fixture
def worked(own_app):
    """Does what a worker does, for so long."""

    def run(seconds: float = 30.0) -> bool:
        return reindex.work(own_app.extensions["fhirserver"].context.store, seconds=seconds)

    yield run
    run()


def told(parameters) -> dict:
    """A job's values by name; of each type, too."""
    assert parameters["resourceType"] == "Parameters"
    found: dict = {}
    for p in parameters["parameter"]:
        if "part" in p:
            parts = told({"resourceType": "Parameters", "parameter": p["part"]})
            found.setdefault("types", {})[parts["code"]] = parts
        elif p["name"] == "waiting":
            found.setdefault("waiting", []).append(p["valueString"])
        else:
            found[p["name"]] = next(v for k, v in p.items() if k.startswith("value"))
    return found


def start(client, where="Basic/$reindex", **more):
    answer = client.post(f"/fhir/{where}", **more)
    return told(done(answer, 202)), answer.headers["Content-Location"]


def status(client, location):
    return client.get(location.removeprefix("http://127.0.0.1:8000"))


def test_a_job_is_started_and_says_where_to_ask(client, worked) -> None:
    client.post("/fhir/Basic", json=BASIC)

    job, location = start(client)
    before = status(client, location)
    worked()
    after = status(client, location)

    assert job["state"] == "waiting"
    assert (before.status_code, before.headers["Retry-After"]) == (202, "10")
    assert before.headers["X-Progress"].startswith("waiting: 0 resources done")
    assert after.status_code == 200
    ended = told(after.json)
    assert ended["state"] == "done"
    assert ended["done"] == ended["total"] > 0
    assert ended["toGo"] == 0
    assert ended["types"]["Basic"]["ended"] >= ended["types"]["Basic"]["begun"]


def test_progress_counts_resources_that_are_done_and_to_go(client, worked, monkeypatch) -> None:
    monkeypatch.setattr(reindex, "BATCH", 3)
    for _ in range(10):
        client.post("/fhir/Basic", json=BASIC)
    _, location = start(client)
    context = client.application.extensions["fhirserver"].context
    ((number, _, _),) = reindex._open_parts(context.store.database)

    reindex._begin(context.store.database, number, "Basic", float("inf"))
    reindex._batch(context.store, number, "Basic")
    now = told(done(status(client, location), 202))

    assert now["state"] == "running"
    assert now["done"] == 3
    assert now["toGo"] == now["total"] - 3 >= 7


def test_parameters_that_wait_are_named_until_they_answer(client, worked, monkeypatch) -> None:
    monkeypatch.setattr("fhirserver.interactions.search_parameters.AT_ONCE_SECONDS", 0.0)
    client.post("/fhir/Patient", json=a_patient(maritalStatus={"text": "It varies"}))
    parameter = {
        "resourceType": "SearchParameter", "url": "https://a.example/words", "name": "words",
        "status": "active", "description": "A test", "code": "words", "base": ["Patient"],
        "type": "string", "expression": "Patient.maritalStatus.text",
    }  # fmt: skip
    done(client.post("/fhir/SearchParameter", json=parameter), 201)

    job, location = start(client, "Patient/$reindex")
    issue = refused(client.get("/fhir/Patient?words=it"), 400)
    worked()
    after = told(done(status(client, location)))

    assert job["types"]["Patient"]["waiting"] == ["words"]
    assert "its index waits to be made" in issue["diagnostics"]
    assert "waiting" not in after["types"]["Patient"]
    assert done(client.get("/fhir/Patient?words=it&_summary=count"))["total"] == 1


def test_two_who_ask_before_it_begins_get_one_job(client, worked) -> None:
    everything = start(client, "$reindex")[0]["job"]

    one, another = start(client)[0]["job"], start(client)[0]["job"]

    assert one == another != everything


def test_types_are_named_at_system_level(client, worked) -> None:
    body = {
        "resourceType": "Parameters",
        "parameter": [{"name": "type", "valueCode": t} for t in ("Flag", "Basic", "Flag")],
    }

    job, _ = start(client, "$reindex", json=body)

    assert list(job["types"]) == ["Basic", "Flag"]


def test_without_a_type_it_is_everything(client, worked) -> None:
    job, location = start(client, "$reindex")

    assert len(job["types"]) == 146
    assert "total" not in job
    worked()
    assert told(done(status(client, location)))["state"] == "done"


def test_without_a_job_it_is_all_that_go_on(client, worked) -> None:
    worked()
    none = done(client.get("/fhir/$reindex-status"))
    one, other = start(client)[0], start(client, "Flag/$reindex")[0]

    both = done(client.get("/fhir/$reindex-status"))["parameter"]

    assert none == {"resourceType": "Parameters"}
    assert [told(p["resource"])["job"] for p in both] == [one["job"], other["job"]]


def test_a_job_is_cancelled(client, worked) -> None:
    job, location = start(client)

    cancelled = told(done(client.post(f"/fhir/$reindex-cancel?job={job['job']}")))
    worked()
    after = told(done(status(client, location)))

    assert cancelled["state"] == after["state"] == "cancelled"
    assert after["done"] == 0


def test_what_is_done_stays_done_when_it_is_cancelled(client, worked) -> None:
    job, _ = start(client)
    worked()

    assert told(done(client.post(f"/fhir/$reindex-cancel?job={job['job']}")))["state"] == "done"


def test_an_unknown_type_or_job_is_refused(client) -> None:
    issue = refused(client.post("/fhir/$reindex?type=Bed"), 400)

    assert place_of(issue) is None or "type" in place_of(issue)
    refused(client.get("/fhir/$reindex-status?job=987654321"), 404)
    refused(client.post("/fhir/$reindex-cancel?job=987654321"), 404)
    refused(client.get("/fhir/Basic/$reindex"), 405)


@pytest.mark.parametrize("scope", ["user/*.cruds", "system/*.rs", "system/Patient.cruds"])
def test_it_takes_a_system_that_may_update_the_type(own_app, client, worked, scope) -> None:
    from fhirserver.storage.tokens import issue

    database = own_app.extensions["fhirserver"].context.store.database
    token = issue(database, subject="t", scope=scope, lifetime_seconds=60)
    headers = {"Authorization": f"Bearer {token}"}
    job, _ = start(client)

    refused(client.post("/fhir/Basic/$reindex", headers=headers), 403)
    refused(client.get(f"/fhir/$reindex-status?job={job['job']}", headers=headers), 403)
    refused(client.post(f"/fhir/$reindex-cancel?job={job['job']}", headers=headers), 403)
