"""A demo day in a server: what is planned has happened, once."""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta

import pytest

from fhirserver import clock, queues
from fhirserver.demo.day import timeline
from fhirserver.demo.day.client import Client
from fhirserver.demo.day.player import Another
from fhirserver.demo.day.shifts import beginning

BEGAN = clock.now()
COUNTED = (
    "Patient", "Encounter", "Condition", "Observation", "ServiceRequest", "DiagnosticReport",
    "Specimen", "MedicationRequest", "MedicationAdministration", "Appointment", "Slot", "Task",
    "Communication", "DetectedIssue", "Flag", "MeasureReport", "DocumentReference",
)  # fmt: skip
MINUTE = timedelta(minutes=1)


def counts(client: Client) -> dict[str, int]:
    return {t: client.operate(t, _summary="count")["total"] for t in COUNTED}


def ward_of(encounter: dict) -> str:
    places = [p["location"]["display"] for p in encounter["location"] if p["status"] == "active"]
    return places[-1].partition(",")[0]


def name_of(patient: dict) -> str:
    return f"{patient['name'][0]['given'][0]} {patient['name'][0]['family']}"


def test_exactly_the_planned_alerts_are_there(seen, first):
    found = timeline.events(1, first.number, (first.start, ""), seen.progress.at)
    planned = [e.key for e in found if e.key.rpartition("/")[2].startswith("alert ")]

    assert not seen.told("left out")
    assert len(seen.alerts) == len(planned) == len(seen.told("ALERT for ")) == 6


def test_alerts_are_answered_but_the_one_that_waits_for_the_next_to_be_asked(seen, first):
    status = Counter(t["status"] for t in seen.alerts)

    assert status["requested"] == 1
    assert seen.progress.waiting == (f"{first.number}/appendicitis/escalation potassium",)


def test_the_one_that_nobody_answers_goes_to_who_is_on_call(seen, played, client, lines):
    (asked,) = [t for t in seen.alerts if t["status"] == "requested"]
    on_call = {s["actor"][0]["reference"] for s in client.search("Schedule", _count="50")
               if s.get("comment", "").endswith("on call")}  # fmt: skip
    # A refusal is passed on at once, as what isn't answered is when its time is over.
    client.write({**asked, "status": "rejected"})
    ends = time.monotonic() + 60
    while played.progress.waiting:
        assert time.monotonic() < ends, "it isn't passed on"
        played.look_again()
        time.sleep(0.1)

    taken = client.read("Task", asked["id"])
    assert taken["status"] == "accepted"
    assert taken["owner"]["reference"] in on_call
    assert len([line for line in lines if "ESCALATED: " in line]) == 1


def test_patients_lie_where_the_day_says_and_their_beds_are_taken(seen):
    here = [e for e in seen.ours if e["status"] == "in-progress"]

    assert Counter(ward_of(e) for e in here) == {
        "Intensive Care Unit": 1, "Medical Ward": 2, "Surgical Ward": 2, "Emergency Department": 3,
    }  # fmt: skip
    assert {b["operationalStatus"]["code"] for b in seen.beds} == {"O"}


def test_who_goes_home_leaves_a_bed_that_is_cleaned(seen):
    assert seen.told("discharge: .*, home in plaster; .* is to be cleaned")
    assert seen.told("bed cleaned: ")
    gone = [e for e in seen.ours if e["status"] == "finished"]
    assert len(gone) == 3, "wrist, bladder, chest pain"


def test_who_was_loaded_into_the_emergency_department_doesnt_stay_there(seen):
    stay = [e for e in seen.loaded if e["status"] == "in-progress"]

    assert len(seen.loaded) >= 3
    assert {e["class"]["code"] for e in stay} == {"IMP"}
    assert {e["status"] for e in seen.loaded} == {"in-progress", "finished"}


def test_a_prescription_against_an_allergy_is_warned_of(seen):
    assert seen.told("WARNING for .*allergy to Penicillin")
    assert [r["status"] for r in seen.cancelled] == ["cancelled"]


