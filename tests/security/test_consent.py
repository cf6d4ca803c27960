"""Attacks on the pages where a person decides what an app may do, and on launches."""

from __future__ import annotations

import pytest

from tests.smart.app import at
from tests.smart.forms import form
from tests.smart.launching import launched, refused

LABORATORY = (
    "patient/Observation.rs?category="
    "http://terminology.hl7.org/CodeSystem/observation-category|laboratory"
)


def test_091_scopes_on_a_patient_need_a_patient(make_smart_app, doctor, chart):
    app = make_smart_app("patient/*.rs")

    assert refused(app, doctor)


def test_092_a_category_keeps_the_others_out(make_smart_app, patient, chart):
    app = make_smart_app(f"launch/patient {LABORATORY}")

    token = app.token(patient)["access_token"]

    assert app.fhir(token, f"Observation/{chart.kinds['laboratory']}").status_code == 200
    assert app.fhir(token, f"Observation/{chart.kinds['vital-signs']}").status_code == 404


def test_096_a_launch_token_works_once_and_for_its_user_only(
    make_smart_app, doctor, make_user, chart
):
    app = make_smart_app("launch user/*.rs")
    used, other = (launched(doctor, app, patient=chart.patient) for _ in range(2))
    app.token(doctor, launch=used)

    assert refused(app, doctor, launch=used)
    assert refused(app, make_user(f"Practitioner/{chart.doctor}", "doctor"), launch=other)
    # Whoever tries a token uses it up.
    assert refused(app, doctor, launch=other)


def test_100_no_other_site_can_frame_the_pages(make_smart_app, patient, doctor, chart):
    app = make_smart_app("launch/patient patient/Patient.rs")

    for page in (app.ask(patient), app.ask(doctor), patient.get("/account/apps")):
        assert page.status_code == 200
        assert page.headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]


def test_100_only_registered_records_can_frame_them(make_app):
    origins = "https://ehr.example"
    framed = make_app(base_url="https://fhir.example/fhir", frame_origins=origins).test_client()

    page = framed.get("/signin", base_url="https://fhir.example")

    assert f"frame-ancestors {origins}" in page.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in page.headers
    for cookie in page.headers.getlist("Set-Cookie"):
        assert all(word in cookie for word in ("Secure", "SameSite=None", "Partitioned"))


@pytest.mark.parametrize("given", [None, "", "forged", "another user's"])
def test_099_consent_cannot_be_forged(make_smart_app, patient, doctor, given):
    app = make_smart_app("launch/patient patient/Patient.rs")
    page = app.ask(patient)
    values = form(page.text).values(answer="allow")
    del values["csrf_token"]
    if given == "another user's":
        given = form(app.ask(doctor).text).values()["csrf_token"][0]
    if given is not None:
        values["csrf_token"] = [given]

    answer = patient.post(at(page), values)

    assert answer.status_code == 400
    assert "code=" not in (answer.location or "")


@pytest.mark.parametrize("address", ["/oauth/launch", "/account/apps", "/oauth/patient?request=x"])
def test_099_no_page_takes_a_form_that_is_not_its_own(patient, address):
    patient.sign_in()

    assert patient.post(address, {"patient": "1", "client": "1"}).status_code == 400


def test_a_request_is_decided_by_whom_it_was_made_for(make_smart_app, patient, make_user, chart):
    app = make_smart_app("launch/patient patient/Patient.rs")
    page = app.ask(patient)

    other = make_user(None, "reception")

    assert other.get(at(page)).status_code == 404


def test_the_form_leads_to_ours_and_to_the_app_only(make_smart_app, patient):
    page = make_smart_app("launch/patient patient/Patient.rs").ask(patient)

    policy = page.headers["Content-Security-Policy"]
    assert "form-action 'self' https://app.example;" in policy
    assert "default-src 'none'" in policy


def test_what_was_decided_is_not_kept_by_the_browser(make_smart_app, patient):
    page = make_smart_app("launch/patient patient/Patient.rs").ask(patient)

    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] in {"same-origin", "no-referrer"}
