"""A practice with hours, and a patient."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.answers import done, resources
from tests.builders import a_patient
from tests.operations.appointments.calls import MONDAY, SERVICE, name


@pytest.fixture
def stored(client):
    def make(resource):
        return done(client.post(f"/fhir/{resource['resourceType']}", json=resource), 201)

    return make


@pytest.fixture
def patient(stored):
    return stored(a_patient())


@pytest.fixture
def practice(stored, client):
    """Schedules of a new practitioner with hours from 8 to 12 on weekdays."""

    class Practice:
        def __init__(self):
            self.doctor = stored({"resourceType": "Practitioner"})
            self.schedule = self.a_schedule(self.doctor)
            self.role = stored(
                {
                    "resourceType": "PractitionerRole",
                    "practitioner": {"reference": name(self.doctor)},
                    "availableTime": [
                        {
                            "daysOfWeek": ["mon", "tue", "wed", "thu", "fri"],
                            "availableStartTime": "08:00:00",
                            "availableEndTime": "12:00:00",
                        }
                    ],
                }
            )

        def a_schedule(self, *actors, **more):
            return stored(
                {
                    "resourceType": "Schedule",
                    "active": True,
                    "serviceType": [SERVICE],
                    "actor": [{"reference": name(a)} for a in actors],
                    **more,
                }
            )

        def a_room(self, **more):
            told = {"openingTime": "06:00:00", "closingTime": "20:00:00"}
            kind = {"coding": [{"code": "ro"}]}
            place = {"resourceType": "Location", "physicalType": kind, "hoursOfOperation": [told]}
            return stored({**place, **more})

        def slots(self, schedule=None, *, minutes=30, days=1):
            schedule = schedule or self.schedule
            end = MONDAY + timedelta(days=days - 1)
            body = {
                "resourceType": "Parameters",
                "parameter": [
                    {"name": "start", "valueDate": str(MONDAY)},
                    {"name": "end", "valueDate": str(end)},
                    {"name": "minutes", "valuePositiveInt": minutes},
                ],
            }
            made = client.post(f"/fhir/{name(schedule)}/$generate-slots", json=body)
            return {p["name"]: p["valueInteger"] for p in done(made)["parameter"]}

        def find(self, **more):
            asked = {
                "start": f"{MONDAY}T00:00:00Z",
                "end": f"{MONDAY + timedelta(days=60)}T00:00:00Z",
                "practitioner": self.doctor["id"],
                "_count": "500",
                **more,
            }
            return resources(done(client.get("/fhir/Appointment/$find", query_string=asked)))

    return Practice()
