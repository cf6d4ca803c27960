"""What a Subscription may ask for, and who may write it."""

from __future__ import annotations

import pytest

from fhirserver import ids, queues
from fhirserver.interactions.subscribing import READER
from fhirserver.storage import users
from fhirserver.storage.subscriptions import ids_of
from fhirserver.storage.tokens import issue

ENDPOINT = "https://hooks.example.com/x"


def wanted(criteria="Observation?code=a", /, **channel):
    return {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": "a test",
        "criteria": criteria,
        "channel": {"type": "rest-hook", "endpoint": ENDPOINT} | channel,
    }


@pytest.fixture
def speaker(app, database):
    """Somebody with roles, and a token of theirs."""

    def make(*roles, scope="user/*.cruds"):
        user = users.add(database, f"u-{ids.new()}", roles=roles)
        token = issue(database, subject=user.name, scope=scope, lifetime_seconds=600, user=user.id)
        made = app.test_client()
        made.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        return made

    return make


@pytest.mark.parametrize(
    ("criteria", "place"),
    [
        ("Observations?code=a", "criteria"),
        ("observation", "criteria"),
        ("Observation?colour=red", "criteria"),
        ("Observation?date=yesterday", "criteria"),
        ("Observation?code=a&_sort=date", "criteria"),
        ("Observation?_include=Observation:subject", "criteria"),
        ("Observation?subject:Patient.colour=x", "criteria"),
        ("?code=a", "criteria"),
    ],
)
def test_criteria_must_be_a_search_that_works(client, criteria, place):
    answer = client.post("/fhir/Subscription", json=wanted(criteria))

    assert answer.status_code == 422, answer.text
    assert answer.json["issue"][0]["expression"] == [f"Subscription.{place}"]


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "http://hooks.example.com/x",
        "ftp://hooks.example.com/x",
        "file:///etc/passwd",
        "https://127.0.0.1/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://169.254.169.254/latest/meta-data",
        "https://10.1.2.3/x",
        "https://localhost/x",
        "https://user@hooks.example.com/x",
        "https://hooks.example.com/x\r\nHost: y",
    ],
)
def test_058_062_an_endpoint_must_be_a_public_https_address(client, endpoint):
    answer = client.post("/fhir/Subscription", json=wanted(endpoint=endpoint))

    assert answer.status_code in {400, 422}, answer.text


def test_what_the_operator_lists_may_be_inside(make_app, client_of):
    client = client_of(make_app(reachable_inside="10.1.0.0/16, hooks.ward.example"))

    def status(endpoint):
        return client.post("/fhir/Subscription", json=wanted(endpoint=endpoint)).status_code

    assert status("http://10.1.2.3:8080/x") == 201
    assert status("http://hooks.ward.example/x") == 201
    assert status("http://10.2.2.3/x") == 422
    assert status("http://hooks.ward.example.evil.example/x") == 422


@pytest.mark.parametrize(
    "header",
    [
        "X: a\r\nAuthorization: b",
        "X: a\nY: b",
        "no colon",
        ": x",
        "Host: other",
        "Content-Length: 3",
        "Transfer-Encoding: chunked",
        "X-Signature: t=1",
        "X-Ä: a",
    ],
)
def test_062_headers_are_one_line_each_and_not_ours(client, header):
    answer = client.post("/fhir/Subscription", json=wanted(header=[header]))

    assert answer.status_code in {400, 422}, answer.text


@pytest.mark.parametrize(
    "channel",
    [
        {"type": "sms"},
        {"payload": "text/plain"},
        {"payload": "application/fhir+xml"},
        {"type": "email", "endpoint": "mailto:a@b.example,c@d.example"},
        {"type": "email", "endpoint": "mailto:a@b.example?bcc=c@d.example"},
        {"type": "email", "endpoint": "mailto:a@b.example", "payload": "application/fhir+json"},
        {"type": "websocket"},
    ],
)
def test_channels_that_are_not_there_are_refused(client, channel):
    answer = client.post("/fhir/Subscription", json=wanted(**channel))

    assert answer.status_code == 422, answer.text


def test_only_the_server_makes_a_subscription_active(client):
    made = client.post("/fhir/Subscription", json=wanted() | {"status": "active"}).json
    assert made["status"] == "requested"

    patched = client.patch(
        f"/fhir/Subscription/{made['id']}",
        json=[{"op": "replace", "path": "/status", "value": "active"}],
        headers={"Content-Type": "application/json-patch+json"},
    )

    assert patched.json["status"] == "requested"


def test_an_error_is_the_servers_to_tell(client):
    made = client.post("/fhir/Subscription", json=wanted() | {"error": "no"}).json

    assert "error" not in made


def test_a_subscription_in_a_bundle_is_checked_too(client):
    entry = {
        "resource": wanted("Nonsense?x=1"),
        "request": {"method": "POST", "url": "Subscription"},
    }

    for kind in ("transaction", "batch"):
        answer = client.post(
            "/fhir", json={"resourceType": "Bundle", "type": kind, "entry": [entry]}
        )
        status = (
            answer.status_code
            if kind == "transaction"
            else int(answer.json["entry"][0]["response"]["status"][:3])
        )
        assert status == 422


def test_nobody_changes_what_has_the_rights_of_somebody_else(speaker, client):
    mine, others = speaker("admin"), speaker("admin")
    made = mine.post("/fhir/Subscription", json=wanted("Subscription?status=active")).json
    path = f"/fhir/Subscription/{made['id']}"

    for by in (others, client):
        for change in (
            {"channel": {**made["channel"], "endpoint": "https://evil.example/x"}},
            {"criteria": "Subscription?status=off"},
        ):
            assert by.put(path, json={**made, **change}).status_code == 403
        patch = [{"op": "replace", "path": "/channel/endpoint", "value": "https://evil.example/x"}]
        answer = by.patch(path, json=patch, headers={"Content-Type": "application/json-patch+json"})
        assert answer.status_code == 403

    off = others.put(path, json={**made, "status": "off"})
    assert (off.status_code, off.json["status"]) == (200, "off")
    assert others.put(path, json={**off.json, "status": "requested"}).status_code == 403
    assert mine.put(path, json={**off.json, "status": "requested"}).status_code == 200


def test_nobody_waits_for_what_they_may_not_search(speaker):
    admin = speaker("admin")

    assert admin.post("/fhir/Subscription", json=wanted("Observation?code=a")).status_code == 403


def test_a_token_that_only_searches_some_types_waits_for_those(app, token):
    by = {"Authorization": f"Bearer {token('system/Subscription.c system/Patient.s')}"}
    client = app.test_client()

    def status(criteria):
        return client.post("/fhir/Subscription", json=wanted(criteria), headers=by).status_code

    assert status("Patient?active=true") == 201
    assert status("Observation?code=a") == 403
    assert status("Patient?_has:Observation:patient:code=a") == 403


def test_what_is_over_already_is_kept_and_off(client):
    answer = client.post("/fhir/Subscription", json=wanted() | {"end": "2020-01-01T00:00:00Z"})

    assert answer.status_code == 201
    assert answer.json["status"] == "off"


def test_who_subscribes_before_the_first_worker_has_run_is_told_of_what_comes(
    hooks, database, subscribe, peer
):
    queues.forget(database, READER)

    subscribe("Basic?code=x", peer.address)
    made = hooks.post("/fhir/Basic", json={"resourceType": "Basic", "code": {"text": "x"}}).json
    with database.transaction() as connection:
        changes = queues.following(connection, READER, 1000)

    keys = [c.key for c in changes if c.type == "Basic"]
    assert made["id"] in ids_of(database, "Basic", keys).values()
