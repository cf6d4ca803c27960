"""Slices of a CT as a scanner makes them: a disc that grows from slice to slice."""

from __future__ import annotations

import io
import uuid

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from conformance.faults.client import Client, Resource
from conformance.faults.server import wait_until

MRN = "https://fhirserver.example/mrn"
SLICES = 6
PATIENT_MS = 120_000
"""Images are stored, filed and decoded by machines ten times slower than ours."""


def uid() -> str:
    return f"2.25.{uuid.uuid4().int}"


def a_slice(series: str, number: int) -> Dataset:
    """A slice, number 1 the first, that says nothing yet of its patient and study."""
    y, x = np.mgrid[-32:32, -32:32]
    pixels = np.where(x**2 + y**2 < (8 + 3 * number) ** 2, 60, -1000).astype("<i2")
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = CTImageStorage
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = uid()
    made.SpecificCharacterSet = "ISO_IR 192"
    made.SeriesInstanceUID = made.FrameOfReferenceUID = series
    made.StudyID, made.Modality, made.SeriesDescription = "1", "CT", "Axial"
    made.SeriesNumber, made.InstanceNumber = 1, number
    made.ImagePositionPatient = [0, 0, 5 * number]
    made.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    made.PixelSpacing, made.SliceThickness = [0.5, 0.5], 5
    made.Rows = made.Columns = 64
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated = made.BitsStored = 16
    made.HighBit, made.PixelRepresentation = 15, 1
    made.RescaleIntercept, made.RescaleSlope, made.RescaleType = 0, 1, "HU"
    made.WindowCenter, made.WindowWidth = 40, 400
    made.PixelData = pixels.tobytes()
    return made


def a_file(made: Dataset) -> bytes:
    content = io.BytesIO()
    made.save_as(content, enforce_file_format=True)
    return content.getvalue()


def ct(
    patient: Resource, study: str, series: str, number: int, date: str, description: str
) -> bytes:
    """A slice of a CT of a patient."""
    return of(a_slice(series, number), patient, study, date, description)


def of(made: Dataset, patient: Resource, study: str, date: str, description: str) -> bytes:
    """An image as the file of a patient and a study."""
    name = patient["name"][0]
    made.PatientName = f"{name['family']}^{name['given'][0]}"
    made.PatientID = next(i["value"] for i in patient["identifier"] if i["system"] == MRN)
    qualifier = Dataset()
    qualifier.UniversalEntityID, qualifier.UniversalEntityIDType = MRN, "URI"
    made.IssuerOfPatientIDQualifiersSequence = [qualifier]
    made.PatientBirthDate = patient["birthDate"].replace("-", "")
    made.PatientSex = {"male": "M", "female": "F"}.get(patient["gender"], "O")
    made.StudyInstanceUID, made.StudyDescription = study, description
    made.AccessionNumber = ""
    made.StudyDate, made.StudyTime = date, "083000"
    return a_file(made)


def studied(patient: Resource, date: str, description: str = "CT head") -> list[bytes]:
    """The files of a CT."""
    study, series = uid(), uid()
    return [ct(patient, study, series, n, date, description) for n in range(1, SLICES + 1)]


def stored(client: Client, port: int, files: list[bytes]) -> None:
    """By STOW-RS, with the rights of the client."""
    boundary = "a-boundary-of-the-tests"
    parts = [
        f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode() + file + b"\r\n"
        for file in files
    ]
    kind = f'multipart/related; type="application/dicom"; boundary={boundary}'
    answer = client.send(
        "POST",
        f"http://127.0.0.1:{port}/dicom-web/studies",
        b"".join([*parts, f"--{boundary}--\r\n".encode()]),
        Content_Type=kind,
        Accept="application/dicom+json",
    )
    assert answer.status == 200, answer.says


def found(client: Client, query: str) -> list[Resource]:
    """The resources of a search."""
    answer = client.send("GET", query)
    assert answer.status == 200, answer.says
    return [entry["resource"] for entry in answer.json.get("entry", ())]


def filed(client: Client, port: int) -> Resource:
    """The ImagingStudy of a new CT of somebody whose images the client may see."""
    patient = found(client, f"Patient?_count=1&gender=male,female&identifier={MRN}%7C")[0]
    query = f"ImagingStudy?patient={patient['id']}&_count=200"
    before = {one["id"] for one in found(client, query)}
    stored(client, port, studied(patient, "20260601", "CT neck"))

    def new() -> list[Resource]:
        return [one for one in found(client, query) if one["id"] not in before]

    wait_until(new, PATIENT_MS / 1000, "the ImagingStudy is there")
    return new()[0]
