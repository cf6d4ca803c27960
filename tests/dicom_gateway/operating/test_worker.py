"""Images that come while `fhirserver worker` runs: seconds later the ImagingStudy is there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from dicom_gateway.reactions import patients_and_orders, studies
from fhirserver import ids, queues
from fhirserver.instances import TOPIC, Instances
from fhirserver.reactions.running import Running
from fhirserver.storage.database import Database
from tests.dicom_gateway.operating.scanner import Scanner


@pytest.fixture
def working(
    scanner: Scanner, database: Database, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """A worker that does what comes of studies and of changes, and nothing else."""
    reader = f"dicom-{ids.new()}"
    for module in (studies, patients_and_orders):
        monkeypatch.setattr(module, "open_in_step", lambda _: scanner.in_step)
    monkeypatch.setattr(patients_and_orders, "READER", reader)
    reactions = [studies.reaction(scanner.engine), patients_and_orders.reaction(scanner.engine)]
    # Other tests leave studies behind, whose files are gone.
    database.write("DELETE FROM queue.item WHERE topic = %s", (TOPIC,))
    queues.begin(database, reader)
    running = Running(database, reactions)
    running.start()
    yield
    running.stop()
    queues.forget(database, reader)


def eventually(claim: Callable[[], bool]) -> None:
    ends = time.monotonic() + 60
    while not claim():
        assert time.monotonic() < ends, "it never came true"
        time.sleep(0.05)


def test_images_that_come_are_seen_and_follow_a_merge(
    scanner: Scanner, record: Instances, working: None
) -> None:
    del working
    double, jane = scanner.patient(), scanner.patient(mrn="J-" + scanner.mrn)

    scanner.send(1, 2)
    eventually(lambda: len(scanner.all_of("ImagingStudy")) == 1)
    eventually(lambda: scanner.is_of(double))
    scanner.merge(double, jane)
    eventually(lambda: scanner.is_of(jane))

    eventually(lambda: record.changed(scanner.study) is None)
    assert scanner.imaging_study()["numberOfInstances"] == 2
