"""The worker makes what is due, once."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from fhirserver.tasks import make_celery
from tests.answers import done


@pytest.fixture
def client(make_app, token):
    client = make_app().test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token()}"
    return client


@pytest.fixture
def task(make_app, database, database_url):
    database.write("DELETE FROM views.report_run")
    # The keys are where the other tests have them.
    theirs = make_app().extensions["fhirserver"].context.settings
    settings = replace(theirs, scheduled_reports="weekly: occupancy no-show")
    return make_celery("memory://", database_url, settings).tasks["scheduled_reports"]


def stored(client, kind):
    found = done(client.get(f"/fhir/{kind}?identifier=https://fhirserver.example/scheduled-report|"
                            "&_count=100"))  # fmt: skip
    return [e["resource"] for e in found.get("entry", ())]


def test_a_report_is_made_once_though_two_workers_are_at_it_again_and_again(client, task) -> None:
    def work() -> None:
        task.app.set_current()
        task.apply().get()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    task.apply().get()

    reports, documents = stored(client, "MeasureReport"), stored(client, "DocumentReference")
    assert sorted(r["measure"].rpartition("/")[2] for r in reports) == ["no-show", "occupancy"]
    assert len(documents) == 2
    assert {r["identifier"][0]["value"] for r in reports} == {
        d["identifier"][0]["value"] for d in documents
    }


def test_its_files_can_be_fetched(client, task) -> None:
    task.apply().get()

    (document, _) = stored(client, "DocumentReference")
    kinds = {}
    for content in document["content"]:
        url = content["attachment"]["url"]
        got = client.get(f"/fhir/{url.rpartition('/fhir/')[2]}", headers={"Accept": "*/*"})
        kinds[content["attachment"]["contentType"]] = got.data[:4]
    assert kinds["application/pdf"] == b"%PDF"
    assert kinds["text/csv"] == b"Repo"
    assert len(kinds) == 3
    related = document["context"]["related"][0]["reference"]
    assert done(client.get(f"/fhir/{related}"))["resourceType"] == "MeasureReport"


def test_a_worker_that_died_after_storing_leaves_nothing_to_be_made_twice(
    client, task, database
) -> None:
    task.apply().get()
    before = len(stored(client, "MeasureReport"))
    database.write("UPDATE views.report_run SET made = NULL, leased_until = now() - interval '1 h'")

    task.apply().get()

    assert len(stored(client, "MeasureReport")) == before
    left = database.read("SELECT count(*) FROM views.report_run WHERE made IS NULL")
    assert left[0][0] == 0
