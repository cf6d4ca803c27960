"""What operators see: health, metrics, request ids, and logs without patient data."""

from __future__ import annotations

import logging
import re

import pytest

from fhirserver import ids, queues
from fhirserver.storage import versions
from tests.answers import done, refused
from tests.builders import a_patient, a_transaction, an_entry

SECRET = "Qwyjibo"


def test_the_process_lives(client):
    assert client.get("/livez").json == {"status": "ok"}


def test_the_server_is_ready(client):
    assert client.get("/readyz").json == {"status": "ok"}


def test_it_is_not_ready_without_its_database(make_app, monkeypatch):
    app = make_app()
    database = app.extensions["fhirserver"].context.store.database
    database.close()
    monkeypatch.setattr(database, "url", "postgresql://nobody@127.0.0.1:1/none")

    assert app.test_client().get("/readyz").status_code == 503
    assert app.test_client().get("/livez").status_code == 200


def test_metrics_count_requests_by_interaction_type_and_status(client):
    def count():
        text = client.get("/metrics").text
        labels = 'interaction="read",status="404",type="Patient"'
        found = re.search(rf"fhirserver_requests_total{{{labels}}} (\S+)", text)
        return float(found[1]) if found else 0

    before = count()
    client.get(f"/fhir/Patient/{ids.new()}")

    assert count() == before + 1


def test_metrics_have_no_labels_from_the_client(client):
    client.get(f"/fhir/{SECRET}/1")
    client.get(f"/{SECRET}")

    assert SECRET not in client.get("/metrics").text


def test_a_request_id_is_given_back(client):
    answer = client.get("/fhir/Patient/x", headers={"X-Request-Id": "abc-1.2_3"})

    assert answer.headers["X-Request-Id"] == "abc-1.2_3"


@pytest.mark.parametrize("given", [None, "", "a b", "x" * 65, "a\tb", "é", "<script>"])
def test_another_one_gets_its_own(client, given):
    headers = {} if given is None else {"X-Request-Id": given}

    answer = client.get("/livez", headers=headers)

    assert re.fullmatch(r"[0-9a-f-]{36}", answer.headers["X-Request-Id"])


def test_a_correlation_id_is_echoed(client):
    answer = client.get("/livez", headers={"X-Correlation-Id": "c-1"})

    assert answer.headers["X-Correlation-Id"] == "c-1"


def everything(records):
    """All that a log line could carry."""
    return "\n".join(f"{r.getMessage()} {vars(r)} {r.exc_text} {r.exc_info}" for r in records)


REFUSED = [
    ("POST", "/fhir/Patient", a_patient(name=[{"family": SECRET, "x": SECRET}])),
    ("POST", "/fhir/Patient", a_patient(birthDate=SECRET)),
    ("POST", "/fhir/Patient", a_patient(gender=SECRET)),
    ("POST", "/fhir/Patient", {"resourceType": SECRET}),
    ("POST", "/fhir/Patient", a_patient(contained=[{"resourceType": SECRET}])),
    ("POST", "/fhir/Patient", a_patient(**{SECRET + "!": 1})),
    ("PUT", "/fhir/Patient/1", a_patient(id=SECRET)),
    ("POST", "/fhir", a_transaction(an_entry("POST", "Patient", a_patient(birthDate=SECRET)))),
    ("POST", "/fhir", a_transaction(an_entry("PUT", f"Patient?name={SECRET}&x=1", a_patient()))),
]


@pytest.mark.parametrize(("method", "address", "body"), REFUSED)
def test_neither_the_answer_nor_the_log_repeats_what_was_refused(
    client, caplog, method, address, body
):
    caplog.set_level(logging.DEBUG)

    answer = client.open(address, method=method, json=body)

    assert 400 <= answer.status_code < 500
    assert SECRET not in answer.text
    assert SECRET not in everything(caplog.records)


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("GET", f"/fhir/Patient?name={SECRET}"),
        ("GET", f"/fhir/Patient?birthdate={SECRET}"),
        ("GET", f"/fhir/Patient?{SECRET}=1"),
        ("DELETE", f"/fhir/Patient?name={SECRET}"),
        ("GET", f"/fhir/Patient/{SECRET}"),
        ("GET", f"/fhir/Patient/{SECRET}/_history/{SECRET}"),
        ("GET", f"/{SECRET}"),
    ],
)
def test_the_log_has_no_part_of_the_address(client, caplog, method, address):
    caplog.set_level(logging.DEBUG)

    client.open(address, method=method, headers={"User-Agent": SECRET})

    assert SECRET not in everything(caplog.records)


def test_what_was_stored_is_not_logged(client, caplog):
    caplog.set_level(logging.DEBUG)

    made = done(client.post("/fhir/Patient", json=a_patient(name=[{"family": SECRET}])), 201)
    client.get(f"/fhir/Patient/{made['id']}")
    client.get(f"/fhir/Patient?family={SECRET}")

    assert SECRET not in everything(caplog.records)


def test_an_unexpected_failure_is_an_outcome_and_its_message_stays_inside(
    client, caplog, monkeypatch
):
    def fail(*_):
        try:
            raise KeyError(SECRET)
        except KeyError as error:
            raise RuntimeError(f"SELECT {SECRET}") from error

    monkeypatch.setattr(versions, "execute", fail)
    monkeypatch.setattr("fhirserver.interactions.read.current", fail)

    answer = client.get("/fhir/Patient/1", headers={"X-Request-Id": "r-1"})

    assert refused(answer, 500)["code"] == "exception"
    assert SECRET not in answer.text
    assert "SELECT" not in answer.text
    logged = everything(caplog.records)
    assert SECRET not in logged
    assert "RuntimeError" in logged
    assert "KeyError" in logged
    assert "r-1" in logged


def test_a_database_that_fails_answers_without_sql(client, caplog):
    text = "a\x00b"

    answer = client.get("/fhir/Patient", query_string={"name": text})

    refused(answer, 400)
    assert "SELECT" not in answer.text + everything(caplog.records)


def test_every_request_is_logged_once_with_its_id(client, caplog):
    caplog.set_level(logging.INFO)

    client.get("/fhir/Patient/none", headers={"X-Request-Id": "once"})

    lines = [r for r in caplog.records if r.message == "request"]
    assert [(r.request_id, r.interaction, r.type, r.status) for r in lines] == [
        ("once", "read", "Patient", 404)
    ]


def test_metrics_tell_how_far_behind_readers_are_and_how_queues_stand(client, database):
    name = f"metrics-{ids.new()}"
    queues.begin(database, name)
    queues.add(database, name, [queues.New("lane", {})])
    try:
        client.post("/fhir/Basic", json={"resourceType": "Basic", "code": {"text": "a"}})
        text = client.get("/metrics").text
    finally:
        queues.forget(database, name)
        database.write("DELETE FROM queue.item WHERE topic = %s", (name,))

    for gauge, least in (
        (f'fhirserver_change_reader_behind_changes{{reader="{name}"}}', 1),
        (f'fhirserver_change_reader_behind_seconds{{reader="{name}"}}', 0),
        (f'fhirserver_queue_waiting{{topic="{name}"}}', 1),
        (f'fhirserver_queue_oldest_seconds{{topic="{name}"}}', 0),
        (f'fhirserver_queue_dead{{topic="{name}"}}', 0),
    ):
        (line,) = [line for line in text.splitlines() if line.startswith(gauge)]
        assert float(line.split()[-1]) >= least
