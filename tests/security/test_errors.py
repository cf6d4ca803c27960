"""Attack 116: no refusal repeats what was sent, or says how the server is made."""

from __future__ import annotations

import json
import logging
import re

import pytest

from fhirserver import ids
from fhirserver.errors import FhirError
from fhirserver.storage.database import DatabaseError, Stale
from tests.answers import done
from tests.builders import a_batch, a_patient, a_transaction, an_entry, an_observation

MARK = "Qwyjibo"
FHIR = "application/fhir+json"
XML = "application/fhir+xml"
FORM = "application/x-www-form-urlencoded"
INSIDES = re.compile(
    r"Traceback|\.py\b|psycopg|SELECT |INSERT |UPDATE |DELETE FROM|sqlstate|fhir\.[a-z_]+ |line \d+, in "
)
LONG = MARK * 2000

BODIES = [
    ("POST", "Patient", "{" + MARK, FHIR),
    ("POST", "Patient", json.dumps({"resourceType": MARK}), FHIR),
    ("POST", "Patient", json.dumps({"resourceType": "Observation", "id": MARK}), FHIR),
    ("POST", "Patient", json.dumps(a_patient(birthDate=MARK)), FHIR),
    ("POST", "Patient", json.dumps(a_patient(gender=MARK)), FHIR),
    ("POST", "Patient", json.dumps(a_patient(active=MARK)), FHIR),
    ("POST", "Patient", json.dumps(a_patient(name=MARK)), FHIR),
    ("POST", "Patient", json.dumps(a_patient(id=MARK + " !")), FHIR),
    ("POST", "Patient", json.dumps(a_patient(text={"status": "generated", "div": f"<p>{MARK}"})), FHIR),
    ("POST", "Patient", json.dumps(a_patient(photo=[{"data": MARK + "!"}])), FHIR),
    ("POST", "Patient", json.dumps(a_patient(managingOrganization={"reference": f"#{MARK}"})), FHIR),
    ("POST", "Patient", json.dumps(a_patient(extension=[{"url": MARK, "valueX": MARK}])), FHIR),
    ("POST", "Patient", json.dumps(a_patient(contained=[a_patient(id=MARK, birthDate=MARK)])), FHIR),
    ("POST", "Patient", json.dumps(a_patient(meta={"lastUpdated": MARK})), FHIR),
    ("POST", "Patient", f'{{"resourceType":"Patient","multipleBirthInteger":1e9{MARK}}}', FHIR),
    ("POST", "Patient", f'<Patient xmlns="http://hl7.org/fhir"><{MARK} value="{MARK}"', XML),
    ("POST", "Patient", f'<Patient xmlns="http://hl7.org/fhir"><gender value="{MARK}"/></Patient>', XML),
    ("POST", "Patient", MARK, "text/plain"),
    ("POST", "Patient", MARK, f"application/fhir+json; charset={MARK}"),
    ("PUT", "Patient/1", json.dumps(a_patient(id=MARK)), FHIR),
    ("PUT", "Patient?birthdate=" + MARK, json.dumps(a_patient()), FHIR),
    ("PUT", "Patient?name=" + MARK + "&x=1", json.dumps(a_patient()), FHIR),
    ("PATCH", "Patient/1", json.dumps([{"op": MARK, "path": MARK}]), "application/json-patch+json"),
    ("PATCH", "Patient/1", MARK, "application/xml-patch+xml"),
    ("POST", "", json.dumps({"resourceType": "Bundle", "type": MARK}), FHIR),
    ("POST", "", json.dumps(a_transaction(an_entry("POST", "Patient", a_patient(birthDate=MARK)))), FHIR),
    ("POST", "", json.dumps(a_transaction(an_entry("PUT", f"Patient?birthdate={MARK}", a_patient()))), FHIR),
    ("POST", "", json.dumps(a_transaction(an_entry("POST", "Patient", a_patient(), ifNoneExist=f"x={MARK}"))), FHIR),
    ("POST", "", json.dumps(a_batch(an_entry("POST", "Patient", a_patient(birthDate=MARK)))), FHIR),
    ("POST", "", json.dumps(a_batch(an_entry("GET", f"Patient?birthdate={MARK}"))), FHIR),
    ("POST", "Patient/_search", f"birthdate={MARK}", FORM),
    ("POST", "Patient/_search", f"_has:Observation:patient:date={MARK}", FORM),
    ("POST", "Patient/$match", json.dumps({"resourceType": "Parameters", "parameter": [{"name": MARK}]}), FHIR),
    ("POST", "$graphql", json.dumps({"query": "{ " + MARK}), "application/json"),
]  # fmt: skip


@pytest.fixture
def quiet(caplog):
    """Looks at what was logged, at the end."""
    caplog.set_level(logging.DEBUG)
    yield
    logged = "\n".join(f"{r.getMessage()} {vars(r)}" for r in caplog.records)
    assert MARK not in logged


def nothing_told(answer):
    text = answer.text + str(answer.headers)
    assert MARK not in text
    assert not INSIDES.search(answer.text), answer.text[:500]


@pytest.mark.parametrize(("method", "address", "body", "kind"), BODIES, ids=range(len(BODIES)))
def test_116_what_a_body_says_is_not_repeated(client, quiet, method, address, body, kind):
    answer = client.open(f"/fhir/{address}", method=method, data=body, content_type=kind)

    assert 200 <= answer.status_code < 500
    nothing_told(answer)


@pytest.mark.parametrize("header", ["If-None-Exist", "If-Match", "If-None-Match", "Prefer", "Accept",
                                    "Content-Encoding", "Authorization", "X-Request-Id", "Cookie",
                                    "Content-Type", "X-Security-Context", "Accept-Language"])  # fmt: skip
