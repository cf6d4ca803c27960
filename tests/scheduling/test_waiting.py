"""For whom of the waiting list a time is."""

from __future__ import annotations

from datetime import UTC

from fhirserver.scheduling.appointments import WAITED
from fhirserver.scheduling.waiting import fitting

DOCTOR = {"reference": "Practitioner/1"}
KNEE = [{"coding": [{"code": "knee"}]}]
SCHEDULE = {"id": "s", "actor": [DOCTOR, {"reference": "Location/1"}], "serviceType": KNEE}
SLOT = {"id": "1", "start": "2027-03-01T08:00:00Z", "end": "2027-03-01T08:30:00Z"}


def waits(id_="a", *actors, **more):
    who = [{"actor": {"reference": a}} for a in ("Patient/1", *actors)]
    return {"id": id_, "status": "waitlist", "participant": who, **more}


def found(*waiting):
    return [a["id"] for a in fitting(waiting, SLOT, SCHEDULE, UTC)]


def test_who_has_the_highest_priority_or_has_waited_longest_comes_first():
    assert found(
        waits("none", created="2020"),
        waits("later", created="2027-02", priority=2),
        waits("earlier", created="2027-01", priority=2),
        waits("urgent", created="2027-03", priority=1),
    ) == ["urgent", "earlier", "later", "none"]


def test_a_time_is_for_who_wants_this_doctor_or_any():
    assert found(waits("this", "Practitioner/1"), waits("any"), waits("other", "Practitioner/2")) == [
        "any", "this",
    ]  # fmt: skip


def test_a_time_is_for_who_waits_for_this_kind_of_service():
    hip = [{"coding": [{"code": "hip"}]}]

    assert found(waits("knee", serviceType=KNEE), waits("hip", serviceType=hip)) == ["knee"]


def test_a_time_is_within_what_was_asked_for():
    def within(start, end):
        return waits(requestedPeriod=[{"start": start, "end": end}])

    assert found(within("2027-03-01", "2027-03-01")) == ["a"]
    assert found(within("2027-03-02", "2027-03-09")) == []
    assert found(waits(minutesDuration=45)) == []


def test_the_same_time_is_not_offered_twice():
    before = [{"url": WAITED, "valueReference": {"reference": "Slot/1"}}]

    assert found(waits(extension=before)) == []
    assert found({**waits(), "status": "cancelled"}) == []
