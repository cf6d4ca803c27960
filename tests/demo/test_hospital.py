"""The house: wards, beds, staff, slots."""

from __future__ import annotations

from collections import Counter
from typing import Any

from fhirserver.demo.cast import bed, parts

ACCOUNT = "https://fhirserver.example/demo-account"
STAFF = {
    "doctor", "nurse", "labtech", "radiologist", "pharmacist", "reception", "admin", "auditor",
    "integrator",
}  # fmt: skip


def accounts(resources: list[dict[str, Any]]) -> Counter[str]:
    return Counter(i["value"] for r in resources for i in r["identifier"] if i["system"] == ACCOUNT)


def physical(location: dict[str, Any]) -> str:
    return str(location["physicalType"]["coding"][0]["code"])


def current_stays(demo: Any) -> list[dict[str, Any]]:
    return [e for e in demo.everywhere("Encounter") if e["status"] == "in-progress"]


def active_bed(encounter: dict[str, Any]) -> str:
    (found,) = [
        place["location"]["reference"]
        for place in encounter["location"]
        if place["status"] == "active" and physical(place) == "bd"
    ]
    return str(found)


def test_each_demo_account_belongs_to_one_person(demo: Any) -> None:
    assert accounts(demo.everywhere("Practitioner")) == dict.fromkeys(STAFF, 1)
    assert accounts(demo.everywhere("Patient")) == {"patient": 1}


def test_every_location_leads_up_to_a_site(demo: Any) -> None:
    places = {f"Location/{r['id']}": r for r in demo.everywhere("Location")}
    for place in places.values():
        above = place
        while "partOf" in above:
            above = places[above["partOf"]["reference"]]
        assert physical(above) == "si"
        assert {"latitude", "longitude"} <= above["position"].keys()


def test_every_kind_of_place_is_there(demo: Any) -> None:
    kinds = Counter(physical(r) for r in demo.everywhere("Location"))

    assert kinds.keys() == {"si", "bu", "wa", "ro", "bd"}
    assert kinds["bd"] >= 40


def test_no_bed_holds_two_patients(demo: Any) -> None:
    stays = current_stays(demo)
    taken = Counter(active_bed(e) for e in stays)

    assert len(stays) >= 15
    assert max(taken.values()) == 1


def test_occupied_beds_are_marked_occupied_and_no_others(demo: Any) -> None:
    marked = {
        f"Location/{r['id']}"
        for r in demo.everywhere("Location")
        if r.get("operationalStatus", {}).get("code") == "O"
    }

    assert marked == {active_bed(e) for e in current_stays(demo)}


def test_no_bed_is_given_twice_however_many_patients_come() -> None:
    given = Counter(key for key in map(bed, range(5000)) if key)

    assert max(given.values()) == 1
    assert bed(5000) is None
    assert len(given) <= 60


def test_booked_slots_are_busy_and_busy_slots_are_booked(demo: Any) -> None:
    busy = [f"Slot/{s['id']}" for s in demo.everywhere("Slot") if s["status"] == "busy"]
    booked = [
        slot["reference"] for a in demo.everywhere("Appointment") for slot in a.get("slot", [])
    ]

    assert sorted(busy) == sorted(booked)
    assert len(busy) >= 20


def test_an_appointment_in_a_slot_keeps_its_time(demo: Any) -> None:
    slots = {f"Slot/{s['id']}": s for s in demo.everywhere("Slot")}
    for appointment in demo.everywhere("Appointment"):
        for slot in appointment.get("slot", []):
            of = slots[slot["reference"]]
            assert (appointment["start"], appointment["end"]) == (of["start"], of["end"])


def test_a_ventilated_patient_lies_beside_the_ventilator(demo: Any) -> None:
    devices = {f"Device/{d['id']}": d for d in demo.everywhere("Device")}
    beds = {e["subject"]["reference"]: active_bed(e) for e in current_stays(demo)}
    uses = [u for u in demo.everywhere("DeviceUseStatement") if u["status"] == "active"]

    assert uses
    for use in uses:
        device = devices[use["device"]["reference"]]
        assert device["location"]["reference"] == beds[use["subject"]["reference"]]


def test_someone_in_the_cast_dies_and_someone_lies_in_each_ward() -> None:
    assert any(part.fatal for part in parts())
    assert {part.ward for part in parts()} >= {
        "emergency",
        "icu",
        "medical",
        "surgical",
        "maternity",
    }