@pytest.mark.parametrize("value", [MARK, f"birthdate={MARK}", f"Bearer {MARK}", f'W/"{MARK}"'])
def test_116_what_a_header_says_is_not_repeated(client, quiet, header, value):
    answer = client.put(
        f"/fhir/Patient/{ids.new()}", data=json.dumps({"resourceType": "Patient", "x": 1}),
        headers={"Content-Type": FHIR, header: value},
    )  # fmt: skip

    assert 400 <= answer.status_code < 500
    if header == "X-Request-Id" and value == MARK:
        answer.headers.remove("X-Request-Id")  # That one is to be given back.
    nothing_told(answer)


@pytest.fixture(scope="module")
def marked(app, token):
    """Records of somebody called as marked, and a client without any rights on them."""
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token()}"
    name = [{"family": MARK, "given": [MARK]}]
    patient = done(client.post("/fhir/Patient", json=a_patient(name=name)), 201)
    twin = done(client.post("/fhir/Patient", json=a_patient(name=name)), 201)
    done(client.post("/fhir/Observation", json=an_observation(
        subject={"reference": f"Patient/{patient['id']}"}, note=[{"text": MARK}])), 201)  # fmt: skip
    client.delete(f"/fhir/Patient/{twin['id']}")
    done(client.post("/fhir/Patient", json=a_patient(name=name)), 201)
    return patient, twin


def test_116_no_refusal_says_what_is_stored(client, marked, app, token, quiet):
    patient, gone = (f"/fhir/Patient/{r['id']}" for r in marked)
    other = app.test_client()
    other.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token('system/Basic.r')}"
    stale = {"If-Match": 'W/"99"'}
    test = [{"op": "test", "path": "/name/0/family", "value": "x"}]
    patch = "application/json-patch+json"
    answers = {
        410: [client.get(gone)],
        403: [other.get(patient), other.get("/fhir/Patient"), other.delete(patient)],
        412: [
            client.put(patient, json=a_patient(id=marked[0]["id"]), headers=stale),
            client.delete(patient, headers=stale),
            client.put("/fhir/Patient?_lastUpdated=gt2000", json=a_patient()),
            client.post("/fhir/Patient", json=a_patient(), headers={"If-None-Exist": "_lastUpdated=gt2000"}),
        ],
        404: [client.get(f"{patient}/_history/99"), client.get(f"{patient}x")],
        400: [client.get(f"{patient}?_elements=%00")],
    }  # fmt: skip

    for status, given in answers.items():
        for answer in given:
            assert answer.status_code == status, (status, answer.text[:300])
            nothing_told(answer)
    failed = client.patch(patient, json=test, headers={"Content-Type": patch})
    assert 400 <= failed.status_code < 500
    nothing_told(failed)


FAILURES = [
    RuntimeError(MARK), KeyError(MARK), ValueError(f"SELECT {MARK}"), DatabaseError(MARK),
    Stale(MARK), MemoryError(MARK), RecursionError(MARK), UnicodeEncodeError("utf-8", MARK, 0, 1, MARK),
    OSError(2, MARK, f"/secret/{MARK}"), AssertionError(MARK),
]  # fmt: skip


@pytest.mark.parametrize("failure", FAILURES, ids=lambda f: type(f).__name__)
@pytest.mark.parametrize("accept", [FHIR, XML])
def test_116_a_failure_of_ours_says_nothing_of_itself(
    app, client, quiet, monkeypatch, failure, accept
):
    def fail(*_):
        raise failure

    monkeypatch.setattr(app.extensions["fhirserver"], "handle", fail)

    answer = client.get("/fhir/Patient/1", headers={"Accept": accept})

    assert answer.status_code == 500
    assert answer.headers["X-Request-Id"]
    nothing_told(answer)


_ARGUMENTS = {
    "UnknownCodeSystem": ("http://a.example", None, ()),
    "UnknownValueSet": ("http://a.example",),
}


def every(cls):
    for below in cls.__subclasses__():
        if below.__module__.startswith("fhirserver."):
            yield below
            yield from every(below)


@pytest.mark.parametrize("cls", sorted(set(every(FhirError)), key=lambda c: c.__name__))
def test_116_every_error_is_an_outcome_that_says_what_to_do(app, client, monkeypatch, cls):
    def fail(*_):
        raise cls(*_ARGUMENTS.get(cls.__name__, ()))

    monkeypatch.setattr(app.extensions["fhirserver"], "handle", fail)

    answer = client.get("/fhir/Patient/1")

    assert answer.status_code == cls.status
    issue = answer.json["issue"][0]
    assert issue["code"] == cls.code
    assert len(issue["diagnostics"]) > 10
    if cls.status in {429, 503}:
        assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("/oauth/token", {"grant_type": MARK}),
        ("/oauth/token", {"grant_type": "authorization_code", "code": MARK, "client_id": MARK}),
        ("/oauth/token", {"grant_type": "refresh_token", "refresh_token": MARK, "client_secret": MARK}),
        ("/oauth/token", {"grant_type": "client_credentials", "client_assertion": MARK, "scope": MARK}),
        ("/oauth/introspect", {"token": MARK}),
        ("/oauth/revoke", {"token": MARK}),
        ("/signin", {"name": MARK, "username": MARK, "password": MARK}),
    ],
)  # fmt: skip
def test_116_sign_in_and_tokens_repeat_no_secret(app, quiet, address, form):
    answer = app.test_client().post(address, data=form)

    assert answer.status_code < 500
    nothing_told(answer)
