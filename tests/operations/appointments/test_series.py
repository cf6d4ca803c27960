"""Series of appointments, booked and cancelled."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.answers import done, refused, resources
from tests.operations.appointments.calls import MONDAY, call, for_patient, name, read, statuses_of


def test_a_series_is_booked_as_a_whole(client, practice, patient):
    practice.slots(days=60)
    proposal = practice.find()[0]

    answer = call(
        client,
        "book",
        appointment_resource=for_patient(proposal, patient),
        recurrence="FREQ=WEEKLY;COUNT=4",
    )

    series = resources(done(answer))
    assert len(series) == 4
    assert len({a["identifier"][0]["value"] for a in series}) == 1
    assert all(statuses_of(client, a) == ["busy"] for a in series)


def test_of_a_series_with_a_time_that_is_taken_nothing_is_booked(client, practice, patient):
    practice.slots(days=60)
    proposals = practice.find()
    third = next(a for a in proposals if a["start"].startswith(str(MONDAY + timedelta(days=14))))
    call(client, "book", appointment_resource=for_patient(third, patient))

    answer = call(
        client,
        "book",
        appointment_resource=for_patient(proposals[0], patient),
        recurrence="FREQ=WEEKLY;COUNT=4",
    )

    assert str(MONDAY + timedelta(days=14)) in refused(answer, 409)["diagnostics"]
    assert len(practice.find()) == len(proposals) - 1


@pytest.mark.parametrize(("scope", "left"), [("this", 3), ("following", 1), ("all", 0)])
def test_of_a_series_one_some_or_all_are_cancelled(client, practice, patient, scope, left):
    practice.slots(days=60)
    answer = call(
        client,
        "book",
        appointment_resource=for_patient(practice.find()[0], patient),
        recurrence="FREQ=WEEKLY;COUNT=4",
    )
    series = resources(done(answer))

    done(call(client, "cancel", series[1], scope=scope))

    assert sum(read(client, name(a))["status"] == "booked" for a in series) == left
