"""What the README tells a newcomer to type is there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from fhirserver.cli import main

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
SHELL = "\n".join(re.findall(r"```sh\n(.*?)```", README, re.DOTALL))


def run(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout


def test_the_readme_opens_with_the_two_commands():
    commands = [line.split()[:2] for line in SHELL.splitlines() if line.strip()]

    assert commands[:2] == [["make", "run"], ["make", "test"]]


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\bmake ([a-z]+)\b", SHELL))))
def test_the_makefile_has_what_the_readme_makes(target):
    listed = {line.split()[1] for line in run("make", "help").splitlines()}

    assert target in listed


@pytest.mark.parametrize("name", sorted(set(re.findall(r"bin/fhirserver ([a-z]+)", SHELL))))
def test_the_command_line_has_what_the_readme_calls(name):
    assert run(sys.executable, "-m", "fhirserver", name, "--help").startswith("Usage:")


def test_help_lists_every_command_with_what_it_does():
    listed = run(sys.executable, "-m", "fhirserver", "--help").partition("Commands:\n")[2]

    lines = [line.split(maxsplit=1) for line in listed.splitlines()]
    assert [line[0] for line in lines] == main.list_commands(None)
    assert all(len(line) == 2 for line in lines)


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_the_links_of_the_readme_lead_somewhere(path):
    assert (ROOT / path).exists()


@pytest.mark.parametrize("folder", sorted(set(re.findall(r"`(fhirserver/[a-z_/]+)/`", README))))
def test_the_folders_to_add_things_to_are_there(folder):
    assert (ROOT / folder).is_dir()
