"""Patients' records: rich, in order of time, and medically coherent."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from fhirserver.demo.moment import now

DATE = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d-07:00)?")
# Dates that lie ahead, or describe someone or something else than the patient's life.
NOT_LIFE = {
    "expirationDate", "validityPeriod", "dueDate", "manufactureDate", "created", "payment",
    "planningHorizon",
}  # fmt: skip
AFTER_LIFE = {"Claim", "ExplanationOfBenefit"}
EXPECTED = {
    "Patient", "RelatedPerson", "Coverage", "Encounter", "Condition", "AllergyIntolerance",
    "Observation", "DiagnosticReport", "Specimen", "ServiceRequest", "MedicationRequest",
    "MedicationAdministration", "MedicationDispense", "MedicationStatement", "Immunization",
    "Procedure", "CarePlan", "CareTeam", "Goal", "ImagingStudy", "DocumentReference",
    "Appointment", "Communication", "Task", "Claim", "ExplanationOfBenefit", "Provenance",
    "QuestionnaireResponse", "FamilyMemberHistory", "Flag", "Consent", "Device",
    "DeviceUseStatement", "Organization", "Location", "Practitioner", "PractitionerRole",
    "Schedule", "Slot", "HealthcareService", "Medication", "Questionnaire",
}  # fmt: skip


def dates(value: Any, key: str = "") -> Iterator[str]:
    if key in NOT_LIFE:
        return
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from dates(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from dates(inner, key)
    elif isinstance(value, str) and DATE.fullmatch(value):
        yield value


def resources(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    return [e["resource"] for e in bundle["entry"]]


def results(bundle: dict[str, Any], loinc: str) -> list[tuple[str, float]]:
    """The values of one test, oldest first."""
    return sorted(
        (r["effectiveDateTime"], r["valueQuantity"]["value"])
        for r in resources(bundle)
        if r["resourceType"] == "Observation" and r["code"]["coding"][0]["code"] == loinc
    )


def has(bundle: dict[str, Any], snomed: str) -> bool:
    return any(
        r["resourceType"] == "Condition" and r["code"]["coding"][0]["code"] == snomed
        for r in resources(bundle)
    )


def with_problem(demo: Any, snomed: str) -> list[dict[str, Any]]:
    found = [bundle for bundle in demo.patients if has(bundle, snomed)]
    assert found
    return found


def test_every_type_of_a_real_record_is_there(demo: Any) -> None:
    there = {r["resourceType"] for bundle in demo.bundles for r in resources(bundle)}

    assert there >= EXPECTED


def test_the_mix_is_that_of_a_real_record(demo: Any) -> None:
    counts = Counter(r["resourceType"] for b in demo.patients for r in resources(b))
    total = counts.total()

    assert 300 <= total / len(demo.patients) <= 900
    assert 0.4 <= counts["Observation"] / total <= 0.65


def test_nothing_happens_before_birth_or_after_death(demo: Any) -> None:
    for bundle in demo.patients:
        patient = resources(bundle)[0]
        born = patient["birthDate"]
        end = patient.get("deceasedDateTime", now(None).isoformat())
        for resource in resources(bundle):
            if resource["resourceType"] == "Appointment" and resource["status"] == "booked":
                continue
            for found in dates(resource):
                assert found[:10] >= born, (resource["resourceType"], found)
                if resource["resourceType"] not in AFTER_LIFE:
                    assert found <= end, (resource["resourceType"], found, end)


def test_some_have_died_and_have_no_appointment_ahead(demo: Any) -> None:
    dead = [b for b in demo.patients if "deceasedDateTime" in resources(b)[0]]

    assert dead
    for bundle in dead:
        assert not any(r.get("status") == "booked" for r in resources(bundle))


def test_periods_end_after_they_start(demo: Any) -> None:
    def periods(value: Any) -> Iterator[dict[str, Any]]:
        if isinstance(value, dict):
            if {"start", "end"} <= value.keys():
                yield value
            for inner in value.values():
                yield from periods(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from periods(inner)

    for bundle in demo.bundles:
        for resource in resources(bundle):
            for period in periods(resource):
                assert period["start"] <= period["end"], resource


def test_encounters_of_one_patient_do_not_overlap_a_stay(demo: Any) -> None:
    for bundle in demo.patients:
        spans = [
            (r["class"]["code"], r["period"]["start"], r["period"].get("end", "9999"))
            for r in resources(bundle)
            if r["resourceType"] == "Encounter"
        ]
        stays = [s for s in spans if s[0] == "IMP"]
        for stay in stays:
            inside = [s for s in spans if s != stay and s[1] < stay[2] and s[2] > stay[1]]
            assert inside == []


def test_hba1c_falls_when_diabetes_is_treated(demo: Any) -> None:
    for bundle in with_problem(demo, "44054006"):
        values = results(bundle, "4548-4")
        if len(values) >= 4:
            assert values[0][1] > values[-1][1]


def test_creatinine_rises_in_kidney_disease(demo: Any) -> None:
    for bundle in with_problem(demo, "433144002"):
        values = [v for _, v in results(bundle, "2160-0")]
        assert values[-1] > values[0]


def test_low_oxygen_and_critical_results_occur(demo: Any) -> None:
    flags = Counter(
        o["interpretation"][0]["coding"][0]["code"]
        for o in demo.everywhere("Observation")
        if "interpretation" in o
    )

    assert flags.keys() >= {"N", "H", "L", "HH", "LL", "A", "AA"}
    assert 0.6 < flags["N"] / flags.total() < 0.95


def test_interpretation_agrees_with_the_reference_range(demo: Any) -> None:
    for observation in demo.everywhere("Observation"):
        if "referenceRange" not in observation or "valueQuantity" not in observation:
            continue
        value = observation["valueQuantity"]["value"]
        (limits,) = observation["referenceRange"]
        code = observation["interpretation"][0]["coding"][0]["code"]
        low = limits.get("low", {}).get("value", -math.inf)
        high = limits.get("high", {}).get("value", math.inf)
        assert (code == "N") == (low <= value <= high), observation


def test_values_are_physically_possible(demo: Any) -> None:
    possible = {
        "8867-4": (30, 200), "9279-1": (6, 70), "2708-6": (50, 100), "8310-5": (34, 42),
        "8302-2": (40, 215), "29463-7": (2, 190), "39156-5": (10, 60), "2951-2": (110, 165),
        "2823-3": (2, 8), "2744-1": (6.9, 7.7), "718-7": (5, 19), "72514-3": (0, 10),
    }  # fmt: skip
    for observation in demo.everywhere("Observation"):
        code = observation["code"]["coding"][0]["code"]
        if code in possible:
            low, high = possible[code]
            assert low <= observation["valueQuantity"]["value"] <= high, observation


def test_numbers_print_short(demo: Any) -> None:
    for observation in demo.everywhere("Observation"):
        if "valueQuantity" in observation:
            assert len(repr(observation["valueQuantity"]["value"])) <= 6


def test_a_sick_inpatient_has_what_an_early_warning_score_needs(demo: Any) -> None:
    needed = {"85354-9", "8867-4", "9279-1", "2708-6", "8310-5", "67775-7"}
    for bundle in demo.patients:
        current = {
            f"Encounter/{r['id']}"
            for r in resources(bundle)
            if r["resourceType"] == "Encounter" and r["status"] == "in-progress"
        }
        measured = {
            r["code"]["coding"][0]["code"]
            for r in resources(bundle)
            if r["resourceType"] == "Observation" and r["encounter"]["reference"] in current
        }
        assert not current or measured >= needed


def test_a_report_lists_results_of_its_own_encounter(demo: Any) -> None:
    for bundle in demo.patients:
        known = {f"{r['resourceType']}/{r['id']}": r for r in resources(bundle)}
        for report in demo.of(bundle, "DiagnosticReport"):
            for result in report.get("result", []):
                assert known[result["reference"]]["encounter"] == report["encounter"]


def test_a_child_is_vaccinated_and_grows(demo: Any) -> None:
    bundle = demo.patients[7]
    heights = [v for _, v in results(bundle, "8302-2")]

    assert len(demo.of(bundle, "Immunization")) >= 15
    assert heights[-1] > heights[0] + 10


def test_allergies_are_listed_none_known_or_not_recorded(demo: Any) -> None:
    texts = [[a["code"]["text"] for a in demo.of(b, "AllergyIntolerance")] for b in demo.patients]

    assert [] in texts
    assert ["No known allergy"] in texts
    assert all("No known allergy" not in t or len(t) == 1 for t in texts)


@pytest.mark.parametrize("type_", ["ServiceRequest", "Task", "DiagnosticReport"])
def test_work_is_still_open_today(demo: Any, type_: str) -> None:
    open_states = {"active", "requested", "registered", "preliminary"}

    assert any(r["status"] in open_states for r in demo.everywhere(type_))


def test_dispensed_drugs_were_prescribed_before(demo: Any) -> None:
    for bundle in demo.patients:
        known = {f"{r['resourceType']}/{r['id']}": r for r in resources(bundle)}
        for dispense in demo.of(bundle, "MedicationDispense"):
            (prescription,) = dispense["authorizingPrescription"]
            ordered = known[prescription["reference"]]["authoredOn"]
            assert datetime.fromisoformat(ordered) <= datetime.fromisoformat(
                dispense["whenHandedOver"]
            )
