"""How patients are reached, and what they read."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from fhirserver.scheduling.reminding import (
    PREFERENCE,
    WORDINGS,
    Way,
    offer,
    place_of,
    reminder,
    wants_none,
    ways,
)

NOW = datetime(2027, 1, 1, tzinfo=UTC)
START = datetime(2027, 3, 1, 7, 0, tzinfo=UTC)
MAIL = {"system": "email", "value": "a@tests.example"}
MOBILE = {"system": "phone", "use": "mobile", "value": "+1"}


def a_patient(*telecom, chosen=None, **more):
    extension = [{"url": PREFERENCE, "valueCode": chosen}] if chosen else []
    return {"telecom": list(telecom), "extension": extension, **more}


def found(*telecom, chosen=None):
    return [w.to for w in ways(a_patient(*telecom, chosen=chosen), NOW, UTC)]


def test_email_comes_first_where_nothing_is_said():
    assert found(MOBILE, MAIL) == ["a@tests.example", "+1"]


def test_the_rank_of_a_contact_point_counts():
    assert found(MAIL | {"rank": 2}, MOBILE | {"rank": 1}) == ["+1", "a@tests.example"]


def test_what_the_patient_has_chosen_counts_more():
    assert found(MAIL | {"rank": 1}, MOBILE, chosen="sms") == ["+1", "a@tests.example"]


@pytest.mark.parametrize(
    "point",
    [
        {"system": "phone", "use": "home", "value": "+2"},
        {"system": "fax", "value": "+2"},
        MAIL | {"use": "old"},
        MAIL | {"period": {"end": "2026"}},
        {"system": "email"},
    ],
)
def test_what_is_old_or_no_way_to_write_is_left_out(point):
    assert found(point) == []


def test_who_wants_no_reminder_says_so():
    assert wants_none(a_patient(MAIL, chosen="none"))
    assert not wants_none(a_patient(MAIL))


def test_a_reminder_says_when_and_where_and_nothing_else():
    vienna = ZoneInfo("Europe/Vienna")

    text = reminder({"name": [{"family": "Secret"}]}, START, vienna, "House 3", "Hospital").text

    assert "Monday 1 March 2027, 08:00, House 3" in text
    assert "Secret" not in text


@pytest.mark.parametrize("language", list(WORDINGS))
def test_it_is_in_the_language_of_the_patient(language):
    spoken = {"coding": [{"code": f"{language}-XX"}]}
    patient = {"communication": [{"language": {"coding": [{"code": "ja"}]}}, {"language": spoken}]}

    for made in (reminder, offer):
        written = made(patient, START, UTC, "", "Hospital")
        assert written.subject == WORDINGS[language].subject
        assert "{" not in written.text
        assert "2027, 07:00" in written.text


def test_a_place_that_tells_too_much_is_not_named():
    open_place = {"name": "House 3"}
    telling = {"name": "Ward for X", "meta": {"security": [{"code": "R"}]}}

    assert place_of([telling, open_place]) == "House 3"
    assert place_of([telling]) == ""
    assert Way("sms", "+1").by == "sms"
