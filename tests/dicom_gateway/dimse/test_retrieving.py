"""C-GET and C-MOVE by dcmtk's getscu and movescu, and by pynetdicom."""

from __future__ import annotations

import copy
import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from pydicom import Dataset, dcmread
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless
from pynetdicom import AE, DEFAULT_TRANSFER_SYNTAXES, build_context, build_role, evt
from pynetdicom.sop_class import (
    CTImageStorage,
)
from pynetdicom.sop_class import (
    StudyRootQueryRetrieveInformationModelGet as GET,
)
from pynetdicom.sop_class import (
    StudyRootQueryRetrieveInformationModelMove as MOVE,
)

from conformance.faults.server import wait_until
from conformance.loopback import unused_port
from fhirserver.instances import Wanted
from tests.dicom_gateway.dimse.conftest import Listening
from tests.dicom_gateway.dimse.filed import Filed, file_study, keep
from tests.dicom_gateway.dimse.peers import OURS, an_ae_title, an_instance
from tests.peers.dcmtk import needs, serving

Enter = Callable[..., str]
Run = Callable[..., Any]


@pytest.fixture
def filed(client: FlaskClient, listening: Listening) -> Filed:
    return file_study(client, listening.instances)


def study_keys(filed: Filed) -> Dataset:
    query = Dataset()
    query.QueryRetrieveLevel = "STUDY"
    query.StudyInstanceUID = filed.study
    return query


@contextmanager
def archive(
    title: str, status: Callable[[int], int] = lambda _: 0, syntaxes: Any = None
) -> Iterator[tuple[int, list[Any]]]:
    """A pynetdicom SCP that keeps what it is sent; it answers the n-th with `status(n)`."""
    taken: list[Any] = []

    def take(event: Any) -> int:
        taken.append((event.dataset, event.request))
        return status(len(taken))

    ae = AE(ae_title=title)
    ae.add_supported_context(CTImageStorage, syntaxes or DEFAULT_TRANSFER_SYNTAXES)
    port = unused_port()
    server = ae.start_server(
        ("127.0.0.1", port), block=False, evt_handlers=[(evt.EVT_C_STORE, take)]
    )
    try:
        yield port, taken
    finally:
        server.shutdown()


def move(listening: Listening, title: str, query: Dataset, destination: str) -> list[Any]:
    ae = AE(ae_title=title)
    association = ae.associate("127.0.0.1", listening.port, [build_context(MOVE)], ae_title=OURS)
    assert association.is_established
    answers = list(association.send_c_move(query, destination, MOVE))
    association.release()
    ae.shutdown()
    return answers


def test_getscu_gets_the_datasets_as_they_are_kept(
    listening: Listening, enter: Enter, filed: Filed, run: Run, tmp_path: Path
) -> None:
    title = enter(may=["get"], sees="all")
    folder = tmp_path / "got"
    folder.mkdir()
    query = ["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={filed.study}"]

    got = run("getscu", "-aet", title, "-aec", OURS, "-od", folder, *query,
              "127.0.0.1", listening.port)  # fmt: skip

    assert got.returncode == 0, got.stderr
    found = {d.SOPInstanceUID: d for d in map(dcmread, folder.iterdir())}
    assert {i.SOPInstanceUID for i in filed.images} == set(found)
    for image in filed.images:
        assert found[image.SOPInstanceUID].PixelData == image.PixelData


@needs("storescp")
def test_movescu_has_a_study_sent_to_a_peer_that_is_known_here(
    listening: Listening, enter: Enter, filed: Filed, run: Run, tmp_path: Path
) -> None:
    title, destination, port = enter(may=["move"], sees="all"), an_ae_title(), unused_port()
    enter(destination, port=port)
    folder = tmp_path / "moved"
    folder.mkdir()
    query = ["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={filed.study}"]

    with serving("storescp", "-aet", destination, "-od", str(folder), str(port), port=port):
        moved = run("movescu", "-aet", title, "-aec", OURS, "-aem", destination, *query,
                    "127.0.0.1", listening.port)  # fmt: skip

    assert moved.returncode == 0, moved.stderr
    assert len(list(folder.iterdir())) == 3


