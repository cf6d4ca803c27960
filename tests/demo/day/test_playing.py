"""A demo day in a server: what is planned has happened, once."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta

import pytest

from fhirserver import clock, queues
from fhirserver.demo.day import state, timeline
from fhirserver.demo.day.client import Client
from fhirserver.demo.day.player import Another
from fhirserver.demo.day.shifts import Shift, beginning
from fhirserver.demo.day.story import PER_SHIFT

SYSTEM = "https://fhirserver.example/CodeSystem/task-code"
BEGAN = clock.now()
COUNTED = (
    "Patient", "Encounter", "Condition", "Observation", "ServiceRequest", "DiagnosticReport",
    "Specimen", "MedicationRequest", "MedicationAdministration", "Appointment", "Slot", "Task",
    "Communication", "DetectedIssue", "Flag", "MeasureReport", "DocumentReference",
)  # fmt: skip


def alerts(client: Client) -> list[dict]:
    return client.search("Task", code=f"{SYSTEM}|acknowledge-alert", _count="500")


def counts(client: Client) -> dict[str, int]:
    return {t: client.operate(t, _summary="count")["total"] for t in COUNTED}


def ward_of(encounter: dict) -> str:
    places = [p["location"]["display"] for p in encounter["location"] if p["status"] == "active"]
    return places[-1].partition(",")[0]


def told(lines: list[str], word: str) -> list[str]:
    return [line for line in lines if re.match(rf"\d\d:\d\d {word}", line)]


def planned(first: Shift, now) -> int:
    """The alerts of the events that were due."""
    found = timeline.events(1, first.number, (first.start, ""), now)
    return sum(" alert " in f" {e.key.rpartition('/')[2]} " for e in found)


def test_exactly_the_planned_alerts_are_there(played, client, first, lines):
    assert not [line for line in lines if "left out" in line]
    assert len(alerts(client)) == planned(first, played.progress.at) == 6
    assert Counter(line.split()[1] for line in told(lines, "ALERT")) == {"ALERT": 6}


def test_alerts_are_answered_but_the_one_that_waits_for_the_next_to_be_asked(played, client, first):
    status = Counter(t["status"] for t in alerts(client))

    assert status["requested"] == 1
    assert played.progress.waiting == (f"{first.number}/appendicitis/escalation potassium",)


def test_patients_lie_where_the_day_says(played, client, first):
    ours = {
        e["subject"]["display"]: e
        for e in client.search("Encounter", status="in-progress", _count="200")
        if "display" in e["subject"]
    }

    where = Counter(ward_of(e) for e in ours.values())
    assert where == {
        "Intensive Care Unit": 1, "Medical Ward": 2, "Surgical Ward": 2, "Emergency Department": 3,
    }  # fmt: skip
    for encounter in ours.values():
        for place in encounter["location"]:
            bed = place["location"]["reference"].partition("/")[2]
            if place["status"] == "active" and "bed" in place["location"]["display"]:
                assert client.read("Location", bed)["operationalStatus"]["code"] == "O"


def test_who_goes_home_leaves_a_bed_that_is_cleaned(played, client, lines):
    assert told(lines, "discharge: .*, home in plaster; .* is to be cleaned")
    assert told(lines, "bed cleaned: ")
    gone = client.search("Encounter", status="finished", _count="200")
    assert len([e for e in gone if "display" in e["subject"]]) == 3, "wrist, bladder, chest pain"


def test_who_was_loaded_into_the_emergency_department_doesnt_stay_there(played, client, lines):
    were = [e for e in client.search("Encounter", _count="200") if "display" not in e["subject"]]

    assert len(were) >= 3
    assert not [e for e in were if e["status"] == "in-progress" and e["class"]["code"] == "EMER"]
    assert {e["status"] for e in were} == {"in-progress", "finished"}


def test_a_prescription_against_an_allergy_is_warned_of(played, client, lines):
    assert told(lines, "WARNING for .*allergy to Penicillin")
    assert [r["status"] for r in client.search("MedicationRequest", status="cancelled")] == [
        "cancelled"
    ]


def test_appointments_are_booked_cancelled_and_will_be_reminded_of(played, client, lines, database):
    booked = client.search("Appointment", identifier="https://fhirserver.example/demo-booking|")

    assert Counter(a["status"] for a in booked)["cancelled"] == 1
    assert len(told(lines, "appointment booked: ")) == len(booked) == 6
    timers = [s for s in queues.standing(database) if s.topic == "timer.appointment_reminder"]
    assert timers[0].waiting >= 5, "the reminder of each is set"


def test_reports_are_stored_and_lie_in_the_folder_as_files(played, client, make_player):
    stored = client.search("MeasureReport", _count="50")

    assert len(stored) == 6
    assert sorted(p.suffix for p in make_player.folder.iterdir()) == [".csv"] * 6 + [".pdf"] * 6
    pdf = next(p for p in make_player.folder.iterdir() if p.suffix == ".pdf")
    assert pdf.read_bytes().startswith(b"%PDF")


def test_all_that_was_written_is_valid(played, client, first):
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


def test_playing_it_again_changes_nothing(played, client, make_player):
    before = counts(client)
    again = make_player()
    again.begin(clock.now())

    assert again.play(played.progress.at) == 0
    assert counts(client) == before


def test_an_answer_that_was_lost_makes_nothing_twice(played, client, make_player, monkeypatch):
    due = played.next(played.progress.at + timedelta(hours=12))
    player = make_player()
    player.begin(clock.now())
    real = Client.transaction

    def lost(self, resources):
        real(self, resources)
        raise ConnectionError

    monkeypatch.setattr(Client, "transaction", lost)
    with pytest.raises(ConnectionError):
        player.play(due)
    monkeypatch.undo()
    done = counts(client)
    again = make_player()
    again.begin(clock.now())
    again.play(due)

    assert counts(client) == done
    assert again.progress.at == due


def test_two_at_once_play_each_event_once(client, make_player, workers):
    one, other = make_player(), make_player()
    one.begin(clock.now())
    other.begin(clock.now())
    one.play(one.next(one.progress.at + timedelta(hours=12)))

    with pytest.raises(Another):
        other.play(other.next(other.progress.at + timedelta(hours=12)))


def test_another_seed_is_another_day_beside_it(client, make_player, workers):
    before = {p["id"] for p in client.search("Patient", _count="500")}
    player = make_player(seed=2)
    player.begin(clock.now())
    player.play(Shift(player.progress.since).start + timedelta(minutes=8))

    new = [p for p in client.search("Patient", _count="500") if p["id"] not in before]
    assert len(new) == 2


def test_a_day_that_was_left_long_ago_is_over_and_the_next_one_begins(client, make_player, workers):
    """Its patients have gone home, at the time at which they should have."""
    later = clock.now() + timedelta(days=2)
    mine = state.read(client.read("Task", state.task_id(1)))
    player = make_player()

    assert player.begin(later) == beginning(later).start
    assert player.progress.since == beginning(later).number > mine.since
    assert client.search("Encounter", status="arrived,in-progress", _count="200") != []
    ours = [
        e for e in client.search("Encounter", status="in-progress,arrived", _count="200")
        if e["period"]["start"] > Shift(mine.since).start.isoformat()
    ]  # fmt: skip
    assert [e for e in ours if e["subject"]["display"] not in _of_seed_2(client)] == []


def _of_seed_2(client: Client) -> set[str]:
    found = client.search("Patient", _count="500")
    return {
        f"{p['name'][0]['given'][0]} {p['name'][0]['family']}" for p in found
        if int(p["identifier"][0]["value"].removeprefix("MRN")) > 1_000_000 + PER_SHIFT
    }  # fmt: skip
