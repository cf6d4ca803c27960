"""https://hl7.org/fhir/R4/observation-operation-lastn.html"""

from __future__ import annotations

import pytest

from fhirserver import ids
from tests.answers import done, ids_of, refused
from tests.builders import a_patient, a_transaction, an_entry

LOINC = "http://loinc.org"


def a_code(*codes, text=None):
    concept = {"coding": [{"system": LOINC, "code": c} for c in codes]} if codes else {}
    return concept | {"text": text} if text else concept


@pytest.fixture
def record(client):
    """Stores observations of a new patient, from (id, code, time); the patient's id."""

    def make(*observations):
        patient = done(client.post("/fhir/Patient", json=a_patient()), 201)["id"]
        entries = []
        for name, code, time, *more in observations:
            made = {
                "resourceType": "Observation",
                "id": f"{name}-{patient[:12]}",
                "status": "final",
                "code": code if isinstance(code, dict) else a_code(code),
                "subject": {"reference": f"Patient/{patient}"},
                **({"effectiveDateTime": time} if isinstance(time, str) else time or {}),
                **(more[0] if more else {}),
            }
            entries.append(an_entry("PUT", f"Observation/{made['id']}", made))
        done(client.post("/fhir", json=a_transaction(*entries)))
        return patient

    return make


def last(client, patient, query=""):
    found = done(client.get(f"/fhir/Observation/$lastn?patient={patient}{query}"))
    return [i.partition("-")[0] for i in ids_of(found)]


def test_the_latest_of_each_code_the_newest_first(client, record):
    patient = record(
        ("a1", "a", "2024-01-01"), ("a2", "a", "2024-03-01"), ("b1", "b", "2024-02-01"),
    )  # fmt: skip

    assert last(client, patient) == ["a2", "b1"]


def test_the_last_two_of_each_code(client, record):
    patient = record(
        ("a1", "a", "2024-01-01"), ("a2", "a", "2024-03-01"), ("a3", "a", "2024-02-01"),
        ("b1", "b", "2023"),
    )  # fmt: skip

    assert last(client, patient, "&max=2") == ["a2", "a3", "b1"]


def test_other_parameters_select(client, record):
    patient = record(
        ("a1", "a", "2024-01-01"), ("a2", "a", "2024-03-01", {"status": "cancelled"}),
        ("b1", "b", "2024-01-02"),
    )  # fmt: skip

    assert last(client, patient, "&status=final&code=a,c") == ["a1"]
    assert last(client, patient, "&date=lt2024-02&max=5") == ["b1", "a1"]
    assert last(client, patient, "&category=vital-signs") == []


def test_codes_that_another_observation_joins_are_one_group(client, record):
    patient = record(
        ("x", "a", "2024-01-01"), ("y", "b", "2024-01-02"), ("z", a_code("a", "b"), "2023"),
        ("w", "c", "2022"),
    )  # fmt: skip

    assert last(client, patient) == ["y", "w"]
    assert last(client, patient, "&max=2") == ["y", "x", "w"]


def test_a_code_of_another_system_is_another(client, record):
    other = {"coding": [{"system": "http://other.example", "code": "a"}]}
    patient = record(("x", "a", "2024"), ("y", other, "2023"))

    assert last(client, patient) == ["x", "y"]


def test_texts_alone_are_grouped_as_they_are_written(client, record):
    patient = record(
        ("x", a_code(text="Text"), "2024"), ("y", a_code(text="textM"), "2023"),
        ("z", a_code(text="Text"), "2022"), ("w", a_code("a", text="Text"), "2021"),
    )  # fmt: skip

    assert last(client, patient) == ["x", "y", "w"]


def test_of_the_same_time_all_come(client, record):
    patient = record(
        ("x", "a", "2024-01-01"), ("y", "a", "2024-01-01"), ("z", "a", "2023-01-01"),
    )  # fmt: skip

    assert sorted(last(client, patient)) == ["x", "y"]


def test_what_has_no_time_comes_last_and_is_no_tie(client, record):
    patient = record(("x", "a", None), ("y", "a", None), ("z", "a", "2023"))

    assert last(client, patient) == ["z"]
    assert len(last(client, patient, "&max=2")) == 2


def test_a_period_counts_from_its_start(client, record):
    period = {"effectivePeriod": {"start": "2024-01-01", "end": "2024-12-31"}}
    patient = record(("x", "a", period), ("y", "a", "2024-05-01"))

    assert last(client, patient) == ["y"]


def test_what_it_refers_to_can_be_included(client, record):
    patient = record(("x", "a", "2024"))

    assert last(client, patient, "&_include=Observation:subject")[-1] == patient.partition("-")[0]


def test_parameters_may_be_posted(client, record):
    patient = record(("x", "a", "2024"), ("y", "a", "2023"), ("z", "b", "2023"))
    body = {"resourceType": "Parameters", "parameter": [
        {"name": "max", "valuePositiveInt": 2},
        {"name": "subject", "valueString": f"Patient/{patient}"},
        {"name": "code", "valueString": f"{LOINC}|a"},
    ]}  # fmt: skip

    found = done(client.post("/fhir/Observation/$lastn", json=body))

    assert found["total"] == 2
    assert "max=2" in found["link"][0]["url"]


def test_nothing_found_is_no_error(client):
    found = done(client.get(f"/fhir/Observation/$lastn?patient={ids.new()}"))

    assert (found["total"], "entry" in found) == (0, False)


@pytest.mark.parametrize(
    "query", ["", "code=a", "patient=1&max=0", "patient=1&_count=2", "patient=1&_sort=date", "patient=1&x=1"]
)  # fmt: skip
def test_what_it_cant_do_is_refused(client, query):
    refused(client.get(f"/fhir/Observation/$lastn?{query}"), 400)


def test_it_needs_the_right_to_search(client, token):
    headers = {"Authorization": f"Bearer {token('user/Observation.r')}"}

    refused(client.get("/fhir/Observation/$lastn?patient=1", headers=headers), 403)


def test_it_costs_as_many_statements_however_many_there_are(client, record, query_recorder):
    few, many = record(("x", "a", "2024")), record(*((f"x{n}", f"c{n}", "2024") for n in range(60)))

    def cost(patient):
        query_recorder.clear()
        last(client, patient, "&max=3")
        return len(query_recorder)

    cost(few)
    # Whose token it is, the state of the parameters, what is found, and that by its keys.
    assert cost(few) == cost(many) <= 4
