"""What the search for bad messages takes for a finding."""

from __future__ import annotations

import pytest

from conformance.faults import fuzzing
from conformance.faults.fuzzing import SEED, Finding, check, messages
from hl7v2_gateway.operating import mapped


def test_what_is_read_or_refused_is_no_finding() -> None:
    check(SEED)
    check(SEED.replace(b"ADT^A01^ADT_A01", b"XXX^X01"))
    check(b"no message at all")


def test_any_other_error_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mapped, "made_of", lambda *_: {}["missing"])

    with pytest.raises(KeyError):
        check(SEED)


def test_what_takes_too_long_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzzing, "MOST_SECONDS", 0.0)

    with pytest.raises(Finding, match="processor time"):
        check(SEED)


def test_the_messages_of_folders_are_found(tmp_path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.hl7").write_bytes(SEED)
    (tmp_path / "note.txt").write_bytes(b"nothing")

    assert list(messages([tmp_path])) == [SEED]
