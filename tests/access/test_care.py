"""Which care relationships resources make, and until when."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from fhirserver.access.care import Relation, relations
from fhirserver.search.hashing import reference_self
from fhirserver.search.index import EARLIEST, LATEST
from fhirserver.search.site import Site

PATIENT = {"reference": "Patient/p"}
DOCTOR = {"reference": "Practitioner/d"}
WARD = {"reference": "Location/w"}
CLINIC = {"reference": "Organization/o"}


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1_000_000)


def found(resource_type: str, **content: Any) -> set[tuple[str, str, int, int]]:
    """Actor, kind, and the time."""
    names = {
        reference_self(*r["reference"].split("/")): r["reference"]
        for r in (DOCTOR, WARD, CLINIC, {"reference": "PractitionerRole/r"})
    }
    made = relations({"resourceType": resource_type, **content}, Site())
    assert {r.patient for r in made} <= {reference_self("Patient", "p")}
    return {(names[r.actor], r.kind, r.starts, r.ends) for r in made}


def test_the_members_of_a_care_team_treat_while_it_lasts() -> None:
    made = found(
        "CareTeam",
        status="active",
        subject=PATIENT,
        period={"start": "2026-01-01"},
        participant=[{"member": DOCTOR, "period": {"end": "2026-02-01"}}, {"member": PATIENT}],
        managingOrganization=[CLINIC],
    )

    assert made == {
        ("Practitioner/d", "treatment", at("2026-01-01"), at("2026-02-02")),
        ("Organization/o", "unit", at("2026-01-01"), LATEST),
    }


def test_an_open_encounter_lasts() -> None:
    made = found(
        "Encounter",
        status="in-progress",
        subject=PATIENT,
        period={"start": "2026-01-01"},
        participant=[{"individual": DOCTOR}],
        location=[{"location": WARD, "status": "active"}],
        serviceProvider=CLINIC,
    )

    assert made == {
        ("Practitioner/d", "treatment", at("2026-01-01"), LATEST),
        ("Location/w", "unit", at("2026-01-01"), LATEST),
        ("Organization/o", "unit", at("2026-01-01"), LATEST),
    }


def test_a_finished_encounter_goes_on_for_seven_days() -> None:
    made = found(
        "Encounter",
        status="finished",
        subject=PATIENT,
        period={"start": "2026-01-01", "end": "2026-01-03"},
        participant=[{"individual": DOCTOR}],
    )

    assert made == {("Practitioner/d", "treatment", at("2026-01-01"), at("2026-01-11"))}


def test_a_ward_that_the_patient_has_left_cares_for_a_day_more() -> None:
    made = found(
        "Encounter",
        status="in-progress",
        subject=PATIENT,
        period={"start": "2026-01-01"},
        location=[
            {
                "location": WARD,
                "status": "completed",
                "period": {"start": "2026-01-01", "end": "2026-01-02"},
            }
        ],
    )

    assert made == {("Location/w", "unit", at("2026-01-01"), at("2026-01-04"))}


def test_an_appointment_relates_all_who_take_part_for_seven_days_around() -> None:
    made = found(
        "Appointment",
        status="booked",
        start="2026-01-10T10:00:00Z",
        end="2026-01-10T10:30:00Z",
        participant=[
            {"actor": PATIENT, "status": "accepted"},
            {"actor": DOCTOR, "status": "accepted"},
            {"actor": WARD, "status": "accepted"},
            {"actor": {"reference": "PractitionerRole/r"}, "status": "declined"},
        ],
    )

    starts = at("2026-01-03T10:00:00")
    assert {m[:3] for m in made} == {
        ("Practitioner/d", "treatment", starts),
        ("Location/w", "unit", starts),
    }
    assert {m[3] for m in made} == {at("2026-01-17T10:30:01")}


def test_an_order_relates_who_asks_and_who_performs_for_thirty_days() -> None:
    made = found(
        "ServiceRequest",
        status="active",
        subject=PATIENT,
        authoredOn="2026-01-01",
        requester=DOCTOR,
        performer=[CLINIC],
    )

    time = (at("2026-01-01"), at("2026-02-01"))
    assert made == {
        ("Practitioner/d", "treatment", *time),
        ("Organization/o", "assigned", *time),
    }


def test_a_prescription_relates_the_pharmacy_that_is_to_dispense() -> None:
    made = found(
        "MedicationRequest",
        status="active",
        subject=PATIENT,
        authoredOn="2026-01-01",
        dispenseRequest={"performer": CLINIC},
    )

    assert {m[:2] for m in made} == {("Organization/o", "assigned")}


@pytest.mark.parametrize(
    ("says", "until"),
    [
        ({}, "2026-02-01"),
        ({"validityPeriod": {"start": "2026-01-01", "end": "2026-01-10"}}, "2026-02-01"),
        ({"validityPeriod": {"start": "2026-01-01", "end": "2026-12-31"}}, "2027-01-08"),
        # What says no end lasts as long as what it allows to dispense.
        (
            {
                "validityPeriod": {"start": "2026-01-01"},
                "numberOfRepeatsAllowed": 3,
                "expectedSupplyDuration": {"value": 90, "code": "d"},
            },
            "2027-01-03",
        ),
        ({"expectedSupplyDuration": {"value": 8, "code": "wk"}}, "2026-03-05"),
        ({"expectedSupplyDuration": {"value": 8, "unit": "boxes"}}, "2026-02-01"),
    ],
)
def test_a_pharmacy_serves_as_long_as_it_may_dispense(says: dict[str, Any], until: str) -> None:
    made = found(
        "MedicationRequest",
        status="active",
        subject=PATIENT,
        authoredOn="2026-01-01",
        requester=DOCTOR,
        dispenseRequest={"performer": CLINIC, **says},
    )

    assert made == {
        ("Organization/o", "assigned", at("2026-01-01"), at(until)),
        # Who prescribes for a year isn't thereby treating for a year.
        ("Practitioner/d", "treatment", at("2026-01-01"), at("2026-02-01")),
    }


def test_a_pharmacy_serves_nobody_by_a_prescription_that_was_stopped() -> None:
    made = found(
        "MedicationRequest",
        status="stopped",
        subject=PATIENT,
        authoredOn="2026-01-01",
        dispenseRequest={"performer": CLINIC, "validityPeriod": {"end": "2026-12-31"}},
    )

    assert made == set()


def test_a_task_is_assigned_to_its_owner() -> None:
    made = found(
        "Task", **{"for": PATIENT}, status="accepted", authoredOn="2026-01-01", owner=DOCTOR
    )

    assert made == {("Practitioner/d", "assigned", at("2026-01-01"), at("2026-02-01"))}


@pytest.mark.parametrize(
    ("resource_type", "status"),
    [
        ("CareTeam", "entered-in-error"),
        ("Encounter", "cancelled"),
        ("EpisodeOfCare", "entered-in-error"),
        ("Appointment", "cancelled"),
        ("ServiceRequest", "revoked"),
        ("MedicationRequest", "entered-in-error"),
        ("Task", "rejected"),
    ],
)
def test_what_did_not_happen_relates_nobody(resource_type: str, status: str) -> None:
    everything = {
        "status": status,
        "subject": PATIENT,
        "patient": PATIENT,
        "for": PATIENT,
        "owner": DOCTOR,
        "requester": DOCTOR,
        "careManager": DOCTOR,
        "authoredOn": "2026-01-01",
        "start": "2026-01-01T00:00:00Z",
        "participant": [
            {"member": DOCTOR, "individual": DOCTOR, "actor": DOCTOR},
            {"actor": PATIENT},
        ],
    }

    assert not relations({"resourceType": resource_type, **everything}, Site())


def test_a_relationship_to_a_group_is_to_nobody() -> None:
    team = {"resourceType": "CareTeam", "subject": {"reference": "Group/g"}}

    assert not relations({**team, "participant": [{"member": DOCTOR}]}, Site())


def test_a_time_without_limits_is_always() -> None:
    made = relations(
        {"resourceType": "CareTeam", "subject": PATIENT, "participant": [{"member": DOCTOR}]},
        Site(),
    )

    patient, doctor = reference_self("Patient", "p"), reference_self("Practitioner", "d")
    assert made == {Relation(patient, doctor, "treatment", EARLIEST, LATEST)}
