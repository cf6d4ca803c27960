"""https://hl7.org/fhir/R4/observation-operation-stats.html"""

from __future__ import annotations

from decimal import Decimal

import pytest

from fhirserver.model.statistics import STATISTICS, Measured, regression
from fhirserver.validation import check
from tests.answers import done, place_of, refused
from tests.builders import a_patient, a_transaction, an_entry, an_observation

UCUM = "http://unitsofmeasure.org"
WEIGHT = "29463-7"


def kg(value, code="kg", **more):
    return {"valueQuantity": {"value": value, "system": UCUM, "code": code} | more}


@pytest.fixture
def record(client):
    def make(*observations):
        patient = done(client.post("/fhir/Patient", json=a_patient()), 201)["id"]
        entries = [
            an_entry(
                "POST", "Observation",
                an_observation(subject={"reference": f"Patient/{patient}"}) | o,
            )
            for o in observations
        ]  # fmt: skip
        if entries:
            done(client.post("/fhir", json=a_transaction(*entries)))
        return patient

    return make


def ask(client, patient, query, code=WEIGHT):
    address = (
        f"/fhir/Observation/$stats?subject=Patient/{patient}&system=http://loinc.org&code={code}"
    )
    answer = done(client.get(f"{address}&{query}"))
    return [p["resource"] for p in answer["parameter"] if p["name"] == "statistics"]


def numbers(observation):
    return {
        c["code"]["coding"][0]["code"]: c.get("valueQuantity", {}).get("value")
        for c in observation["component"]
    }


def test_statistics_of_a_code(client, record):
    patient = record(kg(70), kg(72), kg(77))

    (found,) = ask(
        client,
        patient,
        "statistic=average&statistic=maximum&statistic=minimum&statistic=count&statistic=median&statistic=sum",
    )

    assert numbers(found) == {
        "average": 73, "maximum": 77, "minimum": 70, "count": 3, "median": 72, "sum": 219,
    }  # fmt: skip
    assert found["component"][0]["valueQuantity"]["code"] == "kg"
    assert found["subject"] == {"reference": f"Patient/{patient}"}
    assert check(found) == []


def test_what_is_no_measurement_is_only_counted(client, record):
    patient = record(
        kg(70), kg(500, comparator="<"), {"valueQuantity": {"value": 5, "unit": "stones"}},
        kg(900) | {"status": "entered-in-error"},
    )  # fmt: skip

    (found,) = ask(client, patient, "statistic=average,count,total-count")

    assert numbers(found) == {"average": 70, "count": 1, "total-count": 3}


def test_units_are_made_one(client, record):
    patient = record(kg(70), kg(72000, "g"), kg(3, "m"))

    (found,) = ask(client, patient, "statistic=average,count,total-count")

    assert numbers(found) == {"average": 71, "count": 2, "total-count": 3}


def test_a_period_selects(client, record):
    patient = record(
        kg(70) | {"effectiveDateTime": "2024-01-01"}, kg(80) | {"effectiveDateTime": "2024-02-01"},
    )  # fmt: skip
    body = {"resourceType": "Parameters", "parameter": [
        {"name": "subject", "valueUri": f"Patient/{patient}"},
        {"name": "coding", "valueCoding": {"system": "http://loinc.org", "code": WEIGHT}},
        {"name": "period", "valuePeriod": {"start": "2024-01-15"}},
        {"name": "statistic", "valueCode": "average"},
        {"name": "include", "valueBoolean": True},
    ]}  # fmt: skip

    answer = done(client.post("/fhir/Observation/$stats", json=body))

    statistics, source = (p["resource"] for p in answer["parameter"])
    assert numbers(statistics) == {"average": 80}
    assert statistics["effectivePeriod"] == {"start": "2024-01-15"}
    assert source["effectiveDateTime"] == "2024-02-01"


def test_a_duration_goes_back_from_now(client, record):
    patient = record(kg(70) | {"effectiveDateTime": "2020-01-01"})

    (found,) = ask(client, patient, "statistic=count&duration=2")

    assert numbers(found) == {"count": 0}
    assert set(found["effectivePeriod"]) == {"start", "end"}


def test_a_panel_gives_its_parts(client, record):
    def part(code, value):
        return {"code": {"coding": [{"system": "http://loinc.org", "code": code}]}} | kg(
            value, "mm[Hg]"
        )

    panel = {
        "resourceType": "Observation", "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]},
        "component": [part("8480-6", 120), part("8462-4", 80)],
    }  # fmt: skip
    patient = done(client.post("/fhir/Patient", json=a_patient()), 201)["id"]
    panel["subject"] = {"reference": f"Patient/{patient}"}
    done(client.post("/fhir/Observation", json=panel), 201)

    found = ask(client, patient, "statistic=average", code="85354-9")
    part_only = ask(client, patient, "statistic=average", code="8480-6")

    assert [(f["code"]["coding"][0]["code"], numbers(f)["average"]) for f in found] == [
        ("8480-6", 120), ("8462-4", 80),
    ]  # fmt: skip
    assert [numbers(f)["average"] for f in part_only] == [120]


def test_what_was_never_measured_has_no_statistics(client, record):
    (found,) = ask(client, record(), "statistic=average,count")

    assert numbers(found) == {"average": None, "count": 0}
    assert found["component"][0]["dataAbsentReason"]
    assert check(found) == []


@pytest.mark.parametrize(
    "query",
    ["subject=Patient/1&statistic=count", "subject=Patient/1&code=a&statistic=count",
     "code=a&system=b&statistic=count", "subject=Patient/1&code=a&system=b",
     "subject=Patient/1&code=a&system=b&statistic=mode",
     "subject=Patient/1&code=a&system=b&statistic=count&duration=0"],
)  # fmt: skip
def test_what_it_cant_do_is_refused(client, query):
    refused(client.get(f"/fhir/Observation/$stats?{query}"), 400)


def test_a_wrong_statistic_is_named_with_its_place(client):
    body = {"resourceType": "Parameters", "parameter": [
        {"name": "subject", "valueUri": "Patient/1"},
        {"name": "coding", "valueCoding": {"code": WEIGHT}},
        {"name": "statistic", "valueCode": "mode"},
    ]}  # fmt: skip

    issue = refused(client.post("/fhir/Observation/$stats", json=body), 400)

    assert place_of(issue) == "Parameters.parameter[2].valueCode"


VALUES = [Measured(Decimal(v), n * 3_600_000_000) for n, v in enumerate([2, 4, 4, 4, 5, 5, 7, 9])]


@pytest.mark.parametrize(
    ("name", "result"),
    [("average", "5"), ("variance", "4.571"), ("std-dev", "2.138"), ("median", "4.5"),
     ("4-lower", "4"), ("4-upper", "5.5"), ("4-dev", "0.75"), ("20-percent", "4"),
     ("5-4", "6.2"), ("skew", "0.656"), ("kurtosis", "2.781")],
)  # fmt: skip
def test_the_numbers(name, result):
    found = STATISTICS[name](VALUES)

    assert found is not None
    assert round(found, 3) == Decimal(result)


@pytest.mark.parametrize("name", sorted(STATISTICS))
def test_few_values_are_no_error(name):
    for few in ([], VALUES[:1], [VALUES[0]] * 2):
        assert isinstance(STATISTICS[name](few), Decimal | None)


def test_a_line_through_the_values():
    line = [Measured(Decimal(10 + 2 * n), n * 3_600_000_000) for n in range(5)]

    assert regression(line) == (2, 10)
    assert regression(line[:1]) is None
    assert regression([]) is None
