"""Known holes in dependencies: what fails, what is lived with, what is only said."""

from __future__ import annotations

import datetime
import json
import subprocess
from types import SimpleNamespace

import pytest

from conformance.dependencies import audit

TODAY = datetime.date(2026, 11, 29)
SOUND = {"name": "flask", "version": "3.1", "vulns": []}
SKIPPED = {"name": "amqp", "skip_reason": "not found"}
HOLE = {
    "name": "authlib",
    "version": "1.6",
    "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-2025-59420"], "fix_versions": ["1.6.5"]}],
}
ACCEPTED = {
    "id": "CVE-2025-59420",
    "package": "authlib",
    "reason": "not reachable",
    "decided": "2026-11-01",
    "until": "2026-12-31",
}


def judged(*dependencies, accepted=(), today=TODAY):
    lines, good = audit.judge({"dependencies": list(dependencies)}, accepted, today)
    return "\n".join(lines), good


def test_without_holes_all_is_well():
    assert judged(SOUND) == ("1 of 1 dependencies audited", True)


def test_a_hole_fails_and_says_where_it_is_fixed():
    text, good = judged(SOUND, HOLE)

    assert not good
    assert "authlib 1.6: PYSEC-1, CVE-2025-59420; fixed in 1.6.5" in text


def test_a_hole_that_was_accepted_is_still_told():
    text, good = judged(HOLE, accepted=[ACCEPTED])

    assert good
    assert "not reachable" in text


def test_what_was_accepted_ends():
    text, good = judged(HOLE, accepted=[ACCEPTED], today=datetime.date(2027, 1, 1))

    assert not good
    assert "decide again" in text


def test_accepting_is_for_one_package():
    assert not judged(HOLE, accepted=[{**ACCEPTED, "package": "flask"}])[1]


def test_a_hole_counts_however_little_else_was_audited():
    text, good = judged(SKIPPED, HOLE)

    assert not good
    assert "1 of 2 not audited: amqp" in text


@pytest.fixture
def pip_audit(monkeypatch):
    """Answers instead of pip-audit, which would ask the network."""

    def answers(*outputs):
        left = iter(outputs)
        monkeypatch.setattr(
            audit.subprocess, "run", lambda *_, **__: SimpleNamespace(stdout=next(left))
        )

    return answers


def test_a_source_that_knows_nothing_is_no_clean_audit(pip_audit, capsys):
    pip_audit(json.dumps({"dependencies": [SKIPPED]}), "no route to host")

    assert audit.main() == 0
    assert capsys.readouterr().out.startswith("dependencies NOT audited")


def test_the_second_source_is_asked_when_the_first_knows_nothing(pip_audit, capsys):
    pip_audit(json.dumps({"dependencies": [SKIPPED]}), json.dumps({"dependencies": [HOLE]}))

    assert audit.main() == 1
    assert "authlib" in capsys.readouterr().out


def test_a_source_that_does_not_answer_is_given_up(monkeypatch, capsys):
    def hang(*_, **__):
        raise subprocess.TimeoutExpired("pip-audit", 1)

    monkeypatch.setattr(audit.subprocess, "run", hang)

    assert audit.main() == 0
    assert "NOT audited" in capsys.readouterr().out


def test_everything_accepted_has_a_reason_and_an_end():
    for accepted in json.loads(audit.ACCEPTED.read_text()):
        assert accepted["reason"]
        decided = datetime.date.fromisoformat(accepted["decided"])
        assert decided <= datetime.date.fromisoformat(accepted["until"])
