"""Appointment/$cancel: the time is free again."""

from __future__ import annotations

from fhirserver import ids
from tests.answers import done, refused
from tests.operations.appointments.calls import call, for_patient, given, name, one, statuses_of


def test_a_cancelled_appointment_gives_its_time_back(client, practice, patient):
    practice.slots()
    booked = one(
        call(client, "book", appointment_resource=for_patient(practice.find()[0], patient))
    )
    reason = {"coding": [{"code": "pat"}]}

    cancelled = one(call(client, "cancel", booked, reason=reason))

    assert (cancelled["status"], cancelled["cancelationReason"]) == ("cancelled", reason)
    assert statuses_of(client, booked) == ["free"]
    assert one(call(client, "cancel", booked))["status"] == "cancelled"


def test_an_appointment_that_claims_a_slot_of_another_does_not_free_it(client, practice, patient, stored):  # fmt: skip
    practice.slots()
    booked = one(
        call(client, "book", appointment_resource=for_patient(practice.find()[0], patient))
    )
    claim = {k: v for k, v in booked.items() if k not in {"id", "meta"}}
    liar = stored({**claim, "status": "proposed"})

    done(call(client, "cancel", liar))

    assert statuses_of(client, booked) == ["busy"]


def test_an_appointment_that_is_over_is_not_cancelled(client, practice, patient, stored):
    made = {"resourceType": "Appointment", "status": "fulfilled", "start": "2020-01-01T08:00:00Z",
            "end": "2020-01-01T09:00:00Z",
            "participant": [{"actor": {"reference": name(patient)}, "status": "accepted"}]}  # fmt: skip

    refused(call(client, "cancel", stored(made)), 409)


def test_a_version_that_is_not_the_current_one_is_not_cancelled(client, practice, patient):
    practice.slots()
    booked = one(
        call(client, "book", appointment_resource=for_patient(practice.find()[0], patient))
    )

    answer = client.post(
        f"/fhir/{name(booked)}/$cancel", json=given(), headers={"If-Match": 'W/"7"'}
    )

    refused(answer, 412)
    assert statuses_of(client, booked) == ["busy"]


def test_an_unknown_appointment_is_not_found(client):
    refused(client.post(f"/fhir/Appointment/{ids.new()}/$cancel", json=given()), 404)
