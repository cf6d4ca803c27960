"""No attack is forgotten."""

from __future__ import annotations

from tests.security.catalogue import ATTACKS, tried


def test_the_catalogue_has_every_number_once():
    assert list(ATTACKS) == list(range(1, 117))
    assert all(a.what for a in ATTACKS.values())


def test_every_attack_is_tried_or_waits_for_its_surface():
    known = tried()

    assert [a for n, a in ATTACKS.items() if n not in known and a.later is None] == []
