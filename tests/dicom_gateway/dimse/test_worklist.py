"""Modality Worklist and MPPS on the wire: dcmtk's findscu, pynetdicom as a modality."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from pydicom import Dataset, dcmread
from pydicom.uid import generate_uid
from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.sop_class import (
    ModalityPerformedProcedureStep,
    ModalityWorklistInformationFind,
)

from tests.answers import done
from tests.dicom_gateway import orders
from tests.dicom_gateway.dimse.conftest import Listening
from tests.dicom_gateway.orders import HOSPITAL, reference

Run = Callable[..., subprocess.CompletedProcess[str]]
OURS = "FHIRSERVER"


class Ward:
    """A patient, an order, a station with its appointment, and the modality at the listener."""

    def __init__(self, client: FlaskClient, listening: Listening, title: str) -> None:
        self.client = client
        self.port = listening.port
        self.title = title
        self.number = orders.unique()
        self.accession = orders.unique()
        self.patient = self.store(orders.a_patient(self.number))
        self.order = self.store(orders.an_order(self.patient, self.accession))
        self.station = self.store(orders.a_station(title))

    def store(self, resource: orders.Resource) -> orders.Resource:
        return dict(done(self.client.post(f"/fhir/{resource['resourceType']}", json=resource), 201))

    def read(self, resource: orders.Resource) -> orders.Resource:
        url = f"/fhir/{resource['resourceType']}/{resource['id']}"
        return dict(done(self.client.get(url)))

    def book(self) -> orders.Resource:
        """By $book, as the front desk does."""
        schedule = {"resourceType": "Schedule", "actor": [reference(self.station)]}
        times = {"start": "2026-12-01T08:30:00Z", "end": "2026-12-01T09:00:00Z"}
        slot = {
            "resourceType": "Slot",
            "schedule": reference(self.store(schedule)),
            "status": "free",
            **times,
        }
        wanted = {
            "resourceType": "Appointment",
            "status": "proposed",
            "basedOn": [reference(self.order)],
            "slot": [reference(self.store(slot))],
            "participant": [
                {"actor": reference(r), "status": "accepted"} for r in (self.patient, self.station)
            ],
            **times,
        }
        parameter = {"name": "appointment-resource", "resource": wanted}
        body = {"resourceType": "Parameters", "parameter": [parameter]}
        answer = done(self.client.post("/fhir/Appointment/$book", json=body))
        if answer["resourceType"] == "Bundle":
            return dict(answer["entry"][0]["resource"])
        return dict(answer)

    @contextmanager
    def associated(self, *abstract_syntaxes: str) -> Iterator[Association]:
        ae = AE(ae_title=self.title)
        for uid in abstract_syntaxes:
            ae.add_requested_context(uid)
        association = ae.associate("127.0.0.1", self.port, ae_title=OURS)
        assert association.is_established
        try:
            yield association
        finally:
            association.release()
            ae.shutdown()

    def worklist(self) -> list[Dataset]:
        query = Dataset()
        query.PatientName = ""
        query.AccessionNumber = ""
        query.StudyInstanceUID = ""
        query.RequestedProcedureID = ""
        step = Dataset()
        step.ScheduledStationAETitle = self.title
        step.ScheduledProcedureStepID = ""
        step.ScheduledProcedureStepStatus = ""
        query.ScheduledProcedureStepSequence = [step]
        with self.associated(ModalityWorklistInformationFind) as association:
            found = list(association.send_c_find(query, ModalityWorklistInformationFind))
        assert found[-1][0].Status == 0x0000
        return [item for _, item in found[:-1] if item is not None]

    def begin(self, uid: str, item: Dataset, **changed: Any) -> int:
        step = Dataset()
        scheduled = Dataset()
        scheduled.StudyInstanceUID = item.StudyInstanceUID
        scheduled.AccessionNumber = item.AccessionNumber
        scheduled.RequestedProcedureID = item.RequestedProcedureID
        planned = item.ScheduledProcedureStepSequence[0]
        scheduled.ScheduledProcedureStepID = planned.ScheduledProcedureStepID
        step.ScheduledStepAttributesSequence = [scheduled]
        step.PatientID = self.number
        step.PerformedProcedureStepID = "PPS1"
        step.PerformedStationAETitle = self.title
        step.PerformedProcedureStepStartDate = "20261201"
        step.PerformedProcedureStepStartTime = "093500"
        step.PerformedProcedureStepStatus = "IN PROGRESS"
        step.Modality = "CT"
        for keyword, value in changed.items():
            setattr(step, keyword, value)
            if value is None:
                delattr(step, keyword)
        with self.associated(ModalityPerformedProcedureStep) as association:
            status, _ = association.send_n_create(step, ModalityPerformedProcedureStep, uid)
        return int(status.Status)

    def change(self, uid: str, **values: Any) -> Dataset:
        step = Dataset()
        for keyword, value in values.items():
            setattr(step, keyword, value)
        with self.associated(ModalityPerformedProcedureStep) as association:
            status, _ = association.send_n_set(step, ModalityPerformedProcedureStep, uid)
        return status

    def complete(self, uid: str, study: str) -> Dataset:
        series = Dataset()
        series.SeriesInstanceUID = f"{study}.1"[:64]
        return self.change(
            uid,
            PerformedProcedureStepStatus="COMPLETED",
            PerformedProcedureStepEndDate="20261201",
            PerformedProcedureStepEndTime="094500",
            PerformedSeriesSequence=[series],
        )

    def procedure(self, uid: str) -> orders.Resource | None:
        query = {"identifier": f"urn:dicom:uid|urn:oid:{uid}"}
        page = done(self.client.get("/fhir/Procedure", query_string=query))
        found = [e["resource"] for e in page.get("entry", ())]
        return found[0] if found else None


@pytest.fixture
def ward(client: FlaskClient, listening: Listening, enter: Callable[..., str]) -> Ward:
    title = enter(may=["worklist", "mpps"], patient_system=HOSPITAL, time_zone="Europe/Vienna")
    return Ward(client, listening, title)


def test_a_booking_is_seen_by_findscu(ward: Ward, run: Run, tmp_path: Path) -> None:
    ward.book()
    folder = tmp_path / "answers"
    folder.mkdir()

    key = f"ScheduledProcedureStepSequence[0].ScheduledStationAETitle={ward.title}"
    query = [
        *("-W", "-X", "-od", folder, "-aet", ward.title, "-aec", OURS),
        *("-k", "PatientName", "-k", "AccessionNumber", "-k", key),
        *("-k", "ScheduledProcedureStepSequence[0].ScheduledProcedureStepStartTime"),
    ]
    asked = run("findscu", *query, "127.0.0.1", ward.port)

    assert asked.returncode == 0, asked.stderr
    (path,) = folder.iterdir()
    found = dcmread(path)
    assert found.AccessionNumber == ward.accession
    assert found.PatientName == "Haydn^Franz^Joseph^Dr"
    assert found.ScheduledProcedureStepSequence[0].ScheduledProcedureStepStartTime == "093000"


def test_a_step_that_is_performed_moves_its_appointment_and_leaves_the_worklist(
    ward: Ward,
) -> None:
    appointment = ward.book()
    (item,) = ward.worklist()
    uid = generate_uid()

    assert ward.begin(uid, item) == 0x0000

    assert ward.read(appointment)["status"] == "arrived"
    (started,) = ward.worklist()
    assert started.ScheduledProcedureStepSequence[0].ScheduledProcedureStepStatus == "STARTED"

    assert ward.complete(uid, item.StudyInstanceUID).Status == 0x0000

    procedure = ward.procedure(uid)
    assert procedure is not None
    assert procedure["status"] == "completed"
    assert procedure["subject"] == reference(ward.patient)
    assert procedure["basedOn"] == [reference(ward.order)]
    assert procedure["performedPeriod"] == {
        "start": "2026-12-01T09:35:00+01:00",
        "end": "2026-12-01T09:45:00+01:00",
    }
    assert ward.read(appointment)["status"] == "fulfilled"
    assert ward.read(ward.order)["status"] == "active"
    assert ward.worklist() == []


def test_a_step_that_is_over_cannot_be_changed(ward: Ward) -> None:
    ward.book()
    (item,) = ward.worklist()
    uid = generate_uid()
    ward.begin(uid, item)
    ward.complete(uid, item.StudyInstanceUID)

    answer = ward.change(uid, PerformedProcedureStepStatus="DISCONTINUED")

    assert (answer.Status, answer.ErrorID) == (0x0110, 0xA710)
    assert (ward.procedure(uid) or {})["status"] == "completed"


def test_a_wrong_worklist_entry_goes_back_into_the_worklist(ward: Ward) -> None:
    appointment = ward.book()
    (item,) = ward.worklist()
    uid = generate_uid()
    ward.begin(uid, item)
    reason = Dataset()
    reason.CodeValue, reason.CodingSchemeDesignator = "110514", "DCM"
    reason.CodeMeaning = "Incorrect worklist entry selected"

    answer = ward.change(
        uid,
        PerformedProcedureStepStatus="DISCONTINUED",
        PerformedProcedureStepEndDate="20261201",
        PerformedProcedureStepEndTime="093600",
        PerformedProcedureStepDiscontinuationReasonCodeSequence=[reason],
    )

    assert answer.Status == 0x0000
    assert ward.read(appointment)["status"] == "booked"
    (again,) = ward.worklist()
    assert again.ScheduledProcedureStepSequence[0].ScheduledProcedureStepStatus == "SCHEDULED"


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"Modality": None}, 0x0120),
        ({"PerformedProcedureStepID": ""}, 0x0121),
        ({"PerformedProcedureStepStatus": "COMPLETED"}, 0x0106),
    ],
)
def test_what_is_mandatory_must_be_there(ward: Ward, changed: Any, status: int) -> None:
    ward.book()
    (item,) = ward.worklist()
    uid = generate_uid()

    assert ward.begin(uid, item, **changed) == status
    assert ward.procedure(uid) is None


def test_uids_are_begun_once_and_known_before_they_are_changed(ward: Ward) -> None:
    ward.book()
    (item,) = ward.worklist()
    uid = generate_uid()

    assert ward.begin(uid, item) == 0x0000
    assert ward.begin(uid, item) == 0x0111
    assert ward.complete(generate_uid(), item.StudyInstanceUID).Status == 0x0112
    missing = ward.change(uid, PerformedProcedureStepStatus="COMPLETED")
    assert missing.Status == 0x0120


def test_another_patient_than_that_of_the_order_gets_no_procedure_of_hers(ward: Ward) -> None:
    appointment = ward.book()
    (item,) = ward.worklist()
    uid = generate_uid()

    assert ward.begin(uid, item, PatientID="SOMEBODY-ELSE") == 0x0000

    procedure = ward.procedure(uid)
    assert procedure is not None
    assert "reference" not in procedure["subject"]
    assert "basedOn" not in procedure
    assert ward.read(appointment)["status"] == "booked"


def test_who_may_only_store_is_shown_no_worklist(
    ward: Ward, run: Run, enter: Callable[..., str], tmp_path: Path
) -> None:
    ward.book()
    stranger = enter(may=["store"])
    folder = tmp_path / "answers"
    folder.mkdir()

    query = ["-W", "-X", "-od", folder, "-aet", stranger, "-aec", OURS, "-k", "PatientName"]
    run("findscu", *query, "127.0.0.1", ward.port)

    assert list(folder.iterdir()) == []


def test_one_of_several_who_begin_the_same_step_at_once_has_begun_it(ward: Ward) -> None:
    ward.book()
    (item,) = ward.worklist()
    uid = generate_uid()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: ward.begin(uid, item), range(4)))

    assert sorted(answers) == [0x0000, 0x0111, 0x0111, 0x0111]


def test_a_step_that_ends_twice_at_once_ends_once(ward: Ward) -> None:
    appointment = ward.book()
    (item,) = ward.worklist()
    uid = generate_uid()
    ward.begin(uid, item)

    with ThreadPoolExecutor(3) as pool:
        answers = pool.map(lambda _: ward.complete(uid, item.StudyInstanceUID).Status, range(3))

    assert sorted(answers) == [0x0000, 0x0110, 0x0110]
    assert ward.read(appointment)["status"] == "fulfilled"
