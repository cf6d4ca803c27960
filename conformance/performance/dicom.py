"""How fast DICOM instances are received and kept, beside Debian's Orthanc in the same run.

    python -m conformance.performance.dicom

The sender is dcmtk's `storescu`, as it comes (with Nagle's algorithm) and with TCP_NODELAY=1, over
one association and over four. Each figure is taken several times, in turn. Besides instances per
second stand the CPU seconds of the receiving side, which a busy machine changes little. The status
is 0 whatever the figures are.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click
from pydicom import Dataset, FileDataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from conformance.faults.server import wait_until
from conformance.loopback import unused_port
from conformance.performance.cpu import Meter
from fhirserver import embedded
from fhirserver.embedded.roles import listens
from fhirserver.settings import Settings
from fhirserver.storage import migrate

CT: Final = "1.2.840.10008.5.1.4.1.1.2"
ASSOCIATIONS: Final = (1, 4)
START_SECONDS: Final = 120.0


@dataclass(frozen=True)
class Receiver:
    """Who is sent to: a name, a port, and the processes whose time it costs."""

    name: str
    ae_title: str
    port: int
    processes: tuple[int, ...]


def instance(series: str, number: int, side: int) -> bytes:
    """The file of a CT image with so many pixels a side."""
    dataset = Dataset()
    dataset.SOPClassUID = CT
    dataset.SOPInstanceUID = generate_uid()
    dataset.StudyDate, dataset.StudyTime = "20261129", "101500"
    dataset.AccessionNumber, dataset.Modality = "A1", "CT"
    dataset.Manufacturer, dataset.StudyDescription = "Synthetic", "Chest"
    dataset.PatientName, dataset.PatientID = "Doe^Jane", "P1"
    dataset.PatientBirthDate, dataset.PatientSex = "19700101", "F"
    dataset.StudyInstanceUID = generate_uid(entropy_srcs=[series])
    dataset.SeriesInstanceUID = generate_uid(entropy_srcs=[series, "1"])
    dataset.SeriesNumber, dataset.InstanceNumber = 1, number
    dataset.ImagePositionPatient = [0, 0, number]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows = dataset.Columns = side
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation = 15, 0
    dataset.PixelData = os.urandom(2 * side * side)
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = CT
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    made = FileDataset("", dataset, file_meta=meta, preamble=b"\0" * 128)
    buffer = io.BytesIO()
    dcmwrite(buffer, made, enforce_file_format=True)
    return buffer.getvalue()


def _written(folder: Path, count: int, side: int, parts: int) -> list[Path]:
    """Folders with new instances, a part for each association."""
    series = generate_uid()
    folders = [folder / f"{part}" for part in range(parts)]
    for one in folders:
        one.mkdir(parents=True)
    for number in range(count):
        path = folders[number % parts] / f"{number}.dcm"
        path.write_bytes(instance(series, number, side))
    return folders


def _sent(receiver: Receiver, folders: list[Path], *, is_delayed: bool) -> tuple[float, float]:
    """Seconds, and CPU seconds of the receiving side, for sending all that lies there."""
    environment = {**os.environ} | ({} if is_delayed else {"TCP_NODELAY": "1"})
    meter = Meter({"receiver": receiver.processes})
    before, began = meter.read(), time.perf_counter()
    senders = [
        subprocess.Popen(
            [
                *("storescu", "-aet", "BENCH", "-aec", receiver.ae_title, "+sd", "-R"),
                *("127.0.0.1", str(receiver.port), str(folder)),
            ],
            env=environment,
        )
        for folder in folders
    ]
    if any(sender.wait() for sender in senders):
        raise RuntimeError(f"storescu failed against {receiver.name}")
    return time.perf_counter() - began, meter.since(before)["receiver"]


@contextmanager
def _ours(home: Path) -> Iterator[Receiver]:
    with embedded.postgres(home) as url:
        migrate.upgrade(url)
        settings = Settings(data_dir=home / "data", database_url=url, dicom_port=unused_port())
        settings.data_dir.mkdir()
        with (home / "dicom.log").open("wb") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "fhirserver", "dicom"],
                env=os.environ
                | {
                    "FHIRSERVER_DATA_DIR": str(settings.data_dir),
                    "FHIRSERVER_DATABASE_URL": url,
                    "FHIRSERVER_DICOM_PORT": str(settings.dicom_port),
                    "FHIRSERVER_DICOM_UNKNOWN_PEERS": "accept",
                },
                stdout=log,
                stderr=log,
            )
        try:
            up = listens("127.0.0.1", settings.dicom_port)
            wait_until(up, START_SECONDS, "the listener is there")
            postmaster = int((home / "postgres/postmaster.pid").read_text().split()[0])
            yield Receiver("fhirserver", "FHIRSERVER", settings.dicom_port, (child.pid, postmaster))
        finally:
            child.terminate()
            child.wait(60)


@contextmanager
def _orthanc(home: Path) -> Iterator[Receiver]:
    port, storage = unused_port(), str(home / "orthanc")
    configuration = home / "orthanc.json"
    configuration.write_text(
        json.dumps(
            {
                "StorageDirectory": storage,
                "IndexDirectory": storage,
                "HttpPort": unused_port(),
                "DicomPort": port,
                "Plugins": [],
            }
        )
    )
    program = shutil.which("Orthanc")
    assert program is not None
    with (home / "orthanc.log").open("wb") as log:
        child = subprocess.Popen([program, str(configuration)], stdout=log, stderr=log)
    try:
        wait_until(listens("127.0.0.1", port), START_SECONDS, "Orthanc is there")
        yield Receiver("Orthanc", "ORTHANC", port, (child.pid,))
    finally:
        child.terminate()
        child.wait(60)


@click.command()
@click.option("--large", default=500, show_default=True, help="CT images of 0.5 MB.")
@click.option("--small", default=2_000, show_default=True, help="Images of 10 kB.")
@click.option("--times", default=3, show_default=True, help="How often each is measured.")
@click.option("--nagle", default=100, show_default=True, help="Images of the default sender.")
def main(large: int, small: int, times: int, nagle: int) -> None:
    """Send the same sets of images to us and to Orthanc, and print what was reached."""
    with ExitStack() as stack:
        home = Path(
            stack.enter_context(
                tempfile.TemporaryDirectory(prefix="fhirbench-", ignore_cleanup_errors=True)
            )
        )
        home.chmod(0o711)
        receivers = [stack.enter_context(_ours(home))]
        if shutil.which("Orthanc"):
            receivers.append(stack.enter_context(_orthanc(home)))
        for receiver in receivers:
            # What is imported and prepared at the first instance isn't what is measured.
            _sent(receiver, _written(home / receiver.name, 20, 64, 1), is_delayed=False)
        for kind, count, side in (("CT 0.5 MB", large, 512), ("small 10 kB", small, 64)):
            for parts in ASSOCIATIONS:
                _compare(home, receivers, kind, (count, side, parts), times, is_delayed=False)
            _compare(home, receivers, kind, (min(count, nagle), side, 1), times, is_delayed=True)


def _compare(
    home: Path,
    receivers: list[Receiver],
    kind: str,
    shape: tuple[int, int, int],
    times: int,
    *,
    is_delayed: bool,
) -> None:
    count, side, parts = shape
    rates: dict[str, list[float]] = {r.name: [] for r in receivers}
    costs: dict[str, list[float]] = {r.name: [] for r in receivers}
    for _ in range(times):
        for receiver in receivers:
            # Each set is new: what is there already would be dropped.
            folder = home / "sent"
            folders = _written(folder, count, side, parts)
            seconds, spent = _sent(receiver, folders, is_delayed=is_delayed)
            shutil.rmtree(folder)
            rates[receiver.name].append(count / seconds)
            costs[receiver.name].append(spent / count * 1_000)
    how = "default storescu" if is_delayed else "TCP_NODELAY"
    for name, taken in rates.items():
        rate, cost = statistics.median(taken), statistics.median(costs[name])
        click.echo(
            f"{kind}, {count}, {parts} association{'s' * (parts > 1)}, {how}: {name} "
            f"{rate:.0f}/s, {cost:.2f} ms of CPU each"
        )
    if len(rates) > 1:
        ours, theirs = (statistics.median(rates[r.name]) for r in receivers)
        click.echo(f"    {ours / theirs:.2f} times Orthanc")


if __name__ == "__main__":
    main()
