"""Attack 109, and that every kind of request ends."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import pytest

from fhirserver.interactions.interaction import interactions
from fhirserver.interactions.messages import FhirRequest
from tests.answers import done, refused, statuses
from tests.builders import a_batch, a_patient, a_transaction, an_entry
from tests.pace import soon

FOREVER = "(a+)+$"
LONG = "a" * 40 + "!"
EXPRESSIONS = [
    f"'{LONG}'.matches('{FOREVER}')",
    f"'{LONG}'.replaceMatches('{FOREVER}', 'b')",
    f"'{LONG}'.matches('^(a|aa)+$')",
    "'" + "a" * 50_000 + "'.matches('(.*)*x')",
    "repeat($this)",
    "(1|2|3).repeat($this + 1)",
    "Patient.descendants().descendants().descendants()",
    ".".join(["descendants()"] * 60),
    "(" * 5000 + "1" + ")" * 5000,
    "+".join(["1"] * 50_000),
    "iif(" * 500 + "true,1" + ")" * 500,
    "|".join(["Patient.name"] * 20_000),
]


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=range(len(EXPRESSIONS)))
def test_109_an_expression_that_never_ends_is_ended(client, expression):
    body = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "expression", "valueString": expression},
            {"name": "resource", "resource": a_patient()},
        ],
    }

    with soon(8):
        answer = client.post("/fhir/$fhirpath", json=body)

    assert answer.status_code in {200, 400, 403, 422}, answer.text[:300]


@pytest.mark.parametrize(
    "filter_", [f"code matches {FOREVER}", "code regex (a|aa)+$", "display regex (.*)*x"]
)
def test_109_a_pattern_of_a_value_set_is_ended(client, filter_):
    property_, op, value = filter_.split(" ")
    system = "http://patterns.example"
    body = {
        "resourceType": "Parameters",
        "parameter": [
            {
                "name": "valueSet",
                "resource": {
                    "resourceType": "ValueSet",
                    "status": "active",
                    "compose": {
                        "include": [
                            {
                                "system": system,
                                "filter": [{"property": property_, "op": op, "value": value}],
                            }
                        ]
                    },
                },
            }
        ],
    }
    client.put(
        f"/fhir/CodeSystem?url={system}",
        json={
            "resourceType": "CodeSystem", "url": system, "status": "active", "content": "complete",
            "concept": [{"code": LONG[:-1] + str(n), "display": LONG} for n in range(50)],
        },
    )  # fmt: skip
    with soon(5):
        assert client.post("/fhir/ValueSet/$expand", json=body).status_code in {200, 400, 422}


@pytest.fixture(scope="module")
def hurried(make_app):
    """A server whose requests have no time at all."""
    return make_app(request_timeout_seconds=1e-9)


@pytest.mark.parametrize(
    ("method", "address", "body"),
    [
        ("GET", "Patient/a-patient", None),
        ("GET", "Patient/a-patient/_history/1", None),
        ("GET", "Patient", None),
        ("GET", "?_type=Patient", None),
        ("GET", "_history", None),
        ("GET", "Patient/a-patient/Observation", None),
        ("GET", "Patient/a-patient/$everything", None),
        ("GET", "$graphql?query={PatientList{id}}", None),
        ("GET", "Observation/$lastn?patient=a-patient", None),
        ("POST", "Patient", a_patient()),
        ("PUT", "Patient/a-patient", a_patient(id="a-patient")),
        ("DELETE", "Patient/a-patient", None),
        ("PATCH", "Patient/a-patient", [{"op": "test", "path": "/id", "value": "a"}]),
        ("POST", "", a_transaction(an_entry("POST", "Patient", a_patient()))),
    ],
)
def test_109_a_request_whose_time_is_over_does_no_more(hurried, client_of, method, address, body):
    kind = "application/json-patch+json" if method == "PATCH" else "application/fhir+json"
    headers = {"Content-Type": kind}

    answer = client_of(hurried).open(f"/fhir/{address}", method=method, json=body, headers=headers)

    assert refused(answer, 403)["code"] == "too-costly"


def test_109_what_is_left_of_a_batch_when_its_time_is_over_is_refused(client, monkeypatch):
    seconds = itertools.count(step=10)
    monkeypatch.setattr(
        "fhirserver.storage.database.time", SimpleNamespace(monotonic=lambda: next(seconds))
    )
    batch = a_batch(*[an_entry("GET", "Patient?_count=1")] * 50)

    answer = done(client.post("/fhir", json=batch))

    assert set(statuses(answer)) == {"200", "403"}
    assert statuses(answer) == sorted(statuses(answer))


def test_109_the_next_request_has_its_own_time(make_app, client_of, monkeypatch):
    client, now = client_of(make_app(request_timeout_seconds=3)), [0.0]
    monkeypatch.setattr(
        "fhirserver.storage.database.time", SimpleNamespace(monotonic=lambda: now[0])
    )
    for _ in range(3):
        done(client.get("/fhir/Patient?_count=1"))
        now[0] += 2


def test_109_every_interaction_goes_by_the_door_that_has_the_time(app, monkeypatch):
    """A census: there is no interaction that the limit doesn't hold for."""
    database = app.extensions["fhirserver"].context.store.database
    limited = []
    real = type(database).within

    def within(self, seconds):
        limited.append(seconds)
        return real(self, seconds)

    monkeypatch.setattr(type(database), "within", within)
    names = {"read", "vread", "create", "update", "patch", "delete", "bundle", "operation",
             "capabilities", "search-type", "search-system", "search-compartment",
             "history-instance", "history-type", "history-system",
             "bulk-status", "bulk-cancel", "bulk-file"}  # fmt: skip
    assert set(interactions) == names
    assert FhirRequest
    app.test_client().get("/fhir/metadata")
    assert limited == [300.0]
