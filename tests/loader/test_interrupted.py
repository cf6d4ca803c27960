"""A load that is killed loses nothing and doubles nothing."""

import os
import signal
import subprocess
import sys
import time

import psycopg
import pytest

from tests.builders import a_transaction, an_entry, an_observation
from tests.loader.files import write

FILES, EACH = 12, 500


def command(url, folder, *more):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("FHIRSERVER_")}
    return subprocess.Popen(
        [sys.executable, "-m", "fhirserver", "load", "--jobs", "2", *more, str(folder)],
        env=environment | {"FHIRSERVER_DATABASE_URL": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture
def folder(tmp_path):
    """Half transactions, half lines; no resource has an id by which it would be known again."""
    for number in range(FILES):
        resources = [
            an_observation(note=[{"text": f"{number} {n} " + "x" * 500}]) for n in range(EACH)
        ]
        if number % 2:
            write(tmp_path / f"{number:02}.ndjson", *resources)
        else:
            entries = [an_entry("POST", "Observation", r) for r in resources]
            write(tmp_path / f"{number:02}.json", a_transaction(*entries))
    return tmp_path


def connections(url):
    """How many connections of workers there are."""
    with psycopg.connect(url) as connection:
        return connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
            "AND application_name LIKE 'fhirserver-%'"
        ).fetchone()[0]


def until(claim, seconds=240):
    deadline = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_load_that_is_killed_goes_on_where_it_stopped(empty_url, count, folder, number):
    killed = command(empty_url, folder)
    until(lambda: count("Observation") > 0)
    killed.send_signal(number)
    said, _ = killed.communicate(timeout=240)
    until(lambda: connections(empty_url) == 0)
    assert killed.returncode != 0, said
    assert 0 < count("Observation") < FILES * EACH

    rerun = command(empty_url, folder)
    said, _ = rerun.communicate(timeout=240)

    assert rerun.returncode == 0, said
    assert count("Observation") == FILES * EACH
    assert "resources were loaded before" in said


def test_refused_resources_end_a_load_with_1_and_are_told(empty_url, tmp_path):
    path = write(tmp_path / "a.ndjson", an_observation(status="bad"), an_observation())

    run = command(empty_url, path, "--report", str(tmp_path / "report.json"))
    said, _ = run.communicate(timeout=240)

    assert run.returncode == 1
    assert f"refused: {path}, line 1: Observation.status" in said
    assert '"line": 1' in (tmp_path / "report.json").read_text()
