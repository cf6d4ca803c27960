"""Studies in the record, with their ImagingStudy, put there without an association."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from pydicom import FileDataset
from pydicom.uid import generate_uid

from dicom_gateway.datasets import facts, read_file_head
from fhirserver.instances import Arrival, Instances
from tests.answers import done
from tests.dicom_gateway import orders
from tests.dicom_gateway.dimse.peers import an_instance


@dataclass(frozen=True)
class Filed:
    """A study of ours."""

    study: str
    patient_id: str
    imaging_study: str
    images: list[FileDataset]


def keep(instances: Instances, datasets: list[FileDataset], sender: str = "") -> None:
    """Into the record, as it would come."""
    arrivals = []
    for dataset in datasets:
        buffer = io.BytesIO()
        dataset.save_as(buffer, enforce_file_format=True)
        raw = buffer.getvalue()
        meta, at = read_file_head(raw)
        known = facts(raw[at:], meta.transfer_syntax, complete=True)
        upload = instances.begin()
        upload.write(raw[:at])
        upload.dataset_begins()
        upload.write(raw[at:])
        upload.close()
        arrivals.append(Arrival(upload, known, sender=sender, source="file"))
    instances.keep(arrivals)


def file_study(client: FlaskClient, instances: Instances, **changed: Any) -> Filed:
    """A CT series of two instances and an MR series of one, of one patient."""
    number = orders.unique()
    study = generate_uid()
    patient = done(client.post("/fhir/Patient", json=orders.a_patient(number)), 201)
    told = {
        "PatientID": number,
        "PatientName": "Müller^Zoë",
        "PatientSex": "F",
        "StudyDescription": "Thorax nativ",
        "AccessionNumber": "A1",
        "StudyTime": "101500",
        **changed,
    }
    images = [
        an_instance(study=study, Modality=modality, **told) for modality in ("CT", "CT", "MR")
    ]
    for at, image in enumerate(images):
        image.InstanceNumber = at % 2 + 1
        image.SeriesInstanceUID = generate_uid(entropy_srcs=[study, image.Modality])
    keep(instances, images)
    imaging_study = {
        "resourceType": "ImagingStudy",
        "identifier": [{"system": "urn:dicom:uid", "value": f"urn:oid:{study}"}],
        "status": "available",
        "subject": orders.reference(patient),
    }
    made = done(client.post("/fhir/ImagingStudy", json=imaging_study), 201)
    instances.assign(study, imaging_study=made["id"], patient=patient["id"])
    return Filed(study, number, made["id"], images)
