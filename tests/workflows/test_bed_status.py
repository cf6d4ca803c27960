"""Beds and machines follow admissions, transfers, discharges and use."""

from __future__ import annotations

import pytest

from fhirserver.workflows import bed_status
from tests.workflows.alert_world import World, to

ACTS = {
    "bed_status": (["Encounter"], bed_status.beds, bed_status.all_beds),
    "device_status": (["DeviceUseStatement"], bed_status.devices),
}
PHYSICAL = "http://terminology.hl7.org/CodeSystem/location-physical-type"


@pytest.fixture
def world(client):
    return World(client)


@pytest.fixture
def bed(world):
    def make():
        return world.made({
            "resourceType": "Location", "status": "active",
            "physicalType": {"coding": [{"system": PHYSICAL, "code": "bd"}]},
            "operationalStatus": {
                "system": "http://terminology.hl7.org/CodeSystem/v2-0116", "code": "U"},
        })  # fmt: skip

    return make


@pytest.fixture
def becomes(world, eventually):
    def wait(location, code):
        eventually(lambda: world.current(location)["operationalStatus"]["code"] == code)

    return wait


def in_beds(world, *beds):
    """The stay, in beds of which the last is where the patient is."""
    entries = [{"location": to(b), "status": "completed"} for b in beds[:-1]]
    entries += [{"location": to(b), "status": "active"} for b in beds[-1:]]
    return world.put(world.current(world.encounter), location=entries)


def test_admission_transfer_and_discharge_take_and_leave_beds(world, bed, becomes, reacting):
    first, second = bed(), bed()
    with reacting(ACTS, workers=2):
        in_beds(world, first)
        becomes(first, "O")

        in_beds(world, first, second)
        becomes(first, "H")
        becomes(second, "O")

        world.put(world.current(world.encounter), status="finished")
        becomes(second, "H")


def test_a_bed_that_was_marked_contaminated_meanwhile_stays_so(world, bed, becomes, reacting):
    one, other = bed(), bed()
    with reacting(ACTS):
        in_beds(world, one)
        becomes(one, "O")
        status = {**world.current(one)["operationalStatus"], "code": "K"}
        world.put(world.current(one), operationalStatus=status)
        in_beds(world, one, other)
        becomes(other, "O")

    assert world.current(one)["operationalStatus"]["code"] == "K"


def test_who_comes_into_a_bed_as_another_leaves_has_it(world, client, bed, becomes, reacting):
    shared, next_ = bed(), bed()
    other = World(client)
    with reacting(ACTS, workers=2):
        in_beds(world, shared)
        becomes(shared, "O")
        in_beds(other, shared)
        in_beds(world, shared, next_)
        becomes(next_, "O")
        world.delete(world.encounter)
        becomes(next_, "H")

    assert world.current(shared)["operationalStatus"]["code"] == "O"


def test_many_who_come_at_once_take_their_beds_in_one_look(world, client, bed, becomes, reacting):
    beds, left = [bed() for _ in range(5)], bed()
    encounter = {k: v for k, v in world.current(world.encounter).items() if k not in {"id", "meta"}}
    in_beds(world, left)
    entries = [
        {
            "resource": {**encounter, "location": [{"location": to(b), "status": "active"}]},
            "request": {"method": "POST", "url": "Encounter"},
        }
        for b in beds
    ]
    stay = {k: v for k, v in world.current(world.encounter).items() if k != "location"}
    moves = {
        "resource": stay,
        "request": {"method": "PUT", "url": f"Encounter/{world.encounter['id']}"},
    }
    world.put(world.current(left), operationalStatus={"code": "O"})
    with reacting(ACTS):
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [*entries, moves]}
        assert client.post("/fhir", json=bundle).status_code == 200
        for one in beds:
            becomes(one, "O")
        becomes(left, "H")

    # One transaction wrote all of them.
    times = {world.current(one)["meta"]["lastUpdated"] for one in [*beds, left]}
    assert len(times) == 1


def test_a_ventilator_is_in_use_until_the_statement_ends(world, eventually, reacting):
    device = world.made({"resourceType": "Device", "status": "active"})

    def reason():
        reasons = world.current(device).get("statusReason", [{"coding": [{"code": None}]}])
        return reasons[0]["coding"][0]["code"]

    with reacting(ACTS):
        use = world.made({"resourceType": "DeviceUseStatement", "status": "active",
                          "subject": to(world.patient), "device": to(device)})  # fmt: skip
        eventually(lambda: reason() == "online")
        world.put(use, status="completed")
        eventually(lambda: reason() == "not-ready")
