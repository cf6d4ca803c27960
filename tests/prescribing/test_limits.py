"""Potassium and renal function against medicines, by the limits that come with the server."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fhirserver.prescribing.checks import Record, check, check_list
from fhirserver.prescribing.finding import Unchecked
from fhirserver.prescribing.knowledge import knowledge
from tests.prescribing.builders import ATC, RXNORM, a_prescription, coded

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
LOINC = "http://loinc.org"
EGFR, EGFR_2009, POTASSIUM, POTASSIUM_BLOOD = "98979-8", "62238-1", "2823-3", "6298-4"
METFORMIN, IBUPROFEN, LISINOPRIL, DIGOXIN = "860975", "310965", "314076", "3407"
FUROSEMIDE, SPIRONOLACTONE, ENOXAPARIN, AMOXICILLIN = "313988", "313096", "854235", "308192"
GFR_UNIT = "mL/min/{1.73_m2}"


def a_result(code, value, at="2026-11-29T08:00:00Z", unit=None, **elements):
    unit = unit or ("mmol/L" if code in {POTASSIUM, POTASSIUM_BLOOD} else GFR_UNIT)
    return {
        "resourceType": "Observation",
        "id": "o",
        "status": "final",
        "code": coded(code, LOINC, "eGFR" if unit == GFR_UNIT else "Potassium"),
        "effectiveDateTime": at,
        "valueQuantity": {
            "value": value, "unit": unit, "code": unit, "system": "http://unitsofmeasure.org",
        },
    } | elements  # fmt: skip


def severities(code, *results, known):
    checked = check([a_prescription(code)], Record(results=results), known, NOW)
    return [f.severity for f in checked.findings if f.kind == "result"]


@pytest.mark.parametrize(
    ("medicine", "measure", "value", "expected"),
    [
        (METFORMIN, EGFR, 29, ["high"]),
        (METFORMIN, EGFR, 30, ["moderate"]),
        (METFORMIN, EGFR, 45, []),
        (METFORMIN, EGFR_2009, 29, ["high"]),
        (IBUPROFEN, EGFR, 20, ["high"]),
        (IBUPROFEN, EGFR, 50, ["moderate"]),
        (LISINOPRIL, POTASSIUM, 5.6, ["high"]),
        (LISINOPRIL, POTASSIUM, 5.2, ["moderate"]),
        (LISINOPRIL, POTASSIUM, 5.0, []),
        (SPIRONOLACTONE, POTASSIUM_BLOOD, 5.8, ["high"]),
        (DIGOXIN, POTASSIUM, 3.2, ["high"]),
        (FUROSEMIDE, POTASSIUM, 3.2, ["moderate"]),
        (ENOXAPARIN, EGFR, 22, ["moderate"]),
        (AMOXICILLIN, EGFR, 5, []),
        (AMOXICILLIN, POTASSIUM, 7, []),
    ],
)
def test_a_result_beyond_a_limit_is_told(medicine, measure, value, expected, shipped):
    assert severities(medicine, a_result(measure, value), known=shipped) == expected


def test_a_finding_says_the_value_when_it_was_and_where_the_rule_is_from(shipped):
    record = Record(results=[a_result(EGFR, 24)])
    (finding,) = check([a_prescription(METFORMIN)], record, shipped, NOW).findings

    assert "eGFR was 24 mL/min/{1.73_m2} on 2026-11-29" in finding.detail
    assert "FDA" in finding.source
    assert finding.management
    assert finding.against == ("Observation/o",)


def test_the_newest_result_of_the_measure_counts_whatever_its_code(shipped):
    older, newer = "2026-10-01T08:00:00Z", "2026-11-20T08:00:00Z"
    better = [a_result(EGFR, 20, older), a_result(EGFR_2009, 80, newer)]
    worse = [a_result(EGFR, 80, older), a_result(EGFR_2009, 20, newer)]

    assert severities(METFORMIN, *better, known=shipped) == []
    assert severities(METFORMIN, *worse, known=shipped) == ["high"]


@pytest.mark.parametrize(
    "result",
    [
        a_result(POTASSIUM, 6.0, "2026-10-01"),  # a month is too long for potassium
        a_result(POTASSIUM, 6.0, status="entered-in-error"),
        a_result(POTASSIUM, 6.0, status="registered"),
        a_result(POTASSIUM, 6.0, unit="mg/dL"),
        a_result(POTASSIUM, 6.0, valueQuantity={"unit": "mmol/L"}),
        a_result(POTASSIUM, 6.0, effectiveDateTime=None),
    ],
)
def test_what_is_old_void_or_without_a_value_says_nothing(result, shipped):
    result = {k: v for k, v in result.items() if v is not None}
    assert severities(LISINOPRIL, result, known=shipped) == []


def test_units_are_converted(shipped):
    assert severities(LISINOPRIL, a_result(POTASSIUM, 5.8, unit="meq/L"), known=shipped) == ["high"]


def test_a_bound_counts_only_when_all_below_it_is_beyond(shipped):
    def below(value):
        result = a_result(EGFR, value)
        return result | {"valueQuantity": result["valueQuantity"] | {"comparator": "<"}}

    assert severities(METFORMIN, below(15), known=shipped) == ["high"]
    assert severities(METFORMIN, below(30), known=shipped) == ["high"]
    assert severities(METFORMIN, below(60), known=shipped) == []


def test_what_is_taken_already_is_compared_too(shipped):
    taken = a_prescription(METFORMIN) | {"id": "m"}
    record = Record(medicines=[taken], results=[a_result(EGFR, 24)])

    assert [f.severity for f in check_list(record, shipped).findings] == ["high"]


def test_results_that_may_not_be_read_are_told_where_they_matter(shipped):
    def told(code):
        return check([a_prescription(code)], Record(results=None), shipped, NOW).unchecked

    assert told(METFORMIN) == [
        Unchecked("Observation", "results of the laboratory couldn't be read")
    ]
    assert told(AMOXICILLIN) == []


def test_a_contrast_medium_is_compared_as_the_medicine_that_it_is(shipped):
    order = {
        "resourceType": "ServiceRequest",
        "status": "draft",
        "intent": "order",
        "code": {"text": "Computed tomography of abdomen"},
        "orderDetail": [coded("V08A", ATC, "X-ray contrast media, iodinated")],
        "subject": {"reference": "Patient/p"},
    }
    record = Record(results=[a_result(EGFR, 24)])
    (finding,) = check([order], record, shipped, NOW).findings

    assert (finding.kind, finding.severity) == ("result", "moderate")
    assert "Radiology" in finding.source
    assert check([order | {"orderDetail": []}], record, shipped, NOW).findings == []


def test_a_limit_that_cant_be_read_is_none():
    def limits(limit):
        target = {
            "code": EGFR,
            "equivalence": "relatedto",
            "product": [
                {"property": f"https://fhirserver.example/medicine-knowledge/{n}", "value": v}
                for n, v in (("limit", limit), ("unit", GFR_UNIT))
            ],
        }
        kind = "https://fhirserver.example/CodeSystem/medicine-knowledge"
        concept_map = {
            "resourceType": "ConceptMap",
            "status": "active",
            "useContext": [{"valueCodeableConcept": coded("limits", kind)}],
            "group": [
                {
                    "source": RXNORM,
                    "target": LOINC,
                    "element": [{"code": "6809", "target": [target]}],
                }
            ],
        }
        return list(knowledge([concept_map]).limits.values())

    assert [len(found) for found in limits("<30")] == [1]
    for wrong in ("30", "below 30", "<-1", "<", "<1e99"):
        assert limits(wrong) in ([], [()])
