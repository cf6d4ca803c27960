"""Scopes: limited apps, both versions, and granular scopes, as the (g)(10) test kit asks.

https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html
"""

from __future__ import annotations

import pytest

from tests.smart.conftest import CONDITION, OBSERVATION

LABORATORY = f"patient/Observation.rs?category={OBSERVATION}|laboratory"
SOCIAL = f"patient/Observation.rs?category={OBSERVATION}|social-history"
PROBLEMS = f"patient/Condition.rs?category={CONDITION}|problem-list-item"


def found(app, token: str, address: str) -> set[str]:
    """The ids of the matches on all pages."""
    ids: set[str] = set()
    while address:
        answer = app.fhir(token, address.partition("/fhir/")[2] or address)
        assert answer.status_code == 200, answer.text
        ids |= {e["resource"]["id"] for e in answer.json.get("entry", [])}
        links = {link["relation"]: link["url"] for link in answer.json["link"]}
        address = links.get("next", "")
    return ids


def test_scp_1_what_the_user_takes_the_tick_from_is_not_granted(make_smart_app, patient, chart):
    asked = "launch/patient patient/Patient.rs patient/Goal.rs patient/Encounter.rs"
    app = make_smart_app(asked)

    body = app.token(patient, lambda page: page.untick("Read goals of treatment"))

    assert set(body["scope"].split()) == set(asked.split()) - {"patient/Goal.rs"}
    search = f"?patient={chart.patient}"
    assert app.fhir(body["access_token"], f"Encounter{search}").status_code == 200
    assert app.fhir(body["access_token"], f"Goal{search}").status_code in {401, 403}


def test_scp_1_reading_can_be_allowed_without_changing(make_smart_app, patient, chart):
    app = make_smart_app("launch/patient patient/Appointment.cruds")

    body = app.token(patient, lambda page: page.untick("Add, change and delete appointments"))

    assert "patient/Appointment.rs" in body["scope"].split()
    assert "patient/Appointment.cruds" not in body["scope"].split()


def test_scp_2_scopes_of_the_first_version_are_taken(make_smart_app, patient, chart):
    app = make_smart_app("launch/patient patient/Patient.read patient/Observation.read")

    body = app.token(patient)

    assert {"patient/Patient.read", "patient/Observation.read"} <= set(body["scope"].split())
    token = body["access_token"]
    assert app.fhir(token, f"Patient/{chart.patient}").status_code == 200
    assert found(app, token, f"Observation?patient={chart.patient}")


@pytest.fixture
def limited(make_smart_app, patient):
    """An app that was granted laboratory results, social history and the problem list."""
    app = make_smart_app(f"launch/patient patient/Patient.rs {LABORATORY} {SOCIAL} {PROBLEMS}")
    body = app.token(patient)
    assert {LABORATORY, SOCIAL, PROBLEMS} <= set(body["scope"].split())
    return app, body["access_token"]


def test_scp_3_and_4_a_search_finds_what_the_scopes_are_about(limited, chart):
    app, token = limited
    seen = {chart.kinds["laboratory"], chart.kinds["social-history"]}

    assert found(app, token, f"Observation?patient={chart.patient}") == seen
    assert found(app, token, f"Observation?patient={chart.patient}&_count=1") == seen
    within = f"Observation?patient={chart.patient}&category={OBSERVATION}|laboratory"
    assert found(app, token, within) == {chart.kinds["laboratory"]}
    assert found(app, token, f"Condition?patient={chart.patient}") == {
        chart.kinds["problem-list-item"]
    }


def test_scp_4_a_search_by_post_finds_the_same(limited, chart):
    app, token = limited
    headers = {"Authorization": f"Bearer {token}"}

    answer = app.http.post(
        "/fhir/Observation/_search", data={"patient": chart.patient}, headers=headers
    )

    assert {e["resource"]["id"] for e in answer.json["entry"]} == {
        chart.kinds["laboratory"],
        chart.kinds["social-history"],
    }


def test_scp_5_a_read_outside_the_scopes_finds_nothing(limited, chart):
    app, token = limited

    assert app.fhir(token, f"Observation/{chart.kinds['laboratory']}").status_code == 200
    assert app.fhir(token, f"Observation/{chart.kinds['vital-signs']}").status_code == 404
    assert app.fhir(token, f"Condition/{chart.kinds['encounter-diagnosis']}").status_code == 404


def test_scp_6_other_types_have_categories_too(make_smart_app, patient, client, chart):
    made = {
        code: client.post(
            "/fhir/DocumentReference",
            json={
                "resourceType": "DocumentReference",
                "status": "current",
                "subject": {"reference": f"Patient/{chart.patient}"},
                "category": [{"coding": [{"system": "urn:test", "code": code}]}],
                "content": [{"attachment": {"contentType": "text/plain", "data": "YQ=="}}],
            },
        ).json["id"]
        for code in ("note", "letter")
    }
    app = make_smart_app("launch/patient patient/DocumentReference.rs?category=urn:test|note")

    token = app.token(patient)["access_token"]

    assert found(app, token, f"DocumentReference?patient={chart.patient}") == {made["note"]}
    assert app.fhir(token, f"DocumentReference/{made['letter']}").status_code == 404


def test_scp_7_the_user_narrows_results_and_problems(make_smart_app, patient, chart):
    app = make_smart_app(
        "launch/patient patient/Patient.rs patient/Observation.rs patient/Condition.rs"
    )

    def narrow(page) -> None:
        for box in [b for b in page.boxes if b.words == "Only some kinds"]:
            page.choose(box)
        page.box("laboratory results").is_on = True
        page.box("the problem list").is_on = True

    body = app.token(patient, narrow)

    assert set(body["scope"].split()) == {
        "launch/patient",
        "patient/Patient.rs",
        LABORATORY,
        PROBLEMS,
    }
    token = body["access_token"]
    assert found(app, token, f"Observation?patient={chart.patient}") == {chart.kinds["laboratory"]}
    assert found(app, token, f"Condition?patient={chart.patient}") == {
        chart.kinds["problem-list-item"]
    }


def test_nothing_left_is_told_and_grants_nothing(make_smart_app, patient):
    app = make_smart_app("launch/patient patient/Goal.rs")
    page = app.ask(patient)

    answer = app.answered(patient, page, lambda form: form.untick("Read goals of treatment"))

    assert answer.status_code == 422
    assert "Nothing is left" in answer.text


def test_a_form_that_asks_for_more_gets_no_more(make_smart_app, patient):
    app = make_smart_app("launch/patient patient/Goal.rs")

    def widen(form) -> None:
        form.fixed += [("read-0", "all"), ("change-1", "all"), ("read-9", "all"),
                       ("scope", "user/*.cruds"), ("identity", "all")]  # fmt: skip

    assert set(app.token(patient, widen)["scope"].split()) == {"launch/patient", "patient/Goal.rs"}
