"""DICOM files made for tests, and requests that carry them."""

from __future__ import annotations

import io
from typing import Any

import numpy
from flask.testing import FlaskClient
from pydicom import dcmwrite
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from dicom_gateway.web.multipart import new_boundary, parts

CT = "1.2.840.10008.5.1.4.1.1.2"


def an_image(study: str | None = None, series: str | None = None, **attributes: Any) -> Dataset:
    """A small CT slice of its own."""
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SpecificCharacterSet = "ISO_IR 192"
    made.SOPClassUID, made.SOPInstanceUID = CT, generate_uid()
    made.StudyInstanceUID, made.SeriesInstanceUID = (
        study or generate_uid(),
        series or generate_uid(),
    )
    made.StudyDate, made.StudyTime, made.Modality = "20260105", "101500", "CT"
    made.PatientName, made.PatientID = "Müller^Grete", "P-17"
    made.PatientBirthDate, made.PatientSex = "19700203", "F"
    made.SeriesNumber, made.InstanceNumber = 1, 1
    made.Rows, made.Columns, made.SamplesPerPixel = 64, 64, 1
    made.PhotometricInterpretation = "MONOCHROME2"
    made.BitsAllocated = made.BitsStored = 16
    made.HighBit, made.PixelRepresentation = 15, 0
    for name, value in attributes.items():
        setattr(made, name, value)
    frames = int(made.get("NumberOfFrames", 1))
    if "PixelData" not in made:
        made.PixelData = (numpy.arange(frames * 4096, dtype="<u2") * 3).tobytes()
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    return made


def file_of(dataset: Dataset) -> bytes:
    """The dataset as a file."""
    out = io.BytesIO()
    dcmwrite(out, dataset, enforce_file_format=True)
    return out.getvalue()


def body_of(files: list[bytes], inner: str = "application/dicom") -> tuple[bytes, str]:
    """A multipart of files, and its Content-Type."""
    boundary = new_boundary()
    body = b"".join(boundary.joined([({"Content-Type": inner}, [f]) for f in files]))
    return body, boundary.content_type(inner)


def store(web: FlaskClient, *datasets: Dataset) -> Any:
    """Store datasets; the answer."""
    body, content_type = body_of([file_of(d) for d in datasets])
    return web.post("/dicom-web/studies", data=body, content_type=content_type)


def path_of(dataset: Dataset) -> str:
    """The address of an instance."""
    return (
        f"/dicom-web/studies/{dataset.StudyInstanceUID}/series/{dataset.SeriesInstanceUID}"
        f"/instances/{dataset.SOPInstanceUID}"
    )


def read_parts(answer: Any) -> list[tuple[dict[str, str], bytes]]:
    """The parts of an answer."""
    boundary = answer.content_type.partition("boundary=")[2]
    source = io.BytesIO(answer.data)
    return [(dict(p.headers), b"".join(p.pieces())) for p in parts(source.read, boundary)]