def test_an_unknown_destination_is_refused(
    listening: Listening, enter: Enter, filed: Filed
) -> None:
    title = enter(may=["move"], sees="all")

    ((status, _),) = move(listening, title, study_keys(filed), "NOBODY")

    assert status.Status == 0xA801


def test_sub_operations_are_counted_and_the_failed_ones_listed(
    listening: Listening, enter: Enter, filed: Filed
) -> None:
    title, destination = enter(may=["move"], sees="all"), an_ae_title()

    with archive(destination, lambda n: 0xA700 if n == 2 else 0) as (port, taken):
        enter(destination, port=port)
        answers = move(listening, title, study_keys(filed), destination)

    status, failed = answers[-1]
    assert status.Status == 0xB000
    assert (status.NumberOfCompletedSuboperations, status.NumberOfFailedSuboperations) == (2, 1)
    assert failed.FailedSOPInstanceUIDList == taken[1][0].SOPInstanceUID
    assert [s.NumberOfRemainingSuboperations for s, _ in answers[:-1]] == [2, 1]
    assert {r.MoveOriginatorApplicationEntityTitle for _, r in taken} == {title}


def test_a_destination_that_does_not_answer_fails_all(
    listening: Listening, enter: Enter, filed: Filed
) -> None:
    title = enter(may=["move"], sees="all")
    destination = enter(port=unused_port())

    status, failed = move(listening, title, study_keys(filed), destination)[-1]

    assert status.Status == 0xA702
    assert len(failed.FailedSOPInstanceUIDList) == 3


def test_what_the_caller_may_not_see_is_not_sent(
    listening: Listening, enter: Enter, filed: Filed
) -> None:
    title, destination = enter(may=["move"], sees="none"), an_ae_title()

    with archive(destination) as (port, taken):
        enter(destination, port=port)
        ((status, _),) = move(listening, title, study_keys(filed), destination)

    assert (status.Status, status.NumberOfCompletedSuboperations, taken) == (0x0000, 0, [])


def get(
    listening: Listening,
    title: str,
    query: Dataset,
    take: Callable[[Any], int] = lambda _: 0,
    syntaxes: Any = ExplicitVRLittleEndian,
) -> list[Any]:
    contexts = [build_context(GET), build_context(CTImageStorage, syntaxes)]
    ae = AE(ae_title=title)
    association = ae.associate(
        "127.0.0.1",
        listening.port,
        contexts,
        ae_title=OURS,
        ext_neg=[build_role(CTImageStorage, scp_role=True)],
        evt_handlers=[(evt.EVT_C_STORE, take)],
    )
    assert association.is_established
    answers = list(association.send_c_get(query, GET, msg_id=7))
    association.release()
    ae.shutdown()
    return answers


def test_who_takes_only_the_default_transfer_syntax_is_sent_it(
    listening: Listening, enter: Enter, filed: Filed
) -> None:
    title = enter(may=["get"], sees="all")
    taken: list[Dataset] = []

    def take(event: Any) -> int:
        assert event.context.transfer_syntax == ImplicitVRLittleEndian
        taken.append(event.dataset)
        return 0x0000

    answers = get(listening, title, study_keys(filed), take, syntaxes=ImplicitVRLittleEndian)

    status, _ = answers[-1]
    counts = status.NumberOfCompletedSuboperations, status.NumberOfFailedSuboperations
    assert counts == (3, 0)
    kept = {i.SOPInstanceUID: i for i in filed.images}
    for dataset in taken:
        assert dataset.PatientName == kept[dataset.SOPInstanceUID].PatientName
        assert dataset.PixelData == kept[dataset.SOPInstanceUID].PixelData


