"""Which medicines a patient takes, and where the sources contradict each other."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fhirserver.prescribing.reconciling import reconciled
from tests.prescribing.builders import a_dispense, a_prescription, an_administration, coded

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
LISINOPRIL_10, LISINOPRIL = "314076", "29046"
ENDED = {"meta": {"lastUpdated": "2026-11-20T12:00:00Z"}}


def a_request(number="r", code=LISINOPRIL_10, **elements):
    return a_prescription(code, authoredOn="2026-10-01", **elements) | {"id": number}


def a_statement(status="active", code=LISINOPRIL, **elements):
    return {
        "resourceType": "MedicationStatement",
        "id": "s",
        "status": status,
        "medicationCodeableConcept": coded(code),
        "subject": {"reference": "Patient/p"},
        "dateAsserted": "2026-11-25",
    } | elements


def a_box(handed_over, days=30):
    box = a_dispense("MedicationRequest/r", LISINOPRIL_10, whenHandedOver=handed_over)
    return box | {"id": "d", "daysSupply": {"value": days}}


def a_dose(at):
    given = an_administration("MedicationRequest/r", LISINOPRIL, effectiveDateTime=at)
    return given | {"id": "a"}


def dose(value):
    repeat = {"frequency": 1, "period": 1, "periodUnit": "d"}
    quantity = {"value": value, "code": "mg"}
    return [{"timing": {"repeat": repeat}, "doseAndRate": [{"doseQuantity": quantity}]}]


CASES = [
    # what is on record, the conflicts
    ([a_request(), a_statement()], []),
    ([a_request()], []),
    ([a_request("1"), a_request("2")], ["prescribed-twice"]),
    ([a_request("1"), a_request("2", priorPrescription={"reference": "MedicationRequest/1"})], ["renewed-still-active"]),
    ([a_request("1", status="completed"), a_request("2")], []),
    ([a_statement()], ["taken-not-prescribed"]),
    ([a_request(), a_statement("not-taken")], ["prescribed-not-taken"]),
    ([a_request(), a_statement("stopped")], ["prescribed-not-taken"]),
    ([a_request(dosageInstruction=dose(10)), a_statement(dosage=dose(10))], []),
    ([a_request(dosageInstruction=dose(10)), a_statement(dosage=dose(20))], ["doses-differ"]),
    ([a_request(status="stopped", **ENDED), a_box("2026-11-15")], ["supply-after-stop"]),
    ([a_request(status="stopped", **ENDED), a_dose("2026-11-21T08:00:00Z")], ["given-after-stop"]),
    ([a_request(), a_box("2026-11-15")], []),
    ([a_request(), a_box("2026-09-01")], ["supply-ended"]),
]  # fmt: skip


@pytest.mark.parametrize(("resources", "conflicts"), CASES)
def test_conflicts_are_marked(resources, conflicts, shipped):
    (line,) = reconciled(resources, {}, shipped, NOW)

    assert [c.code for c in line.conflicts] == conflicts
    assert all(c.text for c in line.conflicts)


@pytest.mark.parametrize(
    "resources",
    [
        [],
        [a_request(status="stopped", **ENDED)],
        [a_request(status="stopped", **ENDED), a_box("2026-01-01")],
        [a_request(status="draft")],
        [a_statement("completed")],
        [a_dose("2026-11-01")],
    ],
)
def test_what_is_over_makes_no_line(resources, shipped):
    assert reconciled(resources, {}, shipped, NOW) == []


def test_products_and_ingredients_are_one_line_and_combinations_two(shipped):
    both = [a_request("1"), a_statement()]
    (line,) = reconciled(both, {}, shipped, NOW)
    lines = reconciled([a_request("2", "1049221")], {}, shipped, NOW)

    assert (line.name, len(line.requests), len(line.statements)) == ("lisinopril", 1, 1)
    assert [x.name for x in lines] == ["acetaminophen", "oxycodone"]


def test_the_last_dispense_and_administration_are_told(shipped):
    doses = [a_dose("2026-11-02"), a_dose("2026-11-27"), a_dose("2026-11-03")]
    (line,) = reconciled([a_request(), a_box("2026-11-10"), *doses], {}, shipped, NOW)

    assert line.dispense["id"] == "d"
    assert line.administration["effectiveDateTime"] == "2026-11-27"


def test_what_has_no_code_goes_by_its_name(shipped):
    tea = {"medicationCodeableConcept": {"text": "Herbal tea"}}
    (line,) = reconciled([a_statement(**tea)], {}, shipped, NOW)

    assert (line.name, line.ingredient.code) == ("Herbal tea", "")
