"""Peers and what they send."""

from __future__ import annotations

import io
import itertools
import socket
import uuid
from pathlib import Path
from typing import Any

from pydicom import Dataset, FileDataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid
from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.pdu import A_ASSOCIATE_RQ
from pynetdicom.pdu_primitives import A_ASSOCIATE
from pynetdicom.presentation import build_context

from dicom_gateway.dimse import negotiating, pdus

EXTENSION = "https://fhirserver.example/StructureDefinition/dicom-peer"
CT = "1.2.840.10008.5.1.4.1.1.2"
OURS = "FHIRSERVER"

_numbers = itertools.count(1)


def an_ae_title() -> str:
    return f"T{uuid.uuid4().hex[:14].upper()}"


def an_endpoint(
    ae_title: str,
    *,
    may: list[str] | None = None,
    port: int | None = None,
    tls: bool = False,
    **members: str | list[str],
) -> dict[str, Any]:
    """An Endpoint as docs/integrator/dicom.md has it."""
    said = {"ae-title": ae_title, "may": may or [], **members}
    parts = [
        {"url": name.replace("_", "-"), "valueString": one}
        for name, value in said.items()
        for one in ([value] if isinstance(value, str) else value)
    ]
    scheme = "dicoms" if tls else "dicom"
    return {
        "resourceType": "Endpoint",
        "status": "active",
        "connectionType": {
            "system": "https://fhirserver.example/CodeSystem/endpoint-connection-type",
            "code": "dicom-dimse",
        },
        "payloadType": [{"text": "DICOM"}],
        "address": f"{scheme}:" if port is None else f"{scheme}://127.0.0.1:{port}",
        "extension": [{"url": EXTENSION, "extension": parts}],
    }


def an_instance(*, size: int = 2_000, study: str | None = None, **changed: Any) -> FileDataset:
    """A CT image with so many bytes of pixels (thousands), of a study of its own."""
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = CT
    dataset.SOPInstanceUID = generate_uid()
    dataset.StudyDate = "20261129"
    dataset.Modality = "CT"
    dataset.PatientName = "Doe^Jane"
    dataset.PatientID = f"P{next(_numbers)}"
    dataset.StudyInstanceUID = study or generate_uid()
    dataset.SeriesInstanceUID = generate_uid(entropy_srcs=[dataset.StudyInstanceUID])
    dataset.InstanceNumber = next(_numbers)
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows, dataset.Columns = size // 1_000, 500
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation = 15, 0
    dataset.PixelData = bytes(size)
    for keyword, value in changed.items():
        setattr(dataset, keyword, value)
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    made = FileDataset(None, dataset, file_meta=meta, preamble=b"\0" * 128)
    made._read_implicit, made._read_little = False, True
    return made


def bytes_of(instance: Dataset) -> bytes:
    """The dataset, without the head of a file."""
    buffer = io.BytesIO()
    plain = Dataset({e.tag: e for e in instance if e.tag.group != 2})
    dcmwrite(buffer, plain, implicit_vr=False, little_endian=True, enforce_file_format=False)
    return buffer.getvalue()


def written(instance: FileDataset, folder: Path) -> Path:
    """A file of it."""
    path = folder / f"{instance.SOPInstanceUID}.dcm"
    instance.save_as(path, enforce_file_format=True)
    return path


def associate(
    port: int,
    ae_title: str,
    *contexts: tuple[str, list[str]] | str,
    called: str = OURS,
    **more: Any,
) -> Association:
    """pynetdicom's SCU, associated or not."""
    ae = AE(ae_title=ae_title)
    ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = 60
    for context in contexts or (CT,):
        if isinstance(context, str):
            ae.add_requested_context(context, ExplicitVRLittleEndian)
        else:
            ae.add_requested_context(*context)
    return ae.associate("127.0.0.1", port, ae_title=called, **more)


def a_proposal(
    ae_title: str,
    contexts: tuple[tuple[str, list[str]], ...],
    *items: Any,
    called: str = OURS,
) -> bytes:
    """An A-ASSOCIATE-RQ; `items` are further ones of the user information."""
    primitive = A_ASSOCIATE()
    primitive.application_context_name = negotiating.APPLICATION_CONTEXT
    primitive.calling_ae_title = ae_title
    primitive.called_ae_title = called
    proposed = []
    for id_, (abstract_syntax, transfer_syntaxes) in enumerate(contexts):
        context = build_context(abstract_syntax, transfer_syntaxes)
        context.context_id = 2 * id_ + 1
        proposed.append(context)
    primitive.presentation_context_definition_list = proposed
    primitive.user_information = [*negotiating.ourselves(), *items]
    unit = A_ASSOCIATE_RQ()
    unit.from_primitive(primitive)
    return unit.encode()


def raw_association(
    port: int,
    ae_title: str,
    abstract_syntaxes: tuple[str, ...],
    *,
    transfer_syntax: str = ExplicitVRLittleEndian,
) -> socket.socket:
    """A socket with an association on it, for what no library would send."""
    connection = socket.create_connection(("127.0.0.1", port), 60)
    contexts = tuple((uid, [transfer_syntax]) for uid in abstract_syntaxes)
    connection.sendall(a_proposal(ae_title, contexts))
    kind, length = pdus.HEAD.unpack(received(connection, pdus.HEAD.size))
    received(connection, length)
    assert kind == pdus.ASSOCIATE_AC
    return connection


def received(connection: socket.socket, count: int) -> bytes:
    """So many bytes."""
    got = b""
    while len(got) < count:
        piece = connection.recv(count - len(got))
        assert piece, "the connection has been closed"
        got += piece
    return got
