"""Periods that say too little to be compared: https://hl7.org/fhir/R4/datatypes.html#Period"""

from typing import Any

import pytest

from fhirserver.validation.options import Options
from tests.validation.profiles import errors, issues

STRICT = Options(undecided_period="error")


def named_from(start: str, end: str) -> dict[str, Any]:
    name = {"family": "A", "period": {"start": start, "end": end}}
    return {"resourceType": "Patient", "name": [name]}


@pytest.mark.parametrize(
    ("start", "end", "is_decided"),
    [
        ("2023-06-21", "2023-06-21T06:20:00Z", False),
        ("2023-06-21", "2023", False),
        ("2023-06-21", "2023-06-22T06:20:00Z", True),
        ("2023-06-21", "2023-06-21", True),
        ("2022", "2023-06", True),
    ],
)
def test_a_day_and_an_hour_of_it_leave_open_which_is_first(
    start: str, end: str, is_decided: bool
) -> None:
    found = named_from(start, end)

    assert errors(found, options=STRICT) == ([] if is_decided else ["Patient.name[0].period"])
    assert errors(found) == []


def test_by_default_that_is_a_warning() -> None:
    found = issues(named_from("2023-06-21", "2023-06-21T06:20:00Z"))

    told = [i.severity for i in found if i.expression == "Patient.name[0].period"]
    assert told == ["warning"]
