"""C-STORE by real senders, and by bad ones."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import urllib.request
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.uid import generate_uid

from conformance.faults.server import wait_until
from conformance.loopback import unused_port
from dicom_gateway.dimse import command as commands
from dicom_gateway.dimse import pdus
from dicom_gateway.dimse.command import FIELD
from fhirserver.embedded.roles import listens
from tests.dicom_gateway.dimse.conftest import Listen, Listening
from tests.dicom_gateway.dimse.peers import (
    CT,
    OURS,
    an_instance,
    associate,
    bytes_of,
    raw_association,
    received,
    written,
)
from tests.dicom_gateway.written import SHARED, needs_shared


def dataset_of(listening: Listening, uid: str) -> bytes:
    kept = listening.instances.instance(uid)
    assert kept is not None
    return b"".join(listening.instances.read(kept, kept.dataset_at))


@pytest.mark.parametrize("environment", [{}, {"TCP_NODELAY": "1"}], ids=["Nagle", "no delay"])
def test_what_storescu_sends_is_kept_as_it_came(
    listening: Listening, sender: str, run, tmp_path: Path, environment: dict[str, str]
) -> None:
    instances = [an_instance(size=size) for size in (1_000, 50_000, 600_000)]
    for instance in instances:
        written(instance, tmp_path)

    done = run(
        *("storescu", "-aet", sender, "-aec", OURS, "+sd", "127.0.0.1", listening.port, tmp_path),
        **environment,
    )

    assert done.returncode == 0, done.stderr
    for instance in instances:
        kept = listening.instances.instance(instance.SOPInstanceUID)
        assert kept is not None
        assert kept.caller == sender
        assert listening.instances.check(kept) == "whole"
        assert dcmread(_file(listening, instance.SOPInstanceUID, tmp_path)) == instance


def _file(listening: Listening, uid: str, folder: Path) -> Path:
    """The file that is kept."""
    path = folder / f"kept-{uid}"
    kept = listening.instances.instance(uid)
    assert kept is not None
    path.write_bytes(b"".join(listening.instances.read(kept)))
    return path


def test_echoscu_is_answered(listening: Listening, sender: str, run) -> None:
    done = run("echoscu", "-aet", sender, "-aec", OURS, "127.0.0.1", listening.port)

    assert done.returncode == 0, done.stderr


def test_termscu_ends_an_association_for_good(listening: Listening, sender: str, run) -> None:
    run("termscu", "-aet", sender, "-aec", OURS, "127.0.0.1", listening.port)

    association = associate(listening.port, sender, "1.2.840.10008.1.1")
    assert association.send_c_echo().Status == 0
    association.release()


def test_what_pynetdicom_sends_is_kept(listening: Listening, sender: str) -> None:
    instance = an_instance()

    association = associate(listening.port, sender)
    status = association.send_c_store(instance)
    association.release()

    assert status.Status == 0x0000
    assert dataset_of(listening, instance.SOPInstanceUID) == bytes_of(instance)


def test_what_orthanc_sends_is_kept(listening: Listening, enter, tmp_path: Path) -> None:
    program = shutil.which("Orthanc")
    if program is None:
        pytest.skip("Orthanc isn't installed")
    title, http, instance = enter(may=["store"]), unused_port(), an_instance(size=30_000)
    configuration = tmp_path / "orthanc.json"
    configuration.write_text(
        json.dumps(
            {
                "StorageDirectory": str(tmp_path / "storage"),
                "IndexDirectory": str(tmp_path / "storage"),
                "HttpPort": http,
                "DicomPort": unused_port(),
                "DicomAet": title,
                "RemoteAccessAllowed": False,
                "AuthenticationEnabled": False,
                "DicomModalities": {"ours": [OURS, "127.0.0.1", listening.port]},
                "Plugins": [],
            }
        )
    )
    with (tmp_path / "orthanc.log").open("wb") as log:
        orthanc = subprocess.Popen([program, str(configuration)], stdout=log, stderr=log)
    try:
        wait_until(listens("127.0.0.1", http), 120, "Orthanc is there")
        taken = _ask(http, "/instances", written(instance, tmp_path).read_bytes())
        stored = _ask(http, "/modalities/ours/store", taken["ID"].encode())
    finally:
        orthanc.terminate()
        orthanc.wait(60)

    assert stored["FailedInstancesCount"] == 0
    assert dcmread(_file(listening, instance.SOPInstanceUID, tmp_path)) == instance


def _ask(port: int, path: str, body: bytes) -> dict[str, object]:
    with urllib.request.urlopen(
        urllib.request.Request(f"http://127.0.0.1:{port}{path}", body), timeout=60
    ) as answer:
        found: dict[str, object] = json.load(answer)
    return found


def test_the_same_instance_again_is_a_success_and_no_second_one(
    listening: Listening, sender: str
) -> None:
    instance = an_instance()

    for _ in range(2):
        association = associate(listening.port, sender)
        assert association.send_c_store(instance).Status == 0x0000
        assert association.send_c_store(instance).Status == 0x0000
        association.release()

    study = listening.instances.study(instance.StudyInstanceUID)
    assert study is not None
    assert study.instances == 1


def test_the_same_instance_with_other_bytes_leaves_the_first_visible(
    listening: Listening, sender: str
) -> None:
    instance = an_instance()
    first = bytes_of(instance)

    association = associate(listening.port, sender)
    assert association.send_c_store(instance).Status == 0x0000
    instance.StudyDate = "20261130"
    assert association.send_c_store(instance).Status == 0x0000
    association.release()

    assert dataset_of(listening, instance.SOPInstanceUID) == first


@pytest.mark.parametrize("element", ["AffectedSOPClassUID", "AffectedSOPInstanceUID"])
def test_a_dataset_that_is_another_than_the_command_says_is_refused(
    listening: Listening, sender: str, element: str
) -> None:
    instance = an_instance()
    named = {"AffectedSOPClassUID": CT, "AffectedSOPInstanceUID": instance.SOPInstanceUID}
    named[element] = generate_uid()
    context = 1 if element == "AffectedSOPInstanceUID" else 3

    with raw_association(listening.port, sender, (CT, named["AffectedSOPClassUID"])) as connection:
        status = _stored(connection, context, named, bytes_of(instance))

    assert status == 0xA900
    assert listening.instances.instance(instance.SOPInstanceUID) is None


@pytest.mark.parametrize(
    "dataset",
    [
        b"",
        b"\0" * 8,
        b"nothing of DICOM at all" * 100,
        bytes_of(an_instance())[:200],
        bytes_of(an_instance(study="1.2.3.4.5.6")).replace(b"1.2.3.4.5.6\0", b"1/../../../\0"),
    ],
    ids=["nothing", "zeros", "text", "cut off", "a path"],
)
def test_what_is_no_dataset_is_refused_and_the_association_goes_on(
    listening: Listening, sender: str, dataset: bytes
) -> None:
    instance = an_instance()
    named = {"AffectedSOPClassUID": CT, "AffectedSOPInstanceUID": instance.SOPInstanceUID}

    with raw_association(listening.port, sender, (CT,)) as connection:
        refused = _stored(connection, 1, named, dataset)
        then = _stored(connection, 1, named, bytes_of(instance))

    assert refused == 0xC000
    assert then == 0x0000


def _stored(connection: socket.socket, context: int, named: dict[str, str], dataset: bytes) -> int:
    """The status that a C-STORE is answered with."""
    command = {**named, "CommandField": FIELD["C-STORE"], "MessageID": 1, "Priority": 0}
    raw = commands.encoded({**command, "CommandDataSetType": 1})
    connection.sendall(pdus.command(context, raw, 16_384))
    for unit in pdus.dataset(context, [dataset], 16_384):
        connection.sendall(unit)
    head = received(connection, 6)
    kind, length = pdus.HEAD.unpack(head)
    assert kind == pdus.P_DATA
    answer = commands.decoded(received(connection, length)[6:])
    return commands.number(answer, "Status")


def test_an_instance_that_is_longer_than_the_limit_is_refused(listen: Listen, sender: str) -> None:
    listening = listen(dicom_max_instance_bytes=100_000)
    large, small = an_instance(size=150_000), an_instance()

    association = associate(listening.port, sender)
    statuses = [association.send_c_store(i).Status for i in (large, small)]
    association.release()

    assert statuses == [0xA700, 0x0000]
    assert listening.instances.instance(large.SOPInstanceUID) is None


def test_nothing_of_a_dataset_stays_when_its_association_ends_in_the_middle(
    listening: Listening, sender: str
) -> None:
    instance = an_instance(size=600_000)
    named = {"AffectedSOPClassUID": CT, "AffectedSOPInstanceUID": instance.SOPInstanceUID}
    raw = commands.encoded(
        {**named, "CommandField": FIELD["C-STORE"], "MessageID": 1, "CommandDataSetType": 1}
    )
    units = list(pdus.dataset(1, [bytes_of(instance)], 16_384))

    for ending in (b"", pdus.abort(pdus.BY_USER), pdus.RELEASE, b"\xff" * 20):
        with raw_association(listening.port, sender, (CT,)) as connection:
            connection.sendall(pdus.command(1, raw, 16_384) + b"".join(units[:-3]) + ending)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65_536):
                pass

    assert listening.instances.instance(instance.SOPInstanceUID) is None
    wait_until(lambda: not _files(listening), 30, "no file is left")


def _files(listening: Listening) -> list[Path]:
    return [p for p in listening.instances.files.root.rglob("*") if p.is_file()]


def test_a_dataset_in_the_smallest_pieces_is_put_together(
    listening: Listening, sender: str
) -> None:
    instance = an_instance()
    named = {"AffectedSOPClassUID": CT, "AffectedSOPInstanceUID": instance.SOPInstanceUID}
    raw = commands.encoded(
        {**named, "CommandField": FIELD["C-STORE"], "MessageID": 1, "CommandDataSetType": 1}
    )
    stream = b"".join(
        (
            b"".join(pdus._units(1, pdus.IS_COMMAND, [raw], 8)),
            b"".join(pdus._units(1, 0, [bytes_of(instance)], 9)),
        )
    )

    with raw_association(listening.port, sender, (CT,)) as connection:
        for at in range(0, len(stream), 997):
            connection.sendall(stream[at : at + 997])
        _, length = pdus.HEAD.unpack(received(connection, 6))
        answer = commands.decoded(received(connection, length)[6:])

    assert answer["Status"] == 0x0000
    assert answer["AffectedSOPInstanceUID"] == instance.SOPInstanceUID
    assert dataset_of(listening, instance.SOPInstanceUID) == bytes_of(instance)


@needs_shared
def test_every_collected_file_that_can_be_sent_is_stored_or_refused(
    listening: Listening, sender: str
) -> None:
    """What is stored is the dataset as it came; nothing ends the association."""
    outcomes: dict[str, int] = {}
    for path in sorted(SHARED.rglob("*")):
        sent = _sendable(path) if path.is_file() else None
        if sent is None:
            continue
        sop_class, instance, transfer_syntax, dataset = sent
        connection = raw_association(
            listening.port, sender, (sop_class,), transfer_syntax=transfer_syntax
        )
        named = {"AffectedSOPClassUID": sop_class, "AffectedSOPInstanceUID": instance}
        with connection:
            status = _stored(connection, 1, named, dataset)
        outcomes[f"{path.relative_to(SHARED)}"] = status
        if status == 0x0000:
            kept = listening.instances.instance(instance)
            assert kept is not None, path

    assert len(outcomes) > 250
    assert set(outcomes.values()) <= {0x0000, 0xA900, 0xC000}
    assert sum(not s for s in outcomes.values()) > 0.8 * len(outcomes)


def _sendable(path: Path) -> tuple[str, str, str, bytes] | None:
    """What an SCU would send of a file; None for one without what a C-STORE has to say."""
    from dicom_gateway.datasets import NeedMore, Unreadable, read_file_head
    from dicom_gateway.dimse.storage_classes import is_storage

    raw = path.read_bytes()
    try:
        meta, at = read_file_head(raw)
    except (Unreadable, NeedMore):
        return None
    if not (meta.sop_class and meta.instance and is_storage(meta.sop_class)):
        return None
    return meta.sop_class, meta.instance, meta.transfer_syntax, raw[at:]
