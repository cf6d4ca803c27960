"""https://www.rfc-editor.org/rfc/rfc6750"""

from __future__ import annotations

import pytest

from fhirserver.storage.tokens import issue
from tests.answers import done, refused
from tests.builders import a_patient


@pytest.fixture
def anybody(app):
    return app.test_client()


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("GET", "/fhir"),
        ("POST", "/fhir"),
        ("GET", "/fhir/Patient"),
        ("GET", "/fhir/Patient/1"),
        ("PUT", "/fhir/Patient/1"),
        ("PATCH", "/fhir/Patient/1"),
        ("DELETE", "/fhir/Patient/1"),
        ("POST", "/fhir/Patient"),
        ("POST", "/fhir/Patient/_search"),
        ("POST", "/fhir/_search"),
        ("GET", "/fhir/_history"),
        ("GET", "/fhir/Patient/_history"),
        ("GET", "/fhir/Patient/1/_history"),
        ("GET", "/fhir/Patient/1/_history/1"),
        ("GET", "/fhir/Patient/1/Observation"),
    ],
)
def test_without_a_token_nothing_is_answered(anybody, method, address):
    answer = anybody.open(address, method=method)

    assert refused(answer, 401)["code"] == "login"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("address", ["/fhir/metadata", "/livez", "/readyz", "/metrics"])
def test_what_is_public_needs_no_token(anybody, address):
    assert anybody.get(address).status_code == 200


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer nonsense",
        "Bearer ",
        "Bearer",
        "Basic YTpi",
        "bearer\tx",
        "Bearer " + "x" * 10_000,
        "Bearer \xff\xfe",
        "Bearer a b",
        "",
    ],
)
def test_a_token_that_is_none_is_refused(anybody, authorization):
    refused(anybody.get("/fhir/Patient", headers={"Authorization": authorization}), 401)


def test_an_expired_token_is_refused_and_said_to_be_invalid(anybody, token):
    headers = {"Authorization": f"Bearer {token(lifetime_seconds=-1)}"}

    answer = anybody.get("/fhir/Patient", headers=headers)

    refused(answer, 401)
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    ("scope", "method", "address", "status"),
    [
        ("system/Patient.r", "GET", "/fhir/Patient/nobody-has-this-id", 404),
        ("system/Patient.r", "GET", "/fhir/Observation/1", 403),
        ("system/Patient.r", "GET", "/fhir/Patient", 403),
        ("system/Patient.s", "GET", "/fhir/Patient?_count=0", 200),
        ("system/Patient.s", "POST", "/fhir/Patient/_search?_count=0", 200),
        ("system/Patient.s", "GET", "/fhir/Patient/1", 403),
        ("system/Patient.rs", "GET", "/fhir?_type=Patient", 403),
        ("system/Patient.rs", "GET", "/fhir/_history", 403),
        ("system/Patient.s", "GET", "/fhir/Patient/_history?_count=0", 200),
        ("system/Patient.r", "GET", "/fhir/Patient/_history", 403),
        ("system/Patient.cud", "GET", "/fhir/Patient/1/_history", 403),
        ("system/Patient.cruds", "GET", "/fhir/Patient/1/Observation", 403),
        ("system/Observation.s", "GET", "/fhir/Patient/1/Observation", 200),
        ("system/Observation.s", "GET", "/fhir/Patient/1/*", 403),
        ("system/*.rs", "GET", "/fhir/Patient/1/*", 200),
        ("system/Patient.rs", "DELETE", "/fhir/Patient/1", 403),
        ("system/Patient.d", "DELETE", "/fhir/Patient/never", 204),
        ("user/Patient.read", "GET", "/fhir/Patient/nobody-has-this-id", 404),
        ("user/Patient.write", "GET", "/fhir/Patient/1", 403),
    ],
)
def test_a_scope_allows_what_it_says_and_no_more(anybody, token, scope, method, address, status):
    headers = {"Authorization": f"Bearer {token(scope)}"}

    answer = anybody.open(address, method=method, headers=headers)

    assert answer.status_code == status
    if status == 403:
        assert refused(answer, 403)["code"] == "forbidden"


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_writing_needs_the_right_to_write(anybody, token, method):
    headers = {"Authorization": f"Bearer {token('system/Patient.rds')}"}
    address = "/fhir/Patient" if method == "POST" else "/fhir/Patient/1"

    answer = anybody.open(address, method=method, json=a_patient(id="1"), headers=headers)

    refused(answer, 403)


def test_explain_is_for_systems_only(anybody, token):
    system = {"Authorization": f"Bearer {token('system/*.rs')}"}
    user = {"Authorization": f"Bearer {token('user/*.rs')}"}

    assert done(anybody.get("/fhir/Patient?name=a&_explain=true", headers=system))
    refused(anybody.get("/fhir/Patient?name=a&_explain=true", headers=user), 403)


def test_the_kind_of_the_token_is_read_in_any_case(anybody, token):
    headers = {"Authorization": f"bEARER {token()}"}

    done(anybody.get("/fhir/Patient?_count=0", headers=headers))


def test_tokens_are_not_stored_as_they_are(database):
    secret = issue(database, subject="s", scope="system/*.r", lifetime_seconds=60)

    rows = database.read("SELECT t::text FROM access.token t")
    assert not any(secret in row[0] for row in rows)
