"""How fast images are found and read: QIDO-RS, WADO-RS and C-FIND at an archive of thousands.

    python -m conformance.performance.dicom_reading

`fhirserver up` with a series of 500 CT slices, one of 2,000 small instances, and 5,000 studies. Each
request is sent several times over one connection, with a token; C-FIND over one association. Beside
the time by the clock stands what a request costs the server and the database of processor time,
which other work on the machine hardly changes. The status is 0 whatever the figures are.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from typing import Final

import click
from pydicom import Dataset
from pydicom.uid import generate_uid
from pynetdicom import AE
from pynetdicom.association import Association

from conformance.faults.client import Client, Resource
from conformance.faults.server import Server, running, wait_until
from conformance.performance.cpu import Meter
from conformance.performance.dicom import CT, instance
from conformance.performance.machine import facts
from dicom_gateway.datasets import read_file_head
from dicom_gateway.dimse.caller import Caller
from dicom_gateway.dimse.calling import call
from dicom_gateway.dimse.service import EXPLICIT_LITTLE
from dicom_gateway.partners import Peer
from fhirserver.embedded.roles import listens

TITLE: Final = "BENCH"
PATIENTS: Final = "urn:example:mrn"
FIND: Final = "1.2.840.10008.5.1.4.1.2.2.1"
MODELS: Final = "application/dicom+json"
SLICES, SLICE_SIDE = 500, 512
SMALL, SMALL_SIDE = 2_000, 64
STUDIES, STUDY_SIDE = 5_000, 16
TIMES, FOUND_TIMES = 20, 300
PATIENCE_SECONDS: Final = 120.0
FILING_SECONDS: Final = 1_800.0


@click.command()
def main() -> None:
    """Fill an archive, and ask it."""
    click.echo(facts())
    with running() as server:
        _enter(server)
        up = listens("127.0.0.1", server.dicom_port)
        wait_until(up, PATIENCE_SECONDS, "the listener is there")
        large = _sent(server, [generate_uid()] * SLICES, SLICE_SIDE)
        small = _sent(server, [generate_uid()] * SMALL, SMALL_SIDE)
        many = _sent(server, [generate_uid() for _ in range(STUDIES)], STUDY_SIDE)
        with server.client() as client:
            _filed(client, STUDIES + 2)
            _over_http(client, server, large, small)
        _over_dimse(server, many)


def _enter(server: Server) -> None:
    """We may store, and find everything; the patient of the images is there."""
    members = [("ae-title", "valueString", TITLE), ("sees", "valueCode", "all")]
    members += [("patient-system", "valueUri", PATIENTS)]
    members += [("may", "valueCode", "store"), ("may", "valueCode", "find")]
    peer = "https://fhirserver.example/StructureDefinition/dicom-peer"
    kinds = "https://fhirserver.example/CodeSystem/endpoint-connection-type"
    endpoint: Resource = {
        "resourceType": "Endpoint",
        "status": "active",
        "name": TITLE,
        "connectionType": {"system": kinds, "code": "dicom-dimse"},
        "payloadType": [{"text": "DICOM"}],
        "address": "dicom://127.0.0.1:104",
        "extension": [
            {"url": peer, "extension": [{"url": u, name: value} for u, name, value in members]}
        ],
    }
    patient: Resource = {
        "resourceType": "Patient",
        "identifier": [{"system": PATIENTS, "value": "P1"}],
        "name": [{"family": "Doe", "given": ["Jane"]}],
        "birthDate": "1970-01-01",
        "gender": "female",
    }
    with server.client() as client:
        for resource in (endpoint, patient):
            answer = client.send("POST", resource["resourceType"], resource)
            assert answer.status == 201, answer.says


def _sent(server: Server, series: Iterable[str], side: int) -> list[Dataset]:
    """Images, one for each name of a series; what identifies each."""
    peer = Peer(
        "ours", "ours", server.settings.dicom_ae_title, host="127.0.0.1", port=server.dicom_port
    )
    made = []
    with call(peer, [(CT, [EXPLICIT_LITTLE])], Caller(TITLE, 60.0)) as association:
        for number, name in enumerate(series):
            raw = instance(name, number, side)
            meta, at = read_file_head(raw)
            status = association.store(CT, meta.instance, EXPLICIT_LITTLE, [raw[at:]])
            assert status == 0, f"{status:04X}H"
            one = Dataset()
            one.StudyInstanceUID = generate_uid(entropy_srcs=[name])
            one.SeriesInstanceUID = generate_uid(entropy_srcs=[name, "1"])
            one.SOPInstanceUID = meta.instance
            made.append(one)
    return made


def _filed(client: Client, count: int) -> None:
    """Wait until the worker has made an ImagingStudy of each study."""

    def counted() -> bool:
        found = client.send("GET", "ImagingStudy?_summary=count")
        return bool(found.json["total"] >= count)

    wait_until(counted, FILING_SECONDS, "all studies are filed")


def _over_http(client: Client, server: Server, large: list[Dataset], small: list[Dataset]) -> None:
    base = f"http://127.0.0.1:{server.port}/dicom-web/studies"
    series = f"{base}/{large[0].StudyInstanceUID}/series/{large[0].SeriesInstanceUID}"
    image = f"{series}/instances/{large[0].SOPInstanceUID}"
    listed = f"{base}/{small[0].StudyInstanceUID}/instances?limit={SMALL}"

    def got(url: str, accept: str) -> Callable[[], object]:
        def ask() -> None:
            answer = client.send("GET", url, Accept=accept)
            assert answer.status == 200, answer.says

        return ask

    web = [process.pid for process in server.web_workers()]
    meter = Meter({"server": web, "database": [server.postmaster().pid]})
    frame = 'multipart/related; type="application/octet-stream"'
    _told(meter, f"metadata of a series of {SLICES}", 50, got(f"{series}/metadata", MODELS))
    _told(meter, f"QIDO of {SMALL:,} instances", 150, got(listed, MODELS))
    _told(meter, "thumbnail from the cache", 10, got(f"{image}/thumbnail", "image/jpeg"))
    _told(meter, "frame of 0.5 MB", 20, got(f"{image}/frames/1", frame))


def _over_dimse(server: Server, many: list[Dataset]) -> None:
    entity = AE(ae_title=TITLE)
    entity.add_requested_context(FIND)
    title = server.settings.dicom_ae_title
    association = entity.associate("127.0.0.1", server.dicom_port, ae_title=title)
    assert association.is_established
    try:
        took = []
        for number in range(FOUND_TIMES):
            began = time.perf_counter()
            _find(association, many[number * len(many) // FOUND_TIMES])
            took.append((time.perf_counter() - began) * 1_000)
    finally:
        association.release()
    worst = statistics.quantiles(took, n=100)[98]
    click.echo(
        f"C-FIND of a study among {STUDIES:,}: {statistics.median(took):.1f} ms, "
        f"p99 {worst:.1f} ms (goal: 50)"
    )


def _find(association: Association, one: Dataset) -> None:
    wanted = Dataset()
    wanted.QueryRetrieveLevel = "STUDY"
    wanted.StudyInstanceUID = one.StudyInstanceUID
    wanted.PatientID = wanted.StudyDate = wanted.AccessionNumber = ""
    found = [answer for _, answer in association.send_c_find(wanted, FIND) if answer is not None]
    assert [f.StudyInstanceUID for f in found] == [one.StudyInstanceUID]


def _told(meter: Meter, what: str, goal: int, ask: Callable[[], object]) -> None:
    """The median of some times after the first, and the processor time of one."""
    ask()
    took = []
    before = meter.read()
    for _ in range(TIMES):
        began = time.perf_counter()
        ask()
        took.append((time.perf_counter() - began) * 1_000)
    spent = meter.since(before)
    cost = ", ".join(f"{spent[p] * 1_000 / TIMES:.1f} of the {p}" for p in ("server", "database"))
    middle, longest = statistics.median(took), max(took)
    click.echo(f"{what}: {middle:.1f} ms, at most {longest:.1f} (goal: {goal}); ms of CPU: {cost}")


if __name__ == "__main__":
    main()
