"""DICOM instances while the listener is killed again and again.

    python -m conformance.faults.dicom --instances 5000

Senders do as modalities do: an instance that wasn't answered with success is sent again, over a new
association. In the end everything that was answered with success must be whole and listed, nothing
else must be visible, and sending all of it once more must change nothing.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import click
from pydicom.uid import generate_uid

from conformance.faults.server import wait_until
from conformance.loopback import unused_port
from conformance.performance.dicom import CT, instance
from dicom_gateway.datasets import read_file_head
from dicom_gateway.dimse.caller import Caller
from dicom_gateway.dimse.calling import call
from dicom_gateway.dimse.service import EXPLICIT_LITTLE
from dicom_gateway.partners import Peer
from fhirserver import embedded
from fhirserver.app import open_database
from fhirserver.embedded.roles import listens
from fhirserver.instances import Instances
from fhirserver.instances.opening import open_instances
from fhirserver.settings import Settings
from fhirserver.storage import migrate

SENDERS: Final = 8
ALIVE_SECONDS: Final = (0.3, 2.0)
"""So long a listener takes connections before it is killed."""
START_SECONDS: Final = 120.0
SIDES: Final = (16, 64, 256)
"""Of the images, in pixels."""


@dataclass
class Outcome:
    """What was sent and answered, and what is wrong with what became of it."""

    answered: set[str] = field(default_factory=set)
    kills: int = 0
    resent: int = 0
    wrong: list[str] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(frozen=True)
class Sample:
    """An instance that is sent."""

    uid: str
    study: int
    dataset: bytes


class Listener:
    """`fhirserver dicom` as a child process, which can be killed and started again."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it listens."""
        settings = self.settings
        with (settings.data_dir / "dicom.log").open("ab") as log:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "fhirserver", "dicom"],
                env=os.environ
                | {
                    "FHIRSERVER_DATA_DIR": str(settings.data_dir),
                    "FHIRSERVER_DATABASE_URL": str(settings.database_url),
                    "FHIRSERVER_DICOM_PORT": str(settings.dicom_port),
                    "FHIRSERVER_DICOM_UNKNOWN_PEERS": "accept",
                },
                stdout=log,
                stderr=log,
            )
        up = listens("127.0.0.1", settings.dicom_port)
        wait_until(up, START_SECONDS, "the listener is there")

    def kill(self) -> None:
        """Kill -9."""
        if self._child is not None:
            self._child.kill()
            self._child.wait(30)


@contextmanager
def a_listener(home: Path) -> Iterator[Listener]:
    """A listener on a database of its own, with fsync as in production."""
    with embedded.postgres(home) as url:
        migrate.upgrade(url)
        data_dir = home / "data"
        data_dir.mkdir()
        listener = Listener(Settings(data_dir=data_dir, database_url=url, dicom_port=unused_port()))
        listener.start()
        try:
            yield listener
        finally:
            listener.kill()


def ran(listener: Listener, count: int, kills: int, seed: int = 1) -> Outcome:
    """Send so many instances, kill the listener so often meanwhile, and look at what there is."""
    outcome, is_sent, chance = Outcome(), threading.Event(), random.Random(seed)
    samples = _samples(count)
    began = time.monotonic()
    killing = threading.Thread(
        target=_kill, args=(listener, chance, kills, outcome, is_sent), daemon=True
    )
    killing.start()
    try:
        _send_all(listener, samples, outcome)
    finally:
        is_sent.set()
        killing.join()
    outcome.seconds = time.monotonic() - began
    database = open_database(listener.settings)
    try:
        record = open_instances(listener.settings, database)
        _check(record, samples, outcome)
        # A modality that didn't hear the answer sends all of it once more.
        outcome.answered.clear()
        _send_all(listener, samples, outcome)
        _check(record, samples, outcome)
    finally:
        database.close()
    return outcome


def _samples(count: int) -> list[Sample]:
    studies = [generate_uid() for _ in range(SENDERS)]
    found = []
    for number in range(count):
        study = number % SENDERS
        raw = instance(studies[study], number, SIDES[number % len(SIDES)])
        meta, at = read_file_head(raw)
        found.append(Sample(meta.instance, study, raw[at:]))
    return found


def _send_all(listener: Listener, samples: list[Sample], outcome: Outcome) -> None:
    parts = [[s for s in samples if s.study == n] for n in range(SENDERS)]
    threads = [
        threading.Thread(target=_send, args=(listener, part, f"S{n}", outcome), daemon=True)
        for n, part in enumerate(parts)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _send(listener: Listener, samples: list[Sample], title: str, outcome: Outcome) -> None:
    """One after the other over one association; again over the next when that breaks."""
    ours = listener.settings
    peer = Peer("ours", "ours", ours.dicom_ae_title, host="127.0.0.1", port=ours.dicom_port)
    waiting = list(samples)[::-1]
    while waiting:
        try:
            with call(peer, [(CT, [EXPLICIT_LITTLE])], Caller(title, 60.0)) as association:
                while waiting:
                    sample = waiting[-1]
                    status = association.store(CT, sample.uid, EXPLICIT_LITTLE, [sample.dataset])
                    if status == 0:
                        outcome.answered.add(sample.uid)
                        waiting.pop()
                    elif status & 0xFF00 == 0xA700:
                        outcome.resent += 1
                    else:
                        outcome.wrong.append(f"{sample.uid} got {status:04X}H")
                        waiting.pop()
        except OSError:
            outcome.resent += 1
            time.sleep(0.05)


def _kill(
    listener: Listener,
    chance: random.Random,
    kills: int,
    outcome: Outcome,
    is_sent: threading.Event,
) -> None:
    while outcome.kills < kills and not is_sent.wait(chance.uniform(*ALIVE_SECONDS)):
        listener.kill()
        outcome.kills += 1
        listener.start()


def _check(record: Instances, samples: list[Sample], outcome: Outcome) -> None:
    """Everything that was answered is there, whole, and once."""
    rows = record.instances_named([s.uid for s in samples])
    for uid in outcome.answered:
        row = rows.get(uid)
        condition = "not listed" if row is None else record.check(row)
        if condition != "whole":
            outcome.wrong.append(f"{uid} was answered with success, and is {condition}")
    for sample in samples:
        row = rows.get(sample.uid)
        if row is not None and record.check(row) != "whole":
            outcome.wrong.append(f"{sample.uid} is visible, and isn't whole")
    studies = {row.study.uid: row.study for row in rows.values()}
    listed = sum(study.instances for study in studies.values())
    if listed != len(rows):
        outcome.wrong.append(f"{len(rows)} instances are there, and {listed} are counted")


@click.command()
@click.option("--instances", default=5_000, show_default=True, help="How many are sent.")
@click.option("--kills", default=20, show_default=True, help="How often the listener is killed.")
@click.option("--seed", default=1, show_default=True, help="When it is killed.")
def main(instances: int, kills: int, seed: int) -> None:
    """Send instances while the listener is killed; the status is 1 when anything is wrong."""
    with tempfile.TemporaryDirectory(prefix="fhirfaults-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o711)
        with a_listener(Path(folder)) as listener:
            outcome = ran(listener, instances, kills, seed)
    click.echo(
        f"{len(outcome.answered)} answered with success in {outcome.seconds:.0f} s, "
        f"{outcome.resent} sent again, {outcome.kills} kills; wrong: {len(outcome.wrong)}"
    )
    for line in outcome.wrong[:20]:
        click.echo(line)
    raise SystemExit(bool(outcome.wrong))


if __name__ == "__main__":
    main()
