"""Observation/$cohort-trend: medians and quartiles of a group, worked out by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from fhirserver import ids
from fhirserver.reports.cohort_trend import Reading, around, quantile, trend
from tests.answers import done, refused
from tests.builders import a_patient

SYSTEM = "http://tests.example/measured"
SNOMED = "http://snomed.info/sct"


@pytest.fixture(scope="module")
def client(make_app, token):
    client = make_app().test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token()}"
    return client


class Measured:
    """Patients with values of a code of their own."""

    def __init__(self, client) -> None:
        self.client = client
        self.code = ids.new()[-8:]

    def made(self, resource):
        kind = resource["resourceType"]
        return f"{kind}/{done(self.client.post(f'/fhir/{kind}', json=resource), 201)['id']}"

    def patient(self, born="1970-06-15"):
        return self.made(a_patient() | {"birthDate": born})

    def value(self, patient, day, value, unit="mmol/L", **more):
        quantity = {
            "value": value,
            "unit": unit,
            "system": "http://unitsofmeasure.org",
            "code": unit,
        }
        return self.made({
            "resourceType": "Observation",
            "status": "final",
            "code": {"coding": [{"system": SYSTEM, "code": self.code}]},
            "subject": {"reference": patient},
            "effectiveDateTime": f"{day}T12:00:00Z",
            "valueQuantity": quantity,
            **more,
        })  # fmt: skip

    def ask(self, **more):
        asked = {"code": f"{SYSTEM}|{self.code}", "start": "2026-03-01", "end": "2026-03-31"}
        more = {k.replace("_", "-"): v for k, v in more.items()}
        return self.client.get("/fhir/Observation/$cohort-trend", query_string=asked | more)

    def trend(self, **more):
        """The answer's values by name, and its spans."""
        parameters = done(self.ask(**more)).get("parameter", [])
        spans = [flat(p["part"]) for p in parameters if p["name"] == "span"]
        return flat(p for p in parameters if p["name"] != "span"), spans


def flat(parameters):
    found = {}
    for one in parameters:
        value = next((v for k, v in one.items() if k.startswith("value")), None)
        if value is None:
            found.setdefault(one["name"], []).append(flat(one["part"]))
        else:
            found[one["name"]] = value
    return found


@pytest.fixture
def measured(client) -> Measured:
    return Measured(client)


def test_median_and_quartiles_are_of_patients_each_of_whom_counts_once(measured):
    patients = [measured.patient() for _ in range(4)]
    for patient, value in zip(patients, (1, 2, 4, 10), strict=True):
        measured.value(patient, "2026-03-02", value)
    for value in (20, 30):
        measured.value(patients[3], "2026-03-02", value)

    said, spans = measured.trend()

    assert said == {"unit": "mmol/L"}
    assert spans == [{
        "start": "2026-03-02", "end": "2026-03-02", "patients": 4, "values": 6, "minimum": 1,
        "lower-quartile": 1.75, "median": 3, "upper-quartile": 8, "maximum": 20,
    }]  # fmt: skip


def test_weeks_begin_on_monday_and_months_end_as_they_do(measured):
    patient = measured.patient()
    for day in ("2026-03-01", "2026-03-02", "2026-03-31"):
        measured.value(patient, day, 5)

    assert [s["start"] for s in measured.trend(by="week")[1]] == [
        "2026-02-23",
        "2026-03-02",
        "2026-03-30",
    ]
    [month] = measured.trend(by="month")[1]
    assert (month["start"], month["end"], month["values"]) == ("2026-03-01", "2026-03-31", 3)


def test_other_units_are_converted_and_what_does_not_convert_is_counted(measured):
    patient = measured.patient()
    measured.value(patient, "2026-03-02", 5)
    measured.value(patient, "2026-03-03", 5)
    measured.value(patient, "2026-03-04", 7000, "umol/L")
    measured.value(patient, "2026-03-05", 90, "mg/dL")

    said, spans = measured.trend()

    assert [s["median"] for s in spans] == [5, 5, 7]
    assert said["left-out"] == [{"unit": "mg/dL", "values": 1}]


def test_a_mistake_and_a_limit_of_measuring_do_not_count(measured):
    patient = measured.patient()
    measured.value(patient, "2026-03-02", 5)
    measured.value(patient, "2026-03-02", 90, status="entered-in-error")
    below = {"value": 1, "comparator": "<", "unit": "mmol/L"}
    measured.value(patient, "2026-03-02", 1, valueQuantity=below)

    [span] = measured.trend()[1]

    assert span["values"] == 1


