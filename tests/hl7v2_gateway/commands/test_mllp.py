"""`fhirserver mllp` and `fhirserver hl7v2 send` as processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conformance.loopback import unused_port
from fhirserver import ids
from fhirserver.embedded.roles import listens
from fhirserver.storage.database import Database
from tests.hl7v2_gateway.v2 import a_message


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "fhirserver", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_messages_of_a_file_are_taken_and_what_is_refused_is_told(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    port, good, bad = unused_port(), ids.new()[-20:], ids.new()[-20:]
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("FHIRSERVER_")},
        "FHIRSERVER_DATABASE_URL": database_url,
        "FHIRSERVER_MLLP_PORT": str(port),
        "FHIRSERVER_HL7V2_UNKNOWN_SENDERS": "accept",
    }
    file = tmp_path / "batch.hl7"
    batch = [b"FHS|^~\\&\r", a_message(control=good), a_message(control=bad, version="9.9")]
    file.write_bytes(b"".join(batch) + b"FTS|1\r")

    listener = subprocess.Popen([sys.executable, "-m", "fhirserver", "mllp"], env=environment)
    try:
        deadline = time.monotonic() + 120
        while not listens("127.0.0.1", port)():
            assert listener.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        done = run("hl7v2", "send", str(file), "--port", str(port))
    finally:
        listener.send_signal(signal.SIGTERM)
        status = listener.wait(60)

    assert done.returncode == 1
    assert f"MSA|AA|{good}" in done.stdout
    assert f"MSA|AR|{bad}" in done.stdout
    assert done.stderr == "1 of 2 not accepted\n"
    assert status == 0
    rows = database.read("SELECT state FROM hl7v2.message WHERE control = %s", (good,))
    assert rows == [("waiting",)]


@pytest.mark.parametrize("content", [b"", b"hello"])
def test_a_file_without_messages_is_told(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "empty"
    file.write_bytes(content)
    done = run("hl7v2", "send", str(file))

    assert done.returncode == 1
    assert "each begins with MSH" in done.stderr


def test_a_listener_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "one"
    file.write_bytes(a_message())
    done = run("hl7v2", "send", str(file), "--port", str(unused_port()))

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "Connection refused" in done.stderr