def test_a_retrieval_ends_between_two_instances_when_it_is_cancelled(
    listening: Listening, enter: Enter, filed: Filed
) -> None:
    def take(event: Any) -> int:
        # On this association it is read before the response to the instance.
        event.assoc.send_c_cancel(7, query_model=GET)
        return 0x0000

    answers = get(listening, enter(may=["get"], sees="all"), study_keys(filed), take)

    ((status, _),) = answers
    assert status.Status == 0xFE00
    counts = status.NumberOfCompletedSuboperations, status.NumberOfRemainingSuboperations
    assert counts == (1, 2)


def test_a_retrieval_that_says_nothing_of_what_is_wanted_is_refused(
    listening: Listening, enter: Enter
) -> None:
    title = enter(may=["move"], sees="all")
    destination = enter(port=unused_port())
    query = Dataset()
    query.QueryRetrieveLevel = "STUDY"
    query.PatientID = "*"

    ((status, _),) = move(listening, title, query, destination)

    assert status.Status == 0xA900


def test_a_damaged_instance_is_never_sent(listening: Listening, enter: Enter, filed: Filed) -> None:
    title, destination = enter(may=["move"], sees="all"), an_ae_title()
    first, *_ = listening.instances.instances(Wanted(studies=[filed.study]))
    path = listening.instances.files.path(first.object)
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)

    with archive(destination) as (port, taken):
        enter(destination, port=port)
        status, failed = move(listening, title, study_keys(filed), destination)[-1]

    assert status.Status == 0xB000
    assert failed.FailedSOPInstanceUIDList == first.uid
    assert first.uid not in {d.SOPInstanceUID for d, _ in taken}


def test_who_cannot_take_a_compressed_syntax_is_sent_it_decoded(
    listening: Listening, enter: Enter, client: FlaskClient
) -> None:
    plain = an_instance(size=64_000, study=f"2.25.{uuid.uuid4().int}")
    pixels = bytes(range(256)) * 250
    plain.PixelData = pixels
    compressed = copy.deepcopy(plain)
    compressed.compress(RLELossless, generate_instance_uid=False)
    keep(listening.instances, [compressed])
    title, destination = enter(may=["move"], sees="all"), an_ae_title()
    query = Dataset()
    query.QueryRetrieveLevel = "STUDY"
    query.StudyInstanceUID = plain.StudyInstanceUID
    explicit = [ExplicitVRLittleEndian]

    with archive(destination, syntaxes=explicit) as (port, taken):
        enter(destination, port=port)
        status, _ = move(listening, title, query, destination)[-1]

    assert (status.Status, status.NumberOfCompletedSuboperations) == (0x0000, 1)
    ((dataset, _),) = taken
    assert dataset.PixelData == pixels
    assert dataset.SOPInstanceUID == plain.SOPInstanceUID


def test_a_destination_that_takes_only_the_default_transfer_syntax_is_sent_it(
    listening: Listening, enter: Enter, filed: Filed
) -> None:
    title, destination = enter(may=["move"], sees="all"), an_ae_title()

    with archive(destination, syntaxes=[ImplicitVRLittleEndian]) as (port, taken):
        enter(destination, port=port)
        status, _ = move(listening, title, study_keys(filed), destination)[-1]

    assert (status.Status, status.NumberOfCompletedSuboperations) == (0x0000, 3)
    assert {d.SOPInstanceUID for d, _ in taken} == {i.SOPInstanceUID for i in filed.images}


def test_queries_and_retrievals_are_on_record(
    client: FlaskClient, listening: Listening, enter: Enter, filed: Filed, run: Run, tmp_path: Path
) -> None:
    title = enter(may=["find", "get"], sees="all")
    folder = tmp_path / "got"
    folder.mkdir()
    query = ["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={filed.study}"]
    ours = ["-aet", title, "-aec", OURS]

    run("findscu", *ours, *query, "127.0.0.1", listening.port)
    run("getscu", *ours, "-od", folder, *query, "127.0.0.1", listening.port)

    def is_told() -> bool:
        page = client.get(f"/fhir/AuditEvent?entity=ImagingStudy/{filed.imaging_study}").json
        return all(name in json.dumps(page) for name in ("dicom-find", "dicom-get"))

    wait_until(is_told, 60, "both are on record")
