"""`fhirserver up --demo` plays the day, tells what happens, and ends with Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time

import pytest

from conformance.loopback import unused_port
from fhirserver import embedded
from fhirserver.demo import hospital_bundle, patient_bundle
from fhirserver.demo.day.outpatients import LOADED
from fhirserver.loader.demo_hospital import is_loaded, mark_loaded
from fhirserver.loader.loading import load
from fhirserver.model import json
from fhirserver.settings import Settings
from fhirserver.storage.database import Database
from fhirserver.storage.migrate import upgrade

pytestmark = pytest.mark.slow


@pytest.fixture
def data_dir(tmp_path):
    """Of a server whose demo hospital is loaded, but for the records of its patients."""
    data_dir, folder = tmp_path / "data", tmp_path / "hospital"
    folder.mkdir()
    (folder / "0000.json").write_bytes(json.dump(hospital_bundle()))
    for number in range(LOADED):
        entries = patient_bundle(number)["entry"]
        who = next(e["resource"] for e in entries if e["resource"]["resourceType"] == "Patient")
        (folder / f"{who['id']}.json").write_bytes(json.dump(who))
    with embedded.postgres(data_dir) as url:
        upgrade(url)
        assert not load(Settings(database_url=url), [folder], jobs=1).refused
        database = Database(url)
        mark_loaded(database)
        assert is_loaded(database)
        database.close()
    return data_dir


@pytest.fixture
def up(data_dir, tmp_path):
    started = []

    def start(*arguments):
        output = tmp_path / f"output-{len(started)}"
        ours = {k: v for k, v in os.environ.items() if not k.startswith("FHIRSERVER_")}
        command = [
            *(sys.executable, "-m", "fhirserver", "up", "--demo", "--data-dir", str(data_dir)),
            *("--port", str(unused_port()), "--push-port", str(unused_port())),
            *("--mllp-port", "0", "--dicom-port", "0", *arguments),
        ]
        with output.open("w") as file:
            process = subprocess.Popen(command, env=ours, stdout=file, stderr=subprocess.STDOUT)
        started.append(process)
        return process, output

    yield start
    for process in started:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def wait_for(output, process, pattern, seconds=240):
    ends = time.monotonic() + seconds
    while not re.search(pattern, output.read_text()):
        assert process.poll() is None, output.read_text()
        assert time.monotonic() < ends, output.read_text()
        time.sleep(0.2)


def test_the_first_hours_of_a_day_go_by_and_a_restart_tells_nothing_twice(up, data_dir):
    process, output = up("--speed", "300")
    wait_for(output, process, r"demo-day +\d\d:\d\d arrival: .* -> Emergency Department")
    wait_for(output, process, r"demo-day +\d\d:\d\d ALERT for Dr\. .*NEWS2")
    wait_for(output, process, r"demo-day +\d\d:\d\d alert answered: ")
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    said = output.read_text()
    assert re.search(r"demo-day +stopped", said)

    process, again = up("--speed", "300")
    wait_for(again, process, r"demo-day +\d\d:\d\d arrival: .*, burning, ")
    arrivals = re.findall(r"\d\d:\d\d arrival: .*", said + again.read_text())
    assert len(arrivals) == len(set(arrivals)) == 4
    assert "left out" not in again.read_text()
