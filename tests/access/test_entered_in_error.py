"""Who may say that a signed document or report was entered in error."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from fhirserver import clock
from tests.access.conftest import As, Put
from tests.access.test_role_policies import Ward, ref

WHY = {
    "url": "https://fhirserver.example/StructureDefinition/entered-in-error",
    "extension": [
        {"url": "reason", "valueString": "Of another patient"},
        {"url": "when", "valueDateTime": "2026-11-30T03:00:00Z"},
    ],
}
SECTION = "http://terminology.hl7.org/CodeSystem/v2-0074"


@pytest.fixture
def ward(put: Put) -> Ward:
    return Ward(put)


def a_note(put: Put, ward: Ward, author: str) -> dict[str, Any]:
    return put(
        "DocumentReference",
        status="current",
        subject=ref(ward.cared_for),
        author=[{"reference": author}],
        content=[{"attachment": {"contentType": "text/plain", "data": "U2Vlbi4="}}],
    )


def a_report(put: Put, ward: Ward, section: str, *interpreters: str) -> dict[str, Any]:
    return put(
        "DiagnosticReport",
        status="final",
        category=[{"coding": [{"system": SECTION, "code": section}]}],
        code={"text": "Report"},
        subject=ref(ward.cared_for),
        **(
            {"resultsInterpreter": [{"reference": i} for i in interpreters]} if interpreters else {}
        ),
    )


def withdraw(user: FlaskClient, resource: dict[str, Any], **more: Any) -> int:
    body = {**resource, "status": "entered-in-error", "extension": [WHY], **more}
    address = f"/fhir/{resource['resourceType']}/{resource['id']}"
    return user.put(address, json=body).status_code


def test_the_author_withdraws_a_note_and_no_other_doctor(ward: Ward, put: Put, as_user: As) -> None:
    colleague = f"Practitioner/{put('Practitioner', name=[{'family': 'E'}])['id']}"
    put(
        "Encounter",
        status="in-progress",
        **{"class": {"code": "IMP"}},
        subject=ref(ward.cared_for),
        participant=[{"individual": {"reference": colleague}}],
    )
    note = a_note(put, ward, ward.doctor)

    assert withdraw(as_user("doctor", colleague), note) == 403
    assert withdraw(as_user("doctor", ward.doctor), note) == 200
    # What is an error stays as its author left it.
    other = as_user("doctor", colleague)
    assert other.put(f"/fhir/DocumentReference/{note['id']}", json=note).status_code == 403


def test_a_nurse_withdraws_what_they_wrote_and_changes_nothing_else(
    ward: Ward, put: Put, as_user: As
) -> None:
    nurse = as_user("nurse", ward.nurse)
    own, other = a_note(put, ward, ward.nurse), a_note(put, ward, ward.doctor)
    rewritten = [{"attachment": {"contentType": "text/plain", "data": "Tm90IHNlZW4u"}}]

    assert withdraw(nurse, other) == 403
    assert withdraw(nurse, own, content=rewritten) == 403
    assert nurse.put(f"/fhir/DocumentReference/{own['id']}", json=own | {"content": rewritten}).status_code == 403  # fmt: skip
    assert withdraw(nurse, own) == 200


def test_a_radiologist_withdraws_what_they_have_signed(ward: Ward, put: Put, as_user: As) -> None:
    people = [f"Practitioner/{put('Practitioner')['id']}" for _ in range(2)]
    for one in people:
        put(
            "ServiceRequest",
            status="active",
            intent="order",
            subject=ref(ward.cared_for),
            performer=[{"reference": one}],
            authoredOn=clock.now().isoformat(timespec="seconds"),
        )
    report = a_report(put, ward, "RAD", people[0])

    assert withdraw(as_user("radiologist", people[1]), report) == 403
    assert withdraw(as_user("radiologist", people[0]), report) == 200


def test_a_doctor_withdraws_a_laboratory_report_only_if_they_signed_it(
    ward: Ward, put: Put, as_user: As
) -> None:
    doctor = as_user("doctor", ward.doctor)
    report, signed = a_report(put, ward, "LAB"), a_report(put, ward, "LAB", ward.doctor)

    assert withdraw(doctor, report) == 403
    assert withdraw(doctor, signed) == 200


def test_patients_no_longer_see_what_was_withdrawn(ward: Ward, put: Put, as_user: As) -> None:
    patient = as_user("patient", f"Patient/{ward.cared_for['id']}")
    note, report = a_note(put, ward, ward.doctor), a_report(put, ward, "LAB", ward.doctor)
    addresses = [f"/fhir/{r['resourceType']}/{r['id']}" for r in (note, report)]
    assert [patient.get(a).status_code for a in addresses] == [200, 200]

    for one in (note, report):
        assert withdraw(as_user("doctor", ward.doctor), one) == 200

    assert [patient.get(a).status_code for a in addresses] == [404, 404]
