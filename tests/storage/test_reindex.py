"""Reindexing while everything goes on."""

from __future__ import annotations

import threading

import pytest

from conformance.faults import stored
from fhirserver.errors import Unavailable
from fhirserver.storage import reindex, reindex_jobs
from tests.answers import done, refused
from tests.builders import a_patient

CODE = "shoe"
URL = "https://a.example/SearchParameter/shoe"


@pytest.fixture
def context(app):
    return app.extensions["fhirserver"].context


@pytest.fixture
def patients(client):
    return [done(client.post("/fhir/Patient", json=with_shoe(n)), 201)["id"] for n in range(7)]


def with_shoe(size, **changes):
    return a_patient(extension=[{"url": "https://a.example/shoe", "valueInteger": size}], **changes)


@pytest.fixture
def parameter(context, client, patients, monkeypatch):
    """A parameter whose index nobody has made yet; in batches of two."""
    monkeypatch.setattr("fhirserver.interactions.search_parameters.work", lambda *a, **k: None)
    monkeypatch.setattr(reindex, "BATCH", 2)
    body = {
        "resourceType": "SearchParameter", "id": "shoe", "url": URL, "name": "Shoe",
        "status": "active", "description": "Size", "code": CODE, "base": ["Patient"],
        "type": "number",
        "expression": "Patient.extension.where(url='https://a.example/shoe').value.as(integer)",
    }  # fmt: skip
    yield done(client.put("/fhir/SearchParameter/shoe", json=body), 201)
    client.delete("/fhir/SearchParameter/shoe")
    # Nothing of it is left in the index that other tests look at.
    finish(context)


def finish(context):
    for _ in range(50):
        if reindex.work(context.store, seconds=5):
            return
    raise AssertionError


def step(context):
    """One batch of the only open job."""
    for job, resource_type, state in reindex._open_parts(context.store.database):
        if state == "waiting":
            reindex._begin(context.store.database, job, resource_type, float("inf"))
    for job, resource_type, _ in reindex._open_parts(context.store.database):
        reindex._batch(context.store, job, resource_type)


def test_a_search_says_how_far_it_is_until_all_is_done(context, client, parameter):
    address = f"/fhir/Patient?{CODE}=3"
    waiting = refused(client.get(address), 400)
    assert "waits" in waiting["diagnostics"]

    step(context)
    running = refused(client.get(address), 400)
    assert "%" in running["diagnostics"]

    finish(context)
    assert len(done(client.get(address))["entry"]) >= 1


@pytest.mark.parametrize("query", ["_sort=shoe", "_has:Observation:patient:code=x&shoe=1"])
def test_nothing_else_asks_an_index_that_is_not_complete(client, parameter, query):
    refused(client.get(f"/fhir/Patient?{query}"), 400)


def test_a_resource_that_is_changed_meanwhile_keeps_the_rows_of_its_new_version(
    context, client, parameter, patients
):
    step(context)
    for n, id_ in enumerate(patients):
        # The extension stays, so the writer alone would see no difference in these rows.
        done(client.put(f"/fhir/Patient/{id_}", json=with_shoe(n, id=id_, active=False)))
    done(client.delete(f"/fhir/Patient/{patients[-1]}"), 204)
    finish(context)

    assert stored.index_wrong(context.store, "Patient") == []
    assert stored.unknown_index_rows(context.store.database, ["Patient"]) == []


def test_writers_and_several_reindexers_at_once_lose_nothing(
    context, client, client_of, app, parameter, patients, at_once
):
    stop = threading.Event()

    def write(number):
        try:
            mine = client_of(app)
            for turn in range(25):
                body = with_shoe(turn, id=patients[number], active=bool(turn % 2))
                done(mine.put(f"/fhir/Patient/{patients[number]}", json=body))
        finally:
            stop.set()

    def reindexing(_):
        while not stop.is_set():
            reindex_jobs.start(context.store.database, ["Patient"], "test")
            reindex.work(context.store, seconds=1)

    def act(number):
        (reindexing if number > 3 else write)(number)

    at_once(act, range(6))
    finish(context)

    assert stored.index_wrong(context.store, "Patient") == []


