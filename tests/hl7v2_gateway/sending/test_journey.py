"""An appointment that is booked here is in the other system's calendar, by SIU S12 and S15."""

from __future__ import annotations

from datetime import date, timedelta

from fhirserver import ids
from hl7v2_gateway.er7 import parse
from tests.answers import done, resources
from tests.hl7v2_gateway.sending.conftest import APPLICATION, member

MONDAY = date(2027, 3, 1)


def stored(client, resource):
    return done(client.post(f"/fhir/{resource['resourceType']}", json=resource), 201)


def reference(resource):
    return {"reference": f"{resource['resourceType']}/{resource['id']}"}


def parameters(**values):
    return {
        "resourceType": "Parameters",
        "parameter": [{"name": name, **value} for name, value in values.items()],
    }


def test_a_booking_leaves_as_siu(ward, receiver, peer, turn) -> None:
    receiver(APPLICATION, member("event", "SIU", "Code"))
    mrn = ids.new()
    patient = stored(
        ward,
        {
            "resourceType": "Patient",
            "identifier": [{"system": "urn:oid:1.2.3", "value": mrn}],
            "name": [{"family": "Booked", "given": ["Ann"]}],
        },
    )
    doctor = stored(ward, {"resourceType": "Practitioner", "name": [{"family": "House"}]})
    schedule = stored(
        ward,
        {
            "resourceType": "Schedule",
            "active": True,
            "serviceType": [{"text": "knee"}],
            "actor": [reference(doctor)],
        },
    )
    stored(
        ward,
        {
            "resourceType": "PractitionerRole",
            "practitioner": reference(doctor),
            "availableTime": [
                {
                    "daysOfWeek": ["mon"],
                    "availableStartTime": "08:00:00",
                    "availableEndTime": "12:00:00",
                }
            ],
        },
    )
    hours = parameters(
        start={"valueDate": str(MONDAY)},
        end={"valueDate": str(MONDAY)},
        minutes={"valuePositiveInt": 30},
    )
    done(ward.post(f"/fhir/Schedule/{schedule['id']}/$generate-slots", json=hours))
    turn()

    asked = {
        "start": f"{MONDAY}T00:00:00Z",
        "end": f"{MONDAY + timedelta(days=1)}T00:00:00Z",
        "practitioner": doctor["id"],
    }
    proposal = resources(done(ward.get("/fhir/Appointment/$find", query_string=asked)))[0]
    who = {"actor": reference(patient), "status": "accepted"}
    wanted = {**proposal, "participant": [who, *proposal["participant"]]}
    body = parameters(**{"appointment-resource": {"resource": wanted}})
    [booked] = resources(done(ward.post("/fhir/Appointment/$book", json=body)))
    turn()

    (message,) = [parse(text.encode()) for text in peer.arrived]
    assert (message.header.type, message.header.event) == ("SIU", "S12")
    assert message.value("PID-3.1") == mrn
    assert message.value("AIP-3.2") == "House"
    assert message.value("SCH-25.1") == "Booked"
    assert message.value("SCH-2.1") == booked["id"]

    done(
        ward.post(f"/fhir/Appointment/{booked['id']}/$cancel", json={"resourceType": "Parameters"})
    )
    turn()

    assert peer.events == ["SIU^S12", "SIU^S15"]
