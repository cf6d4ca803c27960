"""The condition language of the tables."""

from __future__ import annotations

import pytest

from hl7v2_gateway.mapping.conditions import Unreadable, compiled, parse
from hl7v2_gateway.mapping.views import EMPTY, Repetition, View


def _view(name: str, **fields: str) -> View:
    found: list[tuple[Repetition, ...]] = [()] * 30
    for key, text in fields.items():
        reps = tuple(
            Repetition(tuple(tuple(c.split("&")) for c in r.split("^"))) for r in text.split("~")
        )
        found[int(key[1:])] = reps if text else ()
    return View(name, 0, found)


@pytest.mark.parametrize(
    ("condition", "fields", "holds"),
    [
        ("IF PID-25 NOT VALUED", {"f24": "Y"}, True),
        ("IF PID-25 NOT VALUED", {"f25": "1"}, False),
        ("IF PID-3 AND PID-4 VALUED", {"f3": "1"}, False),
        ("IF PID-3 OR PID-4 IS VALUED", {"f4": "1"}, True),
        ('IF PID-8 IN ("M", "F")', {"f8": "F"}, True),
        ('IF PID-8 IS NOT "M"', {"f8": "M"}, False),
        ('IF PID-8 VALUED AND NOT "M"', {"f8": "F"}, True),
        ("IF PID-11 LST.COUNT GREATER THAN 1", {"f11": "a~b"}, True),
        ("IF PID-11 LST.count LESS THAN OR EQUALS 1", {"f11": "a~b"}, False),
        ("IF PID-7 LENGTH GREATER THAN 8", {"f7": "202401011200"}, True),
        ("IF PID-11.9 IS VALUED NOT EQUAL PID-12", {"f11": "^^^^^^^^X", "f12": "Y"}, True),
        ('IF (PID-8 EQUALS "M" OR PID-8 EQUALS "F") AND PID-1 NOT VALUED', {"f8": "M"}, True),
        ('IF (PID-8 EQUALS "M" AND PID-2.1  EQUALS "<>"', {"f8": "M", "f2": "<>"}, True),
    ],
)
def test_a_condition_holds_as_it_reads(condition: str, fields: dict[str, str], holds: bool) -> None:
    test = compiled(parse(condition), "PID", 5)

    assert test(_view("PID", **fields), EMPTY, {}) is holds


def test_another_segment_is_looked_up_among_those_nearby() -> None:
    test = compiled(parse('IF ORC-1 IN ("NW")'), "OBR", 2)
    order = _view("ORC", f1="NW")

    assert test(_view("OBR"), EMPTY, {"ORC": order})
    assert not test(_view("OBR"), EMPTY, {})


def test_what_the_language_does_not_allow_is_refused() -> None:
    for text in ("ic", "IF PRT-5 AND PRT-6 AREA NOT VALUED", "IF CX.4 IN http://x", "IF"):
        with pytest.raises(Unreadable):
            parse(text)
