"""Live updates: who may hear of a change hears of it at once, and nobody else does."""

from __future__ import annotations

import json
import time

import pytest

from fhirserver import ids
from fhirserver.storage.tokens import issue


def a_patient(client):
    return client.post("/fhir/Patient", json={"resourceType": "Patient"}).get_json()["id"]


def an_observation(client, patient, text="x"):
    body = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": text},
        "subject": {"reference": f"Patient/{patient}"},
    }
    return client.post("/fhir/Observation", json=body).get_json()["id"]


def a_basic(client):
    body = {"resourceType": "Basic", "code": {"text": "Qwyjibo"}}
    return client.post("/fhir/Basic", json=body).get_json()["id"]


@pytest.fixture
def of_patient(database):
    """A token that sees one patient's record."""
    return lambda id_, seconds=600: issue(
        database, subject="app", scope="patient/*.rs", lifetime_seconds=seconds, patient=id_
    )


def test_each_change_is_told_by_type_id_version_and_method_and_no_more(client, listen):
    heard = listen()

    id_ = a_basic(client)
    client.put(
        f"/fhir/Basic/{id_}", json={"resourceType": "Basic", "id": id_, "code": {"text": "b"}}
    )
    client.delete(f"/fhir/Basic/{id_}")
    found = heard.until(lambda d: d["method"] == "delete" and d["id"] == id_)

    assert [d for d in found if d["id"] == id_] == [
        {"type": "Basic", "id": id_, "version": "1", "method": "create"},
        {"type": "Basic", "id": id_, "version": "2", "method": "update"},
        {"type": "Basic", "id": id_, "version": "3", "method": "delete"},
    ]
    assert "Qwyjibo" not in json.dumps(heard.heard)


def test_a_write_is_heard_of_in_under_a_second(client, listen):
    heard, took = listen("?_type=Basic"), []

    for _ in range(15):
        id_ = a_basic(client)
        began = time.monotonic()
        heard.until(lambda d, id_=id_: d["id"] == id_)
        took.append(time.monotonic() - began)

    # What else the machine does makes some of them late.
    assert sorted(took)[3] < 1.0


def test_another_patients_changes_are_never_told(client, listen, of_patient):
    mine, other = a_patient(client), a_patient(client)
    heard = listen("", of_patient(mine))

    hidden = [an_observation(client, other) for _ in range(5)]
    client.put(f"/fhir/Patient/{other}", json={"resourceType": "Patient", "id": other})
    shown = an_observation(client, mine)
    found = heard.until(lambda d: d["id"] == shown)

    assert not {d["id"] for d in found} & {other, *hidden}
    assert heard.last_id not in "".join(d["id"] for d in found)


def test_naming_another_patient_shows_nothing_of_them(client, listen, of_patient):
    mine, other = a_patient(client), a_patient(client)
    heard = listen(f"?patient={other}", of_patient(mine))

    an_observation(client, other)

    with pytest.raises(TimeoutError):
        heard.next(1.5)


def test_what_moves_to_another_patient_is_no_longer_told(client, listen, of_patient):
    mine, other = a_patient(client), a_patient(client)
    id_ = an_observation(client, mine)
    heard = listen("", of_patient(mine))

    body = client.get(f"/fhir/Observation/{id_}").get_json()
    moved = {**body, "subject": {"reference": f"Patient/{other}"}}
    assert client.put(f"/fhir/Observation/{id_}", json=moved).status_code == 200
    last = an_observation(client, mine)

    assert [d["id"] for d in heard.until(lambda d: d["id"] == last)] == [last]


def test_only_the_types_that_were_asked_for_are_told(client, listen):
    patient = a_patient(client)
    heard = listen("?_type=Observation,Task")

    a_basic(client)
    id_ = an_observation(client, patient)

    assert [d["type"] for d in heard.until(lambda d: d["id"] == id_)] == ["Observation"]


def test_types_that_may_not_be_read_are_left_out(client, listen, token):
    heard = listen("?_type=Basic,Patient", token("system/Patient.rs"))

    a_basic(client)
    id_ = a_patient(client)

    assert [d["type"] for d in heard.until(lambda d: d["id"] == id_)] == ["Patient"]