def test_components_count(measured):
    patient = measured.patient()
    part = {
        "code": {"coding": [{"system": SYSTEM, "code": measured.code}]},
        "valueQuantity": {"value": 120, "unit": "mmHg", "system": "http://unitsofmeasure.org", "code": "mm[Hg]"},
    }  # fmt: skip
    panel = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "panel"},
        "subject": {"reference": patient},
        "effectiveDateTime": "2026-03-02T12:00:00Z",
        "component": [part],
    }
    measured.made(panel)

    said, [span] = measured.trend()

    assert (said["unit"], span["median"]) == ("mm[Hg]", 120)


def test_a_group_is_of_a_condition_an_age_and_a_ward(measured):
    old, young = measured.patient("1940-04-01"), measured.patient("2001-01-01")
    for patient, value in ((old, 4), (young, 6)):
        measured.value(patient, "2026-03-02", value)
    code = ids.new()[-8:]
    for patient, verification in ((young, "confirmed"), (old, "refuted")):
        measured.made({
            "resourceType": "Condition",
            "code": {"coding": [{"system": SNOMED, "code": code}]},
            "subject": {"reference": patient},
            "verificationStatus": {"coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/condition-ver-status",
                "code": verification}]},
        })  # fmt: skip
    kind = "http://terminology.hl7.org/CodeSystem/location-physical-type"
    places = []
    for of in ("wa", "bd"):
        place = {
            "resourceType": "Location",
            "name": of,
            "physicalType": {"coding": [{"system": kind, "code": of}]},
        }
        if places:
            place["partOf"] = {"reference": places[0]}
        places.append(measured.made(place))
    for patient, start, end in (
        (old, "2026-03-01", "2026-03-05"),
        (young, "2025-03-01", "2025-03-05"),
    ):
        period = {"start": start, "end": end}
        measured.made({
            "resourceType": "Encounter", "status": "finished", "subject": {"reference": patient},
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
            "period": period, "location": [{"location": {"reference": places[1]}, "period": period}],
        })  # fmt: skip

    said, spans = measured.trend(condition=f"{SNOMED}|{code}")
    assert (said["cohort"], [s["median"] for s in spans]) == (1, [6])
    # 85 until the first of April.
    assert [s["median"] for s in measured.trend(age_from=85)[1]] == [4]
    assert measured.trend(age_from=86, age_to=90, condition=f"{SNOMED}|{code}")[1] == []
    said, spans = measured.trend(ward=places[0].removeprefix("Location/"))
    assert (said["cohort"], [s["median"] for s in spans]) == (1, [4])


def test_the_patients_of_a_span_are_listed_when_they_are_asked_for(measured):
    patients = [measured.patient() for _ in range(2)]
    for patient, value in zip(patients, (6, 4), strict=True):
        measured.value(patient, "2026-03-02", value)

    [span] = measured.trend(members_of="2026-03-02")[1]

    assert span["member"] == [
        {"patient": {"reference": patients[1]}, "value": 4},
        {"patient": {"reference": patients[0]}, "value": 6},
    ]
    assert "member" not in measured.trend(members_of="2026-03-03")[1][0]


def test_who_may_not_read_conditions_makes_no_group_of_them(make_app, token, measured):
    measured.value(measured.patient(), "2026-03-02", 5)
    other = make_app().test_client()
    other.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token('system/Observation.rs')}"
    measured.client = other

    assert measured.ask().status_code == 200
    assert measured.ask(condition=f"{SNOMED}|1").status_code == 403


@pytest.mark.parametrize(
    "wrong",
    [
        {"by": "year"},
        {"end": "2026-02-01"},
        {"start": "2020-01-01"},
        {"start": "March"},
        {"age_from": "200"},
    ],
)
def test_what_cannot_be_meant_is_refused(measured, wrong):
    refused(measured.ask(**wrong), 400)


def test_of_an_unknown_ward_there_is_nothing(measured):
    refused(measured.ask(ward="nowhere"), 404)


def test_figures_keep_their_digits():
    values = [Decimal("0.1"), Decimal("0.2"), Decimal("0.7")]

    assert quantile(values, Decimal("0.5")) == Decimal("0.2")
    assert quantile(values, Decimal("0.75")) == Decimal("0.45")
    assert around(date(2024, 12, 31), "week") == (date(2024, 12, 30), date(2025, 1, 5))
    readings = [Reading("Patient/1", date(2026, 1, 1), v, "") for v in values]
    assert trend(readings, "month").spans[0].median == Decimal("0.2")
