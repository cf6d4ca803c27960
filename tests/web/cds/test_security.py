"""Who may call the CDS services, and with whose rights they read."""

from __future__ import annotations

import base64
import json
import time

import pytest

from fhirserver import ids
from tests.answers import done
from tests.prescribing.builders import a_prescription
from tests.smart.dance import key_pair
from tests.web.cds.conftest import EHR, ROOT, SIGN, a_call, cards, register, signed

PATH = f"/cds-services/{SIGN}"
DRAFT = a_prescription("5640", status="draft") | {"id": "new"}
CALL = a_call(drafts=[DRAFT], allergies=[], requests=[], statements=[], results=[])


def refused(answer, words=""):
    assert answer.status_code == 401, answer.get_data(as_text=True)
    assert "Bearer" in answer.headers["WWW-Authenticate"]
    assert words in answer.json["issue"][0]["diagnostics"]


@pytest.mark.parametrize("algorithm", ["ES384", "RS384"])
def test_a_registered_ehr_calls_with_its_own_jwt(app, database, algorithm):
    ehr = EHR(app.test_client(), f"https://ehr.example/{ids.new()}", key_pair(algorithm))
    register(database, ehr)

    assert cards(ehr.post(PATH, CALL, signed(ehr.iss, ehr.key, PATH, algorithm=algorithm))) == []
    assert (
        cards(
            ehr.post(
                PATH,
                CALL,
                signed(ehr.iss, ehr.key, PATH, algorithm=algorithm, aud=["x", f"{ROOT}{PATH}"]),
            )
        )
        == []
    )


def test_a_forged_jwt_is_refused(ehr):
    forged = signed(ehr.iss, key_pair(kid=ehr.key.get("kid")), PATH)
    head, body, signature = signed(ehr.iss, ehr.key, PATH).split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    other = (
        base64.urlsafe_b64encode(json.dumps(claims | {"jti": "x"}).encode()).decode().rstrip("=")
    )
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")

    refused(ehr.post(PATH, CALL, forged), "signature")
    refused(ehr.post(PATH, CALL, f"{head}.{other}.{signature}"), "signature")
    refused(ehr.post(PATH, CALL, f"{none}.{body}."), "alg")
    refused(ehr.post(PATH, CALL, "a.b.c"), "no JWT")
    refused(ehr.post(PATH, CALL, f"{'A' * 9000}.b.c"), "too long")


def test_a_replay_is_refused_also_at_the_same_moment(app, ehr, at_once):
    token = signed(ehr.iss, ehr.key, PATH)
    statuses = []

    def call(_):
        http = app.test_client()
        headers = {"Authorization": f"Bearer {token}"}
        statuses.append(http.post(PATH, json=CALL, headers=headers).status_code)

    at_once(call, range(6))
    assert sorted(statuses) == [200] + [401] * 5


@pytest.mark.parametrize(
    ("claims", "words"),
    [
        ({"aud": "https://other.example/cds-services/x"}, "aud"),
        ({"aud": f"{ROOT}/cds-services/medication-list-check"}, "aud"),
        ({"aud": f"{ROOT}/oauth/token"}, "aud"),
        ({"aud": None}, "aud"),
        ({"exp": int(time.time()) - 120}, "expired"),
        ({"exp": int(time.time()) + 3600}, "exp"),
        ({"exp": None}, "exp"),
        ({"exp": True}, "exp"),
        ({"iat": None}, "iat"),
        ({"iat": int(time.time()) + 86_400}, "valid yet"),
        ({"jti": None}, "jti"),
        ({"jti": "x" * 300}, "jti"),
        ({"iss": "https://nobody.example"}, "iss"),
        ({"iss": None}, "iss"),
        ({"header": {"kid": "other"}}, "kid"),
        ({"header": {"jku": "https://evil.example/jwks"}}, "jku"),
        ({"header": {"x5u": "https://evil.example/key"}}, "header"),
    ],
)
def test_a_jwt_that_isnt_for_this_call_is_refused(ehr, claims, words):
    refused(ehr.post(PATH, CALL, **claims), words)


def test_only_clients_that_are_registered_for_it_may_call(app, database):
    for more in ({"details": {}}, {"details": {"cds_hooks": "yes"}}, {"is_active": False}):
        ehr = EHR(app.test_client(), f"https://ehr.example/{ids.new()}")
        register(database, ehr, **more)
        refused(ehr.post(PATH, CALL), "iss")


