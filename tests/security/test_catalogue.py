"""No attack is forgotten."""

from __future__ import annotations

import re
from pathlib import Path

from tests.security.catalogue import ATTACKS, PENDING

TESTS = Path(__file__).parents[1]
_NUMBERS = re.compile(r"def test_(\d{3}(?:_\d{3})*)_")


def tried():
    """The numbers that the names of tests have."""
    return {
        int(number)
        for file in TESTS.rglob("test_*.py")
        for numbers in _NUMBERS.findall(file.read_text())
        for number in numbers.split("_")
        if int(number) in ATTACKS
    }


def test_the_catalogue_has_every_number_once():
    assert list(ATTACKS) == list(range(1, 117))
    assert all(a.what for a in ATTACKS.values())


def test_every_attack_is_tried_or_waits_for_its_surface():
    known = tried()

    forgotten = [a for n, a in ATTACKS.items() if n not in known | PENDING and a.later is None]
    assert forgotten == []
