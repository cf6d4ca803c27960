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