def test_without_a_token_nobody_calls(app):
    http = app.test_client()

    assert http.post(PATH, json=CALL).status_code == 401
    assert http.post(f"{PATH}/feedback", json={}).status_code == 401
    assert http.get("/cds-services").status_code == 200


def test_a_cds_clients_jwt_opens_nothing_else(ehr, patient):
    headers = {"Authorization": f"Bearer {signed(ehr.iss, ehr.key, PATH)}"}

    assert ehr.http.get(f"/fhir/Patient/{patient}", headers=headers).status_code == 401


@pytest.fixture
def warfarin(client, patient):
    asked = a_prescription("11289", f"Patient/{patient}")
    return done(client.post("/fhir/MedicationRequest", json=asked), 201)


def about(patient, **more):
    draft = a_prescription("5640", f"Patient/{patient}", status="draft") | {"id": "new"}
    return a_call("order-sign", patient, [draft], **more)


def authorized(token, server=f"{ROOT}/fhir"):
    granted = {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "patient/*.rs",
        "subject": "cds",
    }
    return {"fhirServer": server, "fhirAuthorization": granted}


@pytest.mark.usefixtures("warfarin")
def test_our_own_data_is_read_with_a_token_of_ours_and_its_rights(ehr, patient, token):
    every = cards(ehr.ask(SIGN, about(patient, **authorized(token("user/*.rs")))))
    some = cards(ehr.ask(SIGN, about(patient, **authorized(token("user/Patient.r")))))

    assert [c["indicator"] for c in every] == ["critical"]
    assert [c["indicator"] for c in some] == ["info"], "what couldn't be read, and nothing else"
    assert "MedicationRequest" in some[0]["detail"]


@pytest.mark.usefixtures("warfarin")
def test_an_authorization_is_never_trusted_blindly(ehr, patient, token):
    """Not for another server, not when it isn't ours, and a JWT of the client is no access token."""
    good = token("user/*.rs")
    for given in (
        authorized(good, "https://evil.example/fhir"),
        authorized(good, f"{ROOT}/fhir/../other"),
        authorized("nonsense"),
        authorized(signed(ehr.iss, ehr.key, PATH)),
        {"fhirServer": f"{ROOT}/fhir"},
    ):
        assert ehr.ask(SIGN, about(patient, **given)).status_code == 412


@pytest.mark.usefixtures("warfarin")
def test_a_token_of_ours_calls_and_reads_by_its_own_rights(app, patient, token):
    http = app.test_client()

    def ask(scope, **more):
        headers = {"Authorization": f"Bearer {token(scope)}"}
        return http.post(PATH, json=about(patient, **more), headers=headers)

    assert [c["indicator"] for c in cards(ask("user/*.rs"))] == ["critical"]
    assert ask("user/Observation.rs").status_code == 412
    stronger = authorized(token("user/*.rs"))
    assert ask("user/Observation.rs", **stronger).status_code == 412


def test_a_hidden_patient_is_answered_like_one_who_isnt_there(ehr, token):
    answers = [
        ehr.ask(SIGN, about(i, **authorized(token(scope))))
        for i, scope in (("nobody", "user/*.rs"), ("nobody", "user/Observation.rs"))
    ]

    assert [a.status_code for a in answers] == [412, 412]
    assert answers[0].json == answers[1].json


def test_a_body_that_is_too_large_or_too_deep_or_no_json_is_refused(ehr):
    def post(body, content_type="application/json"):
        headers = {"Authorization": f"Bearer {signed(ehr.iss, ehr.key, PATH)}"}
        return ehr.http.post(PATH, data=body, content_type=content_type, headers=headers)

    assert post(b"{" + b" " * 5_000_001).status_code == 413
    assert post(b"[" * 100_000).status_code == 400
    assert post(b"{").status_code == 400
    assert post(b"[]").status_code == 400
    assert post(b"").status_code == 400
    assert post(b"a=b", "application/x-www-form-urlencoded").status_code == 415


def test_limits_hold(make_app, ehr, database):
    ehr.http = make_app(requests_per_minute=2).test_client()

    statuses = [ehr.ask(SIGN, CALL).status_code for _ in range(4)]
    assert statuses == [200, 200, 429, 429]


def test_pages_of_other_origins_may_call_as_the_rest_of_the_api(app):
    headers = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
    http = app.test_client()

    assert http.options(PATH, headers=headers).headers["Access-Control-Allow-Origin"] == "*"
    found = http.get("/cds-services", headers={"Origin": "https://app.example"})
    assert found.headers["Access-Control-Allow-Origin"] == "*"
