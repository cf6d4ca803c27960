"""What a role tells the person at the terminal: some lines of its log, each once."""

from __future__ import annotations

import re

import pytest

from fhirserver.embedded.roles import Role


@pytest.fixture
def role(tmp_path):
    (tmp_path / "log").mkdir()
    return Role("day", ("day",), tmp_path, {}, told=re.compile(r"\d\d:\d\d "))


def test_whole_lines_that_are_told_come_once(role):
    role.log.write_text("07:04 arrival\nTraceback\n07:06 half of")
    first, read = role.news(0)
    with role.log.open("a") as file:
        file.write(" a line\n")
    second, _ = role.news(read)

    assert first == ["07:04 arrival"]
    assert second == ["07:06 half of a line"]


def test_a_log_that_was_trimmed_is_read_from_its_beginning(role):
    role.log.write_text("07:04 arrival\n" * 9)
    _, read = role.news(0)
    role.log.write_text("07:09 triage\n")

    assert role.news(read)[0] == ["07:09 triage"]


def test_a_role_that_tells_nothing_and_one_without_a_log_are_silent(role, tmp_path):
    assert role.news(0) == ([], 0)
    assert Role("web", ("web",), tmp_path, {}).news(5) == ([], 5)
