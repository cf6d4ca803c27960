"""What our pages look up for somebody is on record, as theirs."""

from __future__ import annotations

from tests.audit.conftest import events, request_id, subtype, whats  # noqa: F401 - fixtures
from tests.smart.app import HOST, at
from tests.smart.forms import form


def test_whom_staff_found_in_the_picker_is_on_record(
    make_smart_app,
    doctor,
    chart,
    events,  # noqa: F811
    request_id,  # noqa: F811
):
    picker = make_smart_app("launch/patient patient/Patient.rs").ask(doctor)
    values = form(picker.text).values(answer="search", name=chart.family)

    headers = {"X-Request-Id": request_id}
    doctor.browser.post(at(picker), data=values, headers=headers, base_url=HOST)

    (event,) = events(request_id)
    assert subtype(event) == "search-type"
    assert f"Patient/{chart.patient}" in whats(event)
    assert f"Practitioner/{chart.doctor}" in str(event["agent"])
    assert "127.0.0.1" in str(event["agent"])


def test_what_a_user_grants_to_an_app_is_on_record(
    make_smart_app,
    patient,
    chart,
    events,  # noqa: F811
    request_id,  # noqa: F811
):
    app = make_smart_app("launch/patient patient/Patient.rs patient/Goal.rs")
    page = app.ask(patient)

    filled = form(page.text)
    filled.untick("Read goals of treatment")
    headers = {"X-Request-Id": request_id}
    values = filled.values(answer="allow")
    patient.browser.post(at(page), data=values, headers=headers, base_url=HOST)

    # The page has read whose data it is about.
    event = events(request_id, expected=2)[-1]
    assert event["subtype"][1]["code"] == "oauth-allow"
    assert event["outcomeDesc"] == "launch/patient patient/Patient.rs"
    assert f"Patient/{chart.patient}" in whats(event)
    assert event["agent"][0]["who"]["identifier"]["value"] == app.client_id
    assert event["agent"][2]["who"]["reference"] == f"Patient/{chart.patient}"


def test_that_a_user_grants_nothing_is_on_record(
    make_smart_app,
    patient,
    events,  # noqa: F811
    request_id,  # noqa: F811
):
    page = make_smart_app("launch/patient patient/Patient.rs").ask(patient)
    headers = {"X-Request-Id": request_id}
    values = form(page.text).values(answer="deny")
    patient.browser.post(at(page), data=values, headers=headers, base_url=HOST)

    event = events(request_id)[-1]
    assert event["subtype"][1]["code"] == "oauth-deny"
    assert "outcomeDesc" not in event
