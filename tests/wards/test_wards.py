"""Beds, machines and who will leave, as pure functions."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from fhirserver.wards import (
    counted,
    forecast,
    freed,
    freed_device,
    places,
    state,
    taken,
    taken_device,
    wards_of,
)
from fhirserver.wards.devices import device_state, is_ventilator
from fhirserver.wards.forecast import PLANNED_END, planned_end

NOW = datetime(2026, 11, 29, 20, tzinfo=UTC)
UTC_ZONE = ZoneInfo("UTC")


def place(id_, kind, part_of=None, code=None, **more):
    found = {
        "resourceType": "Location", "id": id_, "name": id_,
        "physicalType": {"coding": [{
            "system": "http://terminology.hl7.org/CodeSystem/location-physical-type",
            "code": kind}]}, **more,
    }  # fmt: skip
    if part_of:
        found["partOf"] = {"reference": f"Location/{part_of}"}
    return found | ({"operationalStatus": {"code": code}} if code else {})


HOUSE = [
    place("b", "bu"), place("w1", "wa", "b"), place("w2", "wa", "b"), place("r1", "ro", "w1"),
    place("x1", "bd", "r1", "O"), place("x2", "bd", "r1", "U"), place("x3", "bd", "w1", "H"),
    place("y1", "bd", "w2", "K"), place("y2", "bd", "w2", "O", status="suspended"),
]  # fmt: skip


def test_beds_belong_to_the_nearest_ward_above_them():
    found = {w.location["id"]: [b["id"] for b in w.beds] for w in wards_of(HOUSE)}

    assert found == {"w1": ["x1", "x2", "x3"], "w2": ["y1", "y2"]}
    assert wards_of(HOUSE)[0].above == ("Location/w1", "Location/b")


def test_without_a_ward_beds_belong_to_the_nearest_place_that_is_no_room():
    """As HL7 v2 tells of places: PL.1 is a point of care without a physical type."""
    ward = {"resourceType": "Location", "id": "p", "name": "4E"}
    rooms = [place("p7", "ro", "p"), place("p71", "bd", "p7"), place("p8", "bd", "p")]
    alone = [place("r", "ro"), place("r1", "bd", "r"), place("x", "bd")]

    found = {w.location["id"]: [b["id"] for b in w.beds] for w in wards_of([ward, *rooms, *alone])}

    assert found == {"p": ["p71", "p8"], "r": ["r1"], "x": ["x"]}


def test_a_circle_of_places_ends():
    assert wards_of([place("a", "bd", "c"), place("c", "ro", "a")])


def test_counts_are_by_state_and_closed_beds_are_no_capacity():
    counts = counted(b for w in wards_of(HOUSE) for b in w.beds)

    assert (counts.beds, counts.occupied, counts.free, counts.closed) == (5, 1, 1, 1)
    assert (counts.blocked, counts.rate) == (3, Decimal("25.0"))
    assert counted([]).rate is None
    assert state({}) == "unknown"


@pytest.mark.parametrize(
    ("before", "after"), [("O", "H"), (None, "H"), ("K", "K"), ("C", "C"), ("U", "U")]
)
def test_a_bed_that_is_left_waits_for_cleaning_unless_it_was_marked_otherwise(before, after):
    bed = place("x", "bd", code=before)

    assert freed(bed, cleaned=False)["operationalStatus"]["code"] == after
    assert freed(taken(bed), cleaned=True)["operationalStatus"]["code"] == "U"


def at(status, *entries):
    return {
        "status": status,
        "location": [{"location": {"reference": r}, **more} for r, more in entries],
    }


def test_a_patient_is_where_the_encounter_says_active_while_it_goes_on():
    entries = [("Location/1", {"status": "active"}), ("Location/2", {"status": "completed"}),
               ("Location/3", {}), ("Location/4", {"period": {"end": "2026-01-01"}}),
               ("Location/5", {"status": "planned"})]  # fmt: skip

    assert places(at("in-progress", *entries)) == {"Location/1", "Location/3"}
    assert places(at("onleave", *entries)) == {"Location/1", "Location/3"}
    assert places(at("finished", *entries)) == places(at("planned", *entries)) == frozenset()
    assert places(None) == frozenset()


def test_a_machine_is_taken_and_then_made_ready():
    device = {"resourceType": "Device", "id": "1", "statusReason": [{"text": "new filter"}]}

    used = taken_device(device)
    assert device_state(device) == "free"
    assert device_state(used) == "in-use"
    assert device_state(freed_device(used, cleaned=False)) == "not-ready"
    assert device_state(freed_device(used, cleaned=True)) == "free"
    assert used["statusReason"][0] == {"text": "new filter"}
    assert device_state({"status": "inactive"}) == "out-of-order"
    assert freed_device(device, cleaned=False) == device


def leaving(text, **more):
    return {"status": "in-progress", "extension": [{"url": PLANNED_END, "valueDateTime": text}],
            **more}  # fmt: skip


@pytest.mark.parametrize(
    ("code", "expected"),
    [("449071006", True), ("706172005", True), ("426854004", False), ("40617009", False)],
)
def test_a_nasal_cannula_and_a_procedure_are_no_ventilator(code, expected):
    coding = {"system": "http://snomed.info/sct", "code": code}

    assert is_ventilator({"type": {"coding": [coding]}}) is expected


def test_a_forecast_counts_who_leaves_and_who_comes_day_by_day():
    encounters = [
        leaving("2026-11-29T22:00:00Z"), leaving("2026-11-20"), leaving("2026-12-01"),
        {"status": "in-progress"},
        {"status": "planned", "period": {"start": "2026-11-30"}},
        {"status": "finished", "period": {"start": "2026-11-30"}},
    ]  # fmt: skip
    days = forecast(4, 6, encounters, NOW, UTC_ZONE, 3)

    assert [(d.discharges, d.arrivals, d.occupied) for d in days] == [(2, 0, 2), (0, 1, 3),
                                                                      (1, 0, 2)]  # fmt: skip
    assert days[0].date == date(2026, 11, 29)


def test_days_are_those_of_the_sites_clock():
    days = forecast(1, 1, [leaving("2026-11-29T23:30:00Z")], NOW, ZoneInfo("Europe/Vienna"), 2)

    assert [d.discharges for d in days] == [0, 1]


def test_an_end_that_lies_ahead_is_a_planned_discharge():
    assert planned_end({"period": {"end": "2026-12-24"}}, NOW) == datetime(2026, 12, 24, tzinfo=UTC)
    assert planned_end({"period": {"end": "2026-11-24"}}, NOW) is None


def test_a_ward_is_never_fuller_than_its_beds_nor_emptier_than_none():
    many = [leaving("2026-11-29") for _ in range(9)]
    more = [{"status": "planned", "period": {"start": "2026-11-29"}} for _ in range(9)]

    assert forecast(2, 4, many, NOW, UTC_ZONE, 1)[0].occupied == 0
    assert forecast(2, 4, more, NOW, UTC_ZONE, 1)[0].occupied == 4
