"""A search parameter whose index isn't complete answers nowhere: it would find too little."""

from __future__ import annotations

import pytest

from tests.answers import done, refused
from tests.builders import a_patient, a_transaction, an_entry
from tests.storage.conftest import own_app, own_client, own_url

__all__ = ["own_app", "own_client", "own_url"]

WAITING = "waits to be made"
ADDED = {
    "guardian": (
        "reference",
        "Patient.extension.where(url='https://a.example/g').value.as(Reference)",
    ),
    "spoken": ("token", "Patient.contact.relationship"),
    "called": ("string", "Patient.name.text"),
}


def a_parameter(code: str, kind: str, expression: str, **more) -> dict:
    return {
        "resourceType": "SearchParameter", "url": f"https://a.example/{code}", "name": code,
        "status": "active", "description": "A test", "code": code, "base": ["Patient"],
        "type": kind, "expression": expression,
    } | more  # fmt: skip


@pytest.fixture(scope="module")
def client(own_client):
    """A server with parameters that nobody has indexed yet."""
    patch = pytest.MonkeyPatch()
    patch.setattr("fhirserver.interactions.search_parameters.AT_ONCE_SECONDS", 0.0)
    done(own_client.put("/fhir/Patient/p", json=a_patient(id="p")), 201)
    for code, (kind, expression) in ADDED.items():
        done(
            own_client.post("/fhir/SearchParameter", json=a_parameter(code, kind, expression)), 201
        )
    component = {"definition": "https://a.example/spoken", "expression": "contact.relationship"}
    other = {
        "definition": "http://hl7.org/fhir/SearchParameter/individual-gender",
        "expression": "gender",
    }
    both = a_parameter("both", "composite", "Patient", component=[component, other])
    done(own_client.post("/fhir/SearchParameter", json=both), 201)
    yield own_client
    patch.undo()


@pytest.mark.parametrize(
    "query",
    [
        "Patient?spoken=de",
        "Patient?spoken:not=de",
        "Patient?spoken:missing=true",
        "Patient?called:contains=x",
        "Patient?_sort=called",
        "Patient?_sort=-spoken,name",
        "Patient?both=de$male",
        "Patient?_filter=spoken eq de",
        "Patient?guardian=Patient/p",
        "Patient?guardian.name=x",
        "Observation?patient.spoken=de",
        "Observation?subject:Patient.called=x",
        "Patient?_has:Patient:guardian:name=x",
        "Patient?_revinclude=Patient:guardian",
        "?_type=Patient&spoken=de",
    ],
)
def test_a_search_says_how_far_it_is(client, query) -> None:
    for headers in ({}, {"Prefer": "handling=lenient"}):
        issue = refused(client.get(f"/fhir/{query}", headers=headers), 400)

        assert WAITING in issue["diagnostics"]


def test_conditions_of_writes_are_refused(client) -> None:
    patient = a_patient()
    german = {"If-None-Exist": "spoken=de"}
    observation = {
        "resourceType": "Observation", "status": "final", "code": {"text": "x"},
        "subject": {"reference": "Patient?spoken=de"},
    }  # fmt: skip

    for answer in (
        client.post("/fhir/Patient", json=patient, headers=german),
        client.put("/fhir/Patient?spoken=de", json=patient),
        client.delete("/fhir/Patient?spoken=de"),
        client.post("/fhir", json=a_transaction(an_entry("POST", "Patient", patient, ifNoneExist="spoken=de"))),
        client.post("/fhir", json=a_transaction(an_entry("POST", "Observation", observation))),
    ):  # fmt: skip
        assert WAITING in refused(answer, 400)["diagnostics"]


def test_it_is_not_in_the_capability_statement(client) -> None:
    rest = done(client.get("/fhir/metadata"))["rest"][0]
    patient = next(r for r in rest["resource"] if r["type"] == "Patient")

    assert {p["name"] for p in patient["searchParam"]}.isdisjoint([*ADDED, "both"])
    assert "Patient:guardian" not in patient["searchInclude"]
