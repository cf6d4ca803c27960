"""A patient as our pages name one."""

from __future__ import annotations

from datetime import date

import pytest

from fhirserver.oauth.shown_patient import born, shown

TODAY = date(2026, 11, 29)


@pytest.mark.parametrize(
    ("birth_date", "words"),
    [
        ("1980-02-03", "born 3 Feb 1980 (46 years)"),
        ("1980-11-30", "born 30 Nov 1980 (45 years)"),
        ("2026-05-29", "born 29 May 2026 (6 months)"),
        ("2026-11-28", "born 28 Nov 2026 (1 day)"),
        ("2026-11-29", "born 29 Nov 2026 (0 days)"),
        ("1980-02", "born Feb 1980"),
        ("1980", "born 1980"),
        (None, "birth date unknown"),
    ],
)
def test_a_birth_date_has_the_precision_that_is_known(birth_date, words):
    assert born(birth_date, TODAY) == words


def test_the_dead_have_no_age():
    patient = {"id": "1", "birthDate": "1980-02-03", "deceasedBoolean": True}

    found = shown(patient, TODAY)

    assert (found.born, found.has_died) == ("born 3 Feb 1980", True)


def test_the_official_name_is_shown():
    names = [
        {"use": "old", "family": "Byron"},
        {"use": "official", "family": "King", "given": ["Ada"]},
    ]

    assert shown({"id": "1", "name": names}, TODAY).name == "Ada King"


def test_nobody_is_without_a_name():
    assert shown({"id": "1"}, TODAY).name == "Name unknown"


def test_record_numbers_are_shown_and_other_numbers_are_not():
    identifiers = [
        {"value": "078-05-1120", "use": "official", "type": {"coding": [{"code": "SS"}]}},
        {"value": "MRN7", "type": {"coding": [{"code": "MR"}]}},
        {"value": "MRN6", "use": "old", "type": {"coding": [{"code": "MR"}]}},
    ]

    assert shown({"id": "1", "identifier": identifiers}, TODAY).numbers == ("MRN7",)
