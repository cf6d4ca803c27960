"""The searches of the US Core test kit, on one patient: conformance/us_core_searches."""

from __future__ import annotations

import pytest

from conformance.us_core_searches import matching
from conformance.us_core_searches.filled import PACKAGE, PATIENTS, Searching, filled
from conformance.us_core_searches.metadata import FOLDER, groups
from conformance.us_core_searches.run import run

with_data = pytest.mark.skipif(
    not (FOLDER.is_dir() and PATIENTS.is_dir() and PACKAGE.exists()),
    reason="../shared/data/inferno, synthea and us-core aren't at hand",
)
PATIENT = "0696ac49-3128-87d3-7344-04510aa4f324.json.bz2"
# Between them they have parameters of the package, chains, includes, and every kind of value.
TYPES = ("CareTeam", "Condition", "Goal", "MedicationRequest", "Patient", "PractitionerRole")


@pytest.fixture(scope="module")
def searching(own_url):
    return filled(own_url, [*PATIENTS.glob("0-*.bz2"), PATIENTS / PATIENT])


@with_data
@pytest.mark.slow
def test_what_us_core_asks_for_is_found(searching) -> None:
    one_of_each = {g.resource: g for g in groups() if g.resource in TYPES}

    report = run(searching, list(one_of_each.values()), samples=1)

    assert {c: w for c, w in report.cases.items() if w} == {}
    assert len(report.cases) > 200
    assert report.without_data == set()


@with_data
@pytest.mark.slow
def test_the_runner_notices_an_answer_that_lacks_something(searching, monkeypatch) -> None:
    monkeypatch.setattr(Searching, "post", lambda self, *asked: self.get(*asked)[1:])
    goals = [g for g in groups() if g.resource == "Goal"]

    report = run(searching, goals, samples=1)

    wrong = {c for c, w in report.cases.items() if w}
    assert wrong == {c for c in report.cases if c.endswith(": post")}


@pytest.mark.parametrize(
    ("target", "value", "is_found"),
    [
        ("2024-05-17", "2024-05", True),
        ("2024-05-17", "gt2024-05-16", True),
        ("2024-05", "gt2024-05-16", True),
        ("2024-05-17T10:00:00+02:00", "le2024-05-17T08:00:00Z", True),
        ("2024-05-17T10:00:00+02:00", "lt2024-05-17T08:00:00Z", False),
        ({"start": "2024-05-17"}, "gt2030", True),
        ({"start": "2024-05-17"}, "eb2030", False),
        ({"end": "2024-05-17"}, "sa2020", False),
    ],
)
def test_the_runner_compares_times_as_the_standard_says(target, value, is_found) -> None:
    assert matching.is_in_time(target, value) is is_found