def test_whose_a_resource_is_does_not_depend_on_who_has_it_reindexed(context, client):
    patient = done(client.post("/fhir/Patient", json=a_patient()), 201)["id"]
    observation = {
        "resourceType": "Observation", "status": "final", "code": {"text": "x"},
        "subject": {"reference": f"Patient/{patient}"},
    }  # fmt: skip
    target = done(client.post("/fhir/Observation", json=observation), 201)["id"]
    provenance = {
        "resourceType": "Provenance", "recorded": "2026-01-01T00:00:00Z",
        "target": [{"reference": f"Observation/{target}"}], "agent": [{"who": {"display": "x"}}],
    }  # fmt: skip
    id_ = done(client.post("/fhir/Provenance", json=provenance), 201)["id"]
    sql = f"SELECT owner FROM resource.\"Provenance\" WHERE id = '{id_}'"
    database = context.store.database
    before = database.read(sql)
    assert before[0][0] is not None

    reindex_jobs.start(database, ["Provenance"], "test")
    # That context's store sees nothing by itself.
    finish(context)

    assert database.read(sql) == before


def test_a_job_goes_on_where_it_was(context, parameter):
    step(context)
    job = reindex_jobs.open_jobs(context.store.database)[0]
    assert job.state == "running"
    assert job.done == 2

    finish(context)

    ended = reindex_jobs.find(context.store.database, job.id)
    assert ended.state == "done"
    assert ended.done == ended.total >= 7


def test_a_cancelled_job_leaves_the_parameter_unanswered_until_another_is_done(
    context, client, parameter
):
    step(context)
    job = reindex_jobs.open_jobs(context.store.database)[0]

    reindex_jobs.cancel(context.store.database, job.id)
    finish(context)
    issue = refused(client.get(f"/fhir/Patient?{CODE}=1"), 400)
    assert "cancelled" in issue["diagnostics"]

    reindex_jobs.start(context.store.database, ["Patient"], "test")
    finish(context)
    done(client.get(f"/fhir/Patient?{CODE}=1"))


def test_a_writer_with_the_parameters_of_before_is_told_and_writes_by_those_of_now(
    make_app, client_of, context, client, parameter
):
    other = make_app()
    added = other.extensions["fhirserver"].context.added
    added.now()
    client.put("/fhir/SearchParameter/shoe", json=parameter | {"code": "shoes"})

    patient = done(client_of(other).post("/fhir/Patient", json=with_shoe(77)), 201)
    finish(context)

    entries = done(client.get("/fhir/Patient?shoes=77"))["entry"]
    assert [e["resource"]["id"] for e in entries] == [patient["id"]]
    assert stored.index_wrong(context.store, "Patient") == []


def test_the_capability_statement_lists_a_parameter_when_it_answers(context, client, parameter):
    def listed():
        statement = done(client.get("/fhir/metadata"))
        of = {r["type"]: r["searchParam"] for r in statement["rest"][0]["resource"]}
        return URL in {p.get("definition") for p in of["Patient"]}

    assert not listed()

    finish(context)

    assert listed()


def test_a_type_that_fails_does_not_hold_up_the_others(context, client, monkeypatch):
    client.post("/fhir/Basic", json={"resourceType": "Basic", "code": {"text": "x"}})
    finish(context)
    batch = reindex._batch

    def failing(store, job, resource_type):
        if resource_type == "Basic":
            raise Unavailable("a statement took too long")
        return batch(store, job, resource_type)

    monkeypatch.setattr(reindex, "_batch", failing)
    job = reindex_jobs.start(context.store.database, ["Basic", "Patient"], "test")

    with pytest.raises(Unavailable):
        reindex.work(context.store, seconds=30)

    found = reindex_jobs.find(context.store.database, job)
    assert [(p.type, p.state) for p in found.parts] == [("Basic", "running"), ("Patient", "done")]
    monkeypatch.undo()
    finish(context)