def test_only_the_patient_that_was_asked_for_is_told_of(client, listen):
    mine, other = a_patient(client), a_patient(client)
    heard = listen(f"?patient=Patient/{mine}")

    an_observation(client, other)
    id_ = an_observation(client, mine)
    client.put(
        f"/fhir/Patient/{mine}", json={"resourceType": "Patient", "id": mine, "active": True}
    )
    found = heard.until(lambda d: d["type"] == "Patient")

    assert [d["id"] for d in found] == [id_, mine]


@pytest.mark.parametrize(
    ("query", "scope", "status"),
    [
        ("?_type=Nonsense", "system/*.rs", 400),
        ("?patient=a/b/c", "system/*.rs", 400),
        ("?_count=3", "system/*.rs", 400),
        ("?_type=Task&_type=Basic", "system/*.rs", 400),
        ("?access_token=abc", "system/*.rs", 400),
        ("?_type=Basic", "system/Patient.rs", 403),
    ],
)
def test_what_cannot_be_is_an_outcome(pushing, token, query, scope, status):
    answer = pushing.get(f"/push{query}", token(scope))

    assert answer[0] == status
    assert json.loads(answer[2])["resourceType"] == "OperationOutcome"


def test_without_a_valid_token_there_is_nothing(pushing):
    assert pushing.get("/push")[0] == 401
    status, headers, _ = pushing.get("/push", "nonsense")

    assert status == 401
    assert "invalid_token" in headers["WWW-Authenticate"]


def test_it_ends_when_the_token_expires(client, listen, of_patient):
    heard = listen("", of_patient(a_patient(client), seconds=6))

    assert heard.next(60) == {"event": "end", "data": {"reason": "token"}}
    assert heard.next(60) is None


def test_it_ends_when_the_token_is_revoked(client, database, listen):
    subject = ids.new()
    bearer = issue(database, subject=subject, scope="system/*.rs", lifetime_seconds=600)
    heard = listen("?_type=Task", bearer)

    database.write("UPDATE access.family SET revoked = now() WHERE subject = %s", (subject,))

    assert heard.next(60) == {"event": "end", "data": {"reason": "token"}}


def test_what_was_missed_comes_again_once_and_in_order(client, listen):
    heard = listen("?_type=Basic")
    first = a_basic(client)
    heard.until(lambda d: d["id"] == first)
    last = heard.last_id
    heard.close()

    missed = [a_basic(client) for _ in range(5)]
    again = listen("?_type=Basic", last=last)
    live = a_basic(client)
    found = again.until(lambda d: d["id"] == live)

    assert [d["id"] for d in found] == [*missed, live]


def test_what_was_missed_is_told_only_to_who_may_hear_of_it(client, listen, of_patient):
    mine, other = a_patient(client), a_patient(client)
    heard = listen("", of_patient(mine))
    id_ = an_observation(client, mine)
    heard.until(lambda d: d["id"] == id_)

    an_observation(client, other)
    shown = an_observation(client, mine)
    again = listen("", of_patient(mine), last=heard.last_id)

    assert [d["id"] for d in again.until(lambda d: d["id"] == shown)] == [shown]


def test_who_comes_back_with_an_id_that_is_none_is_told_to_read_anew(listen):
    heard = listen(last="nonsense")

    assert [heard.next()["event"], heard.next()["event"]] == ["ready", "reset"]


def test_pages_of_other_origins_may_listen_as_they_may_call(pushing, token):
    status, headers, _ = pushing.get("/push?nonsense=1", token(), Origin="http://app.example")

    assert (status, headers["Access-Control-Allow-Origin"]) == (400, "*")


def test_who_listens_is_on_record(client, database, listen):
    subject = ids.new()
    listen("", issue(database, subject=subject, scope="system/*.rs", lifetime_seconds=60))

    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        text = client.get("/fhir/AuditEvent?_sort=-_lastUpdated&_count=50").text
        if subject in text:
            break
        time.sleep(0.2)

    assert subject in text
    assert '"push"' in text or "$push" in text


def test_it_lives_is_ready_and_counts_who_listens(pushing, listen):
    listen()

    assert pushing.get("/livez")[0] == 200
    assert pushing.get("/readyz")[0] == 200
    assert int(pushing.get("/metrics")[2].split()[-1]) >= 1
    assert pushing.get("/nowhere")[0] == 404
