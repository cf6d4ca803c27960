"""Location/$occupancy and $capacity: what is free now, and what is expected."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fhirserver import clock
from fhirserver.access.principal import Principal, User, scopes
from fhirserver.errors import Forbidden
from fhirserver.interactions.messages import FhirRequest
from fhirserver.wards.forecast import PLANNED_END

PHYSICAL = "http://terminology.hl7.org/CodeSystem/location-physical-type"
ACT = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"}
MECHANICAL = {"system": "http://snomed.info/sct", "code": "449071006", "display": "Ventilator"}


@pytest.fixture
def made(client):
    def make(resource):
        answer = client.post(f"/fhir/{resource['resourceType']}", json=resource)
        assert answer.status_code == 201, answer.text
        return f"{resource['resourceType']}/{answer.get_json()['id']}"

    return make


@pytest.fixture
def ward(made):
    """A ward with a room of four beds: two taken, one free, one contaminated."""
    house = made(place("wa", "Ward 7"))
    room = made(place("ro", "Room", house))
    beds = [made(place("bd", f"Bed {n}", room, code)) for n, code in enumerate("OOUK")]
    return house, beds


def place(kind, name, part_of=None, code=None):
    found = {
        "resourceType": "Location", "status": "active", "name": name,
        "physicalType": {"coding": [{"system": PHYSICAL, "code": kind}]},
    }  # fmt: skip
    if part_of:
        found["partOf"] = {"reference": part_of}
    if code:
        found["operationalStatus"] = {
            "system": "http://terminology.hl7.org/CodeSystem/v2-0116", "code": code}  # fmt: skip
    return found


def lying(bed, *, leaves=None):
    found = {
        "resourceType": "Encounter", "status": "in-progress", "class": ACT,
        "location": [{"location": {"reference": bed}, "status": "active"}],
    }  # fmt: skip
    if leaves:
        found["extension"] = [{"url": PLANNED_END, "valueDateTime": leaves}]
    return found


def asked(client, address, **query):
    answer = client.get(f"/fhir/{address}", query_string=query)
    assert answer.status_code == 200, answer.text
    return answer.get_json()["parameter"]


def named(parameters, name):
    return [simple(p["part"]) for p in parameters if p["name"] == name]


def simple(parts):
    """Parts by name; those that have parts in a list."""
    found = {}
    for part in parts:
        if "part" in part:
            found.setdefault(part["name"], []).append(simple(part["part"]))
        else:
            found[part["name"]] = next(v for k, v in part.items() if k.startswith("value"))
    return found


def test_beds_are_counted_by_state_for_a_ward(client, ward):
    (found,) = named(asked(client, f"{ward[0]}/$occupancy"), "ward")

    assert found["location"] == {"reference": ward[0], "display": "Ward 7"}
    counts = {k: found[k] for k in ("beds", "occupied", "free", "contaminated", "closed", "rate")}
    assert counts == {"beds": 4, "occupied": 2, "free": 1, "contaminated": 1, "closed": 0,
                      "rate": 50.0}  # fmt: skip


def test_planned_discharges_and_arrivals_are_in_the_forecast(client, made, ward):
    house, beds = ward
    tomorrow = (clock.now() + timedelta(days=1)).date().isoformat()
    made(lying(beds[0], leaves=tomorrow))
    made(lying(beds[1]))
    made({"resourceType": "Encounter", "status": "planned", "class": ACT,
          "period": {"start": tomorrow},
          "location": [{"location": {"reference": house}, "status": "planned"}]})  # fmt: skip
    made({"resourceType": "Encounter", "status": "planned", "class": ACT,
          "period": {"start": tomorrow},
          "location": [{"location": {"reference": beds[2]}, "status": "reserved"}]})  # fmt: skip

    (found,) = named(asked(client, f"{house}/$occupancy", days=2), "ward")

    days = [(d["discharges"], d["arrivals"], d["occupied"]) for d in found["forecast"]]
    assert days == [(0, 0, 2), (1, 2, 3)]
    assert found["forecast"][1]["date"] == tomorrow


def test_all_wards_are_told_without_an_id(client, ward):
    found = named(asked(client, "Location/$occupancy"), "ward")

    assert ward[0] in [w["location"]["reference"] for w in found]


def test_a_forecast_has_its_bounds(client, ward):
    answer = client.get(f"/fhir/{ward[0]}/$occupancy?days=15")

    assert answer.status_code == 400
    assert "14 days" in answer.text


def test_a_ward_that_is_not_there_is_not_found(client):
    assert client.get("/fhir/Location/none/$occupancy").status_code == 404


@pytest.mark.parametrize("operation", ["occupancy", "capacity"])
@pytest.mark.parametrize(
    ("scope", "who"),
    [("patient/*.rs", "Patient/1"), ("user/*.rs", "Patient/1"), ("user/*.rs", "RelatedPerson/1"),
     ("patient/*.rs", None)],
)  # fmt: skip
def test_who_acts_for_a_patient_gets_no_counts(app, operation, scope, who):
    user = User("u", "Somebody", who) if who else None
    principal = Principal("u", scopes(scope), user=user, patient="1")
    request = FhirRequest("operation", principal, type="Location", operation=operation)

    with pytest.raises(Forbidden):
        app.extensions["fhirserver"].handle(request)


def test_without_a_right_on_encounters_beds_are_counted_and_nobody_leaves(
    client, made, ward, token
):
    today = clock.now().date().isoformat()
    made(lying(ward[1][0], leaves=today))
    headers = {"Authorization": f"Bearer {token('system/Location.rs')}"}
    answer = client.get(f"/fhir/{ward[0]}/$occupancy?days=1", headers=headers).get_json()

    (found,) = named(answer["parameter"], "ward")
    assert found["occupied"] == 2
    assert found["forecast"][0]["discharges"] == 0


def later(hours: int) -> str:
    """The time of day in so many hours."""
    return (clock.now() + timedelta(hours=hours)).strftime("%H:%M:%S")


def test_free_beds_ventilators_and_staff_are_told_for_a_ward(client, made, ward):
    house, beds = ward
    for reason in ("online", "not-ready", None):
        device = {"resourceType": "Device", "status": "active", "type": {"coding": [MECHANICAL]},
                  "location": {"reference": beds[0]}}  # fmt: skip
        if reason:
            device["statusReason"] = [{"coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/device-status-reason",
                "code": reason}]}]  # fmt: skip
        made(device)
    made({"resourceType": "Device", "type": {"text": "pump"}, "location": {"reference": house}})
    doctor, nurse = (made({"resourceType": "Practitioner"}) for _ in range(2))
    for who, role, time in (
        (doctor, "Doctor", [{"allDay": True}]),
        (nurse, "Nurse", [{"availableStartTime": later(2), "availableEndTime": later(3)}]),
    ):
        made({"resourceType": "PractitionerRole", "active": True,
              "practitioner": {"reference": who}, "location": [{"reference": house}],
              "code": [{"text": role}], "availableTime": time})  # fmt: skip
    found = asked(client, f"{house}/$capacity")

    (free,) = named(found, "beds")
    assert (free["free"], free["blocked"], free["contaminated"]) == (1, 1, 1)
    assert named(found, "device") == [
        {"type": "Ventilator", "code": "449071006", "total": 3, "free": 1, "inUse": 1,
         "notReady": 1, "outOfOrder": 0}
    ]  # fmt: skip
    assert named(found, "staff") == [{"role": "Doctor", "onDuty": 1}]

    kinds = [d["type"] for d in named(asked(client, f"{house}/$capacity", devices="all"), "device")]
    assert kinds == ["pump", "Ventilator"]


def test_who_has_a_slot_now_is_on_duty(client, made, ward):
    nurse = made({"resourceType": "Practitioner"})
    made({"resourceType": "PractitionerRole", "active": True, "practitioner": {"reference": nurse},
          "location": [{"reference": ward[0]}], "code": [{"text": "Nurse"}]})  # fmt: skip
    roster = made({"resourceType": "Schedule", "actor": [{"reference": nurse}]})
    hour = timedelta(hours=1)
    made({"resourceType": "Slot", "schedule": {"reference": roster}, "status": "busy",
          "start": (clock.now() - hour).isoformat(), "end": (clock.now() + hour).isoformat()})  # fmt: skip

    assert named(asked(client, f"{ward[0]}/$capacity"), "staff") == [{"role": "Nurse", "onDuty": 1}]