def test_appointments_are_booked_cancelled_and_will_be_reminded_of(seen, own_database):
    assert Counter(a["status"] for a in seen.bookings) == {"booked": 5, "cancelled": 1}
    assert len(seen.told("appointment booked: ")) == 6
    timers = [s for s in queues.standing(own_database) if s.topic == "timer.appointment_reminder"]
    assert timers[0].waiting >= 5, "the reminder of each is set"


def test_reports_are_stored_and_lie_in_the_folder_as_files(seen, make_player):
    assert len(seen.reports) == 6
    files = list(make_player.folder.iterdir())
    assert sorted(p.suffix for p in files) == [".csv"] * 6 + [".pdf"] * 6
    assert next(p for p in files if p.suffix == ".pdf").read_bytes().startswith(b"%PDF")


def test_all_that_was_written_is_valid(seen, client):
    """By the server's own full validation, not only what it does at each write."""
    trouble = []
    for type_ in (*COUNTED, "ImagingStudy", "Procedure", "AllergyIntolerance", "Coverage"):
        found = client.search(type_, _count="1000", _lastUpdated=f"ge{BEGAN.isoformat()}")
        for resource in found[:60]:
            said = client.operate(f"{type_}/$validate", resource)
            trouble += [
                f"{type_}: {i.get('diagnostics')}" for i in said["issue"]
                if i["severity"] in {"error", "fatal"}
            ]  # fmt: skip
    assert trouble == []


def test_playing_it_again_changes_nothing(seen, client, make_player, moment):
    before = counts(client)
    again = make_player()
    again.begin(moment)

    assert again.play(seen.progress.at) == 0
    assert counts(client) == before


def test_an_answer_that_was_lost_makes_nothing_twice(
    seen, client, make_player, first, monkeypatch, moment
):
    player = make_player(seed=3)
    player.begin(moment)
    real = Client.transaction

    def lost(self, resources):
        real(self, resources)
        raise ConnectionError

    monkeypatch.setattr(Client, "transaction", lost)
    with pytest.raises(ConnectionError):
        player.play(first.start + 4.5 * MINUTE)
    monkeypatch.undo()
    again = make_player(seed=3)
    again.begin(moment)
    again.play(first.start + 4.5 * MINUTE)

    assert again.progress.at > first.start + 3 * MINUTE
    tasks = client.operate("Task/" + task_of(client, 3) + "/_history")
    keys = [o["valueString"] for e in tasks["entry"] for o in e["resource"]["output"]
            if o["type"]["text"] == "event"]  # fmt: skip
    assert len(keys) == len(set(keys)) > 3, "each event is on record once"


def task_of(client: Client, seed: int) -> str:
    (task,) = client.search("Task", identifier=f"https://fhirserver.example/demo-day|{seed}")
    return task["id"]


def test_two_at_once_play_each_event_once(seen, make_player, first, moment):
    one, other = make_player(seed=4), make_player(seed=4)
    one.begin(moment)
    other.begin(moment)
    one.play(first.start + 2 * MINUTE)

    with pytest.raises(Another):
        other.play(first.start + 4 * MINUTE)


def test_another_seed_is_another_day_beside_it(seen, client, make_player, first, moment):
    before = {p["id"] for p in client.search("Patient", _count="500")}
    player = make_player(seed=2)
    player.begin(moment)
    player.play(first.start + 7 * MINUTE)

    new = [p for p in client.search("Patient", _count="500") if p["id"] not in before]
    assert len(new) == 2


def test_a_day_that_was_left_long_ago_is_over_and_the_next_one_begins(
    seen, client, make_player, first, moment
):
    """Its patients have gone home, at the time at which they should have."""
    player = make_player(seed=5)
    before = {p["id"] for p in client.search("Patient", _count="500")}
    player.begin(moment)
    player.play(first.start + 7 * MINUTE)
    new = [p for p in client.search("Patient", _count="500") if p["id"] not in before]
    later = clock.now() + timedelta(days=5)
    again = make_player(seed=5)

    assert again.begin(later) == beginning(later).start
    assert again.progress.since == beginning(later).number
    stays = [e for p in new for e in client.search("Encounter", patient=p["id"])]
    assert [e["status"] for e in stays] == ["finished", "finished"]
    assert {name_of(p) for p in new} == {e["subject"]["display"] for e in stays}
