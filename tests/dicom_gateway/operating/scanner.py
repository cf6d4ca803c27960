"""A sender of images for tests: patients and orders on the server, images in the record."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from typing import Any

from pydicom import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

from dicom_gateway.datasets import facts, file_head
from dicom_gateway.mapping.identifiers import uid_identifier
from dicom_gateway.operating.in_step import InStep
from dicom_gateway.operating.questions import answered, is_open, reasons_of, task_id
from dicom_gateway.partners import CONNECTION_TYPE, Directory
from dicom_gateway.partners.members import EXTENSION
from dicom_gateway.reactions import patients_and_orders, studies
from fhirserver import clock, ids, queues
from fhirserver.access.principal import Principal, scopes
from fhirserver.engine import Engine
from fhirserver.instances import Arrival, Instances
from fhirserver.interactions.messages import FhirRequest
from fhirserver.model import json
from fhirserver.model.resource import Resource
from fhirserver.queues import Item
from fhirserver.reactions import Reader
from fhirserver.reactions.looking import looked_up
from fhirserver.reactions.relay import relay
from fhirserver.storage.database import Database

DOCTOR = Principal("doctor", scopes("system/*.cruds"))
CT = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
JANE: dict[str, Any] = {
    "name": [{"family": "Doe", "given": ["Jane"]}],
    "birthDate": "1970-02-03",
    "gender": "female",
}


def new_uid() -> str:
    return f"2.25.{int.from_bytes(os.urandom(14))}"


class Scanner:
    """A scanner whose patient ids have a system of their own, and the ward around it."""

    def __init__(self, engine: Engine, record: Instances) -> None:
        self.engine, self.record = engine, record
        self.name = ids.new()
        self.system = f"http://{self.name}.example/mrn"
        self.other_system = f"http://{self.name}.example/other"
        self.accessions = f"http://{self.name}.example/accession"
        self.mrn = f"M{ids.new()[-12:]}"
        self.study = new_uid()
        self.in_step = InStep(engine, record, Directory(lambda _: [self.endpoint()]))
        self._reader: Reader | None = None

    def endpoint(self) -> Resource:
        """Its entry: see docs/integrator/dicom.md."""

        def member(url: str, value: str, kind: str = "String") -> Resource:
            return {"url": url, f"value{kind}": value}

        issuer = {
            "url": "issuer",
            "extension": [member("name", "OTHER"), member("system", self.other_system, "Uri")],
        }
        return {
            "resourceType": "Endpoint",
            "id": self.name,
            "status": "active",
            "name": "CT of the tests",
            "connectionType": {"code": CONNECTION_TYPE},
            "address": "dicom://",
            "extension": [
                {
                    "url": EXTENSION,
                    "extension": [
                        member("ae-title", "CT1"),
                        member("patient-system", self.system, "Uri"),
                        member("accession-system", self.accessions, "Uri"),
                        issuer,
                    ],
                }
            ],
        }

    # What is on the server.

    def create(self, resource: Resource) -> Resource:
        answer = self.engine.handle(
            FhirRequest("create", DOCTOR, type=resource["resourceType"], body=resource,
                        prefer_return="representation")
        )  # fmt: skip
        return json.parse_object(answer.content or b"{}")

    def update(self, resource: Resource) -> Resource:
        answer = self.engine.handle(
            FhirRequest("update", DOCTOR, type=resource["resourceType"], id=resource["id"],
                        body=resource, prefer_return="representation")
        )  # fmt: skip
        return json.parse_object(answer.content or b"{}")

    def patient(self, mrn: str = "", system: str = "", **elements: Any) -> Resource:
        """A Patient, Jane Doe if nothing else is said."""
        identifier = {"system": system or self.system, "value": mrn or self.mrn}
        return self.create(
            {"resourceType": "Patient", "identifier": [identifier], **JANE, **elements}
        )

    def order(self, patient: Resource, accession: str, **elements: Any) -> Resource:
        return self.create(
            {
                "resourceType": "ServiceRequest",
                "identifier": [{"system": self.accessions, "value": accession}],
                "status": "active",
                "intent": "order",
                "code": {"text": "CT of the chest"},
                "subject": {"reference": f"Patient/{patient['id']}"},
                **elements,
            }
        )

    def merge(self, source: Resource, target: Resource) -> None:
        self._operation("merge", {"source-patient": source, "target-patient": target})

    def unmerge(self, source: Resource) -> None:
        self._operation("merge-undo", {"source-patient": source})

    def _operation(self, name: str, patients: dict[str, Resource]) -> None:
        parts = [
            {"name": n, "valueReference": {"reference": f"Patient/{p['id']}"}}
            for n, p in patients.items()
        ]
        self.engine.handle(
            FhirRequest("operation", DOCTOR, type="Patient", operation=name, is_post=True,
                        body={"resourceType": "Parameters", "parameter": parts})
        )  # fmt: skip

    # What it sends.

    def send(self, *numbers: int, series: int = 1, **attributes: Any) -> None:
        """Slices with these numbers of a series of its study, kept in one transaction."""
        self.record.keep([self.arrival(n, series, **attributes) for n in numbers or (1,)])

    def arrival(self, number: int, series: int = 1, **attributes: Any) -> Arrival:
        told: dict[str, Any] = {
            "SOPClassUID": CT,
            "StudyInstanceUID": self.study,
            "SeriesInstanceUID": f"{self.study}.{series}",
            "SOPInstanceUID": f"{self.study}.{series}.{number}",
            "Modality": "CT",
            "StudyDate": "20260215",
            "PatientID": self.mrn,
            "PatientName": "Doe^Jane",
            "PatientBirthDate": "19700203",
            "PatientSex": "F",
            "SeriesNumber": series,
            "InstanceNumber": number,
        }
        dataset = Dataset()
        for name, value in (told | attributes).items():
            setattr(dataset, name, value)
        return self.arriving(dataset)

    def arriving(self, dataset: Dataset) -> Arrival:
        """A dataset of pydicom as it comes from this scanner."""
        buffer = DicomBytesIO()
        buffer.is_little_endian, buffer.is_implicit_VR = True, False
        write_dataset(buffer, dataset)
        written = buffer.getvalue()
        known = facts(written, EXPLICIT, complete=True)
        upload = self.record.begin()
        upload.write(file_head(known))
        upload.dataset_begins()
        upload.write(written)
        upload.close()
        return Arrival(upload, known, sender=self.name, caller="CT1")

    # What the worker does.

    def settle(self) -> None:
        """What the worker does when the study has been quiet."""
        study = Item(0, "dicom", self.study, {"study": self.study}, clock.now(), 1)
        studies.react(self.in_step, study, timedelta(0))

    def begin_to_watch(self) -> None:
        self._reader = Reader(f"dicom-{ids.new()}", patients_and_orders.chosen)
        queues.begin(self._database, self._reader.name)

    def react(self) -> None:
        """What the worker does about everything that was written since."""
        assert self._reader is not None
        for _ in range(200):
            relay(self._database, self._reader)
            behind = [b for b in queues.behind(self._database) if b.name == self._reader.name]
            worked = queues.work(
                self._database,
                patients_and_orders.TOPIC,
                lambda item: patients_and_orders.react(self.in_step, item),
                seconds=30,
            )
            if not worked and not any(b.changes for b in behind):
                return
            time.sleep(0.02)
        raise AssertionError("it never comes to an end")

    def stop_to_watch(self) -> None:
        if self._reader is not None:
            queues.forget(self._database, self._reader.name)
        for topic in (patients_and_orders.TOPIC, "dicom"):
            self._database.write("DELETE FROM queue.item WHERE topic = %s", (topic,))

    @property
    def _database(self) -> Database:
        return self.engine.context.store.database

    # What came of it.

    def imaging_study(self) -> Resource:
        [found] = self.all_of("ImagingStudy")
        return found

    def all_of(self, resource_type: str) -> list[Resource]:
        identifier = uid_identifier(self.study)
        query = ("identifier", f"{identifier['system']}|{identifier['value']}")
        return looked_up(self.engine, resource_type, query)

    def task(self) -> Resource | None:
        return next(iter(looked_up(self.engine, "Task", ("_id", task_id(self.study)))), None)

    def reasons(self) -> list[str]:
        """Why it is asked whose the study is; empty when it isn't."""
        task = self.task()
        return reasons_of(task) if is_open(task) and task else []

    def answer(self, patient: Resource) -> None:
        """Somebody says whose the study is."""
        task = self.task()
        assert task is not None
        self.update(answered(task, patient["id"]))

    def is_of(self, patient: Resource) -> bool:
        """Whether the ImagingStudy and the record say that the study is this patient's."""
        row = self.record.study(self.study)
        assert row is not None
        subject = self.imaging_study()["subject"]
        return (
            subject.get("reference") == f"Patient/{patient['id']}" and row.patient == patient["id"]
        )

    def is_nobodys(self) -> bool:
        row = self.record.study(self.study)
        assert row is not None
        return "reference" not in self.imaging_study()["subject"] and row.patient is None

    def step(self, uid: str) -> list[Dataset]:
        """A performed procedure step, as images refer to it."""
        item = Dataset()
        item.ReferencedSOPClassUID = "1.2.840.10008.3.1.2.3.3"
        item.ReferencedSOPInstanceUID = uid
        return [item]

    def read(self, resource_type: str, id_: str) -> list[Resource]:
        answer = self.engine.handle(FhirRequest("read", DOCTOR, type=resource_type, id=id_))
        return [json.parse_object(answer.content or b"{}")]
