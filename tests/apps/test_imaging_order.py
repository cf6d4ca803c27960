"""From an order to its images: ordered in the chart, booked, seen by the scanner, performed, read.

The scanner is dcmtk (findscu, storescu) and, for performed procedure steps, pynetdicom.
IHE Radiology, Scheduled Workflow: RAD-5, RAD-6, RAD-7, RAD-8
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pydicom import Dataset, dcmread
from pynetdicom import AE
from pynetdicom.sop_class import ModalityPerformedProcedureStep

from conformance.faults.client import Resource
from conformance.faults.server import Server, wait_until
from fhirserver.embedded.roles import listens
from tests.apps.scans import MRN, PATIENT_MS, a_file, a_slice, found, uid
from tests.dicom_gateway.dimse.peers import OURS, an_endpoint
from tests.peers.dcmtk import needs

pytestmark = [pytest.mark.slow, needs("findscu", "storescu")]

CT = "CT1"
"""The AE title of the demo hospital's CT."""
EXAMINATION = "Computed tomography of chest"
SLICES = 3
STEP = "ScheduledProcedureStepSequence[0]"
KEYS = (
    "PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex",
    "AccessionNumber", "StudyInstanceUID", "RequestedProcedureID",
    "RequestedProcedureDescription", f"{STEP}.Modality", f"{STEP}.ScheduledProcedureStepID",
    f"{STEP}.ScheduledProcedureStepStartDate", f"{STEP}.ScheduledProcedureStepStatus",
)  # fmt: skip


@dataclass(frozen=True)
class Scanner:
    """A CT, and the folder where it keeps what it makes."""

    port: int
    folder: Path

    def worklist(self, patient_id: str, day: str) -> list[Dataset]:
        """What findscu is told of the day (YYYYMMDD) for this patient at this scanner."""
        answers = self.folder / uid()
        answers.mkdir()
        asked = [
            f"PatientID={patient_id}",
            f"{STEP}.ScheduledStationAETitle={CT}",
            f"{STEP}.ScheduledProcedureStepStartDate={day}",
        ]
        named = {key.partition("=")[0] for key in asked}
        keys = [k for key in (*asked, *(k for k in KEYS if k not in named)) for k in ("-k", key)]
        self._run("findscu", "-W", "-X", "-od", str(answers), *keys)
        return [dcmread(path) for path in sorted(answers.iterdir())]

    def begin(self, step: str, item: Dataset) -> None:
        """N-CREATE: the performed procedure step of an item of the worklist begins."""
        planned = item.ScheduledProcedureStepSequence[0]
        scheduled, made = Dataset(), Dataset()
        for keyword in ("StudyInstanceUID", "AccessionNumber", "RequestedProcedureID"):
            setattr(scheduled, keyword, item.get(keyword, ""))
        scheduled.ScheduledProcedureStepID = planned.ScheduledProcedureStepID
        made.ScheduledStepAttributesSequence = [scheduled]
        made.PatientName, made.PatientID = item.PatientName, item.PatientID
        made.PerformedProcedureStepID, made.PerformedStationAETitle = "PPS1", CT
        made.PerformedProcedureStepStartDate = planned.ScheduledProcedureStepStartDate
        made.PerformedProcedureStepStartTime = "093500"
        made.PerformedProcedureStepStatus, made.Modality = "IN PROGRESS", "CT"
        ae, association = self._associated()
        status, _ = association.send_n_create(made, ModalityPerformedProcedureStep, step)
        association.release()
        ae.shutdown()
        assert status.Status == 0, f"{status.Status:04x}"

    def complete(self, step: str, item: Dataset, series: str) -> None:
        """N-SET: it is completed."""
        made, performed = Dataset(), Dataset()
        performed.SeriesInstanceUID = series
        made.PerformedProcedureStepStatus = "COMPLETED"
        day = item.ScheduledProcedureStepSequence[0].ScheduledProcedureStepStartDate
        made.PerformedProcedureStepEndDate, made.PerformedProcedureStepEndTime = day, "094500"
        made.PerformedSeriesSequence = [performed]
        ae, association = self._associated()
        status, _ = association.send_n_set(made, ModalityPerformedProcedureStep, step)
        association.release()
        ae.shutdown()
        assert status.Status == 0, f"{status.Status:04x}"

    def send(self, step: str, item: Dataset, series: str, description: str) -> None:
        """storescu sends the slices, with what the worklist said of the patient and the order."""
        images = self.folder / "images"
        images.mkdir()
        performed = Dataset()
        performed.ReferencedSOPClassUID = ModalityPerformedProcedureStep
        performed.ReferencedSOPInstanceUID = step
        for number in range(1, SLICES + 1):
            made = a_slice(series, number)
            for keyword in KEYS[:7]:
                setattr(made, keyword, item.get(keyword, ""))
            made.StudyDescription = description
            made.StudyDate = item.ScheduledProcedureStepSequence[0].ScheduledProcedureStepStartDate
            made.StudyTime = "093500"
            made.ReferencedPerformedProcedureStepSequence = [performed]
            (images / f"{number}.dcm").write_bytes(a_file(made))
        self._run("storescu", "+sd", images=str(images))

    def _run(self, program: str, *options: str, images: str | None = None) -> None:
        where = ["-aet", CT, "-aec", OURS, "127.0.0.1", str(self.port)]
        command = [program, *options, *where, *([] if images is None else [images])]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr

    def _associated(self):
        ae = AE(ae_title=CT)
        ae.add_requested_context(ModalityPerformedProcedureStep)
        association = ae.associate("127.0.0.1", self.port, ae_title=OURS)
        assert association.is_established
        return ae, association


@pytest.fixture
def scanner(hospital: Server, tmp_path: Path) -> Scanner:
    """The CT, entered as the operator would: with what it may do and whose ids it knows."""
    entry = an_endpoint(CT, may=["store", "worklist", "mpps"], patient_system=MRN)
    with hospital.client() as client:
        assert client.send("POST", "Endpoint", entry).status == 201
    wait_until(listens("127.0.0.1", hospital.dicom_port), 120, "the listener is there")
    return Scanner(hospital.dicom_port, tmp_path)


def order(page: Page) -> None:
    """A doctor orders the examination in the patient's chart."""
    page.get_by_role("button", name="Order tests or imaging").click()
    page.get_by_role("combobox", name="Add to the order").click()
    page.get_by_role("option", name=EXAMINATION, exact=True).click()
    page.get_by_role("button", name=re.compile("^Review")).click()
    page.get_by_role("button", name=re.compile("^Sign one order for ")).click()
    expect(page.get_by_text(re.compile("^One order for .* is signed"))).to_be_visible()


def accession_of(order: Resource) -> str:
    """The number that its images are filed under; the department sees whose order it is."""
    (performer,) = order["performer"]
    assert performer["display"].endswith("Radiology")
    (number,) = (
        i["value"]
        for i in order["identifier"]
        if any(c["code"] == "ACSN" for c in i.get("type", {}).get("coding", ()))
    )
    return str(number)


def book(page: Page, name: str) -> None:
    """The reception takes the first free time of the machine that the order needs."""
    expect(page.get_by_role("heading", name="Orders to book")).to_be_visible()
    row = page.get_by_role("row").filter(has_text=name).filter(has_text=EXAMINATION)
    row.get_by_role("button", name=f"Find a time: {EXAMINATION}").click()
    dialog = page.get_by_role("dialog", name=f"Time for {EXAMINATION}")
    expect(dialog.get_by_text(name).first).to_be_visible()
    times = dialog.get_by_role("group", name="First free times")
    times.get_by_role("button").first.click()
    expect(dialog.get_by_text(re.compile("^Held until"))).to_be_visible()
    dialog.get_by_role("button", name=re.compile(f"^Book {re.escape(name)}")).click()
    expect(page.get_by_text(re.compile(f"{re.escape(name)}.*: booked for"))).to_be_visible()
    expect(row).to_have_count(0)


def test_an_order_is_booked_performed_and_read_without_a_reload(
    open_app, client_as, check_accessible, scanner: Scanner
) -> None:
    expect.set_options(timeout=PATIENT_MS)
    doctor, reception = client_as("doctor"), client_as("reception")
    stay = found(doctor, "Encounter?status=in-progress&class=IMP&_count=1&_sort=-date")[0]
    patient = stay["subject"]["reference"].removeprefix("Patient/")
    person = doctor.send("GET", f"Patient/{patient}").json
    number = next(i["value"] for i in person["identifier"] if i["system"] == MRN)
    chart = open_app("chart", "doctor", f"patients/{patient}/orders")
    order(chart)
    ordered = found(doctor, f"ServiceRequest?patient={patient}&code=169069000&_sort=-authored")[0]

    number_of_images = accession_of(ordered)
    desk = open_app("scheduling", "reception", "orders")
    check_accessible(desk)
    book(desk, person["name"][0]["family"].upper())
    (appointment,) = found(reception, f"Appointment?based-on=ServiceRequest/{ordered['id']}")
    assert {"reference": f"Patient/{patient}"}.items() <= appointment["participant"][0][
        "actor"
    ].items()
    day = datetime.fromisoformat(appointment["start"]).strftime("%Y%m%d")
    (item,) = scanner.worklist(number, day)
    assert item.PatientBirthDate == person["birthDate"].replace("-", "")
    assert item.PatientName.family_name == person["name"][0]["family"]
    assert item.RequestedProcedureDescription == EXAMINATION
    assert item.AccessionNumber == number_of_images
    assert item.ScheduledProcedureStepSequence[0].Modality == "CT"

    chart.get_by_role("link", name="Images").click()
    title, step, series = f"Thorax {uid()[-6:]}", uid(), uid()
    row = chart.get_by_role("row").filter(has_text=title)
    expect(chart.get_by_role("heading", name="Images")).to_be_visible()
    expect(row).to_have_count(0)
    chart.evaluate("window.wasLoadedOnce = true")

    scanner.begin(step, item)
    (begun,) = scanner.worklist(number, day)
    assert begun.ScheduledProcedureStepSequence[0].ScheduledProcedureStepStatus == "STARTED"
    scanner.send(step, item, series, title)
    scanner.complete(step, item, series)

    expect(row).to_contain_text(f"{SLICES} images")
    assert chart.evaluate("window.wasLoadedOnce") is True
    assert scanner.worklist(number, day) == []
    (study,) = found(doctor, f"ImagingStudy?basedon=ServiceRequest/{ordered['id']}")
    assert study["subject"]["reference"] == f"Patient/{patient}"
    assert study["numberOfInstances"] == SLICES
    assert study["encounter"] == ordered["encounter"]
    procedure = doctor.send("GET", study["procedureReference"]["reference"]).json
    assert procedure["status"] == "completed"
    assert procedure["basedOn"] == [{"reference": f"ServiceRequest/{ordered['id']}"}]
    kept = reception.send("GET", f"Appointment/{appointment['id']}").json
    assert kept["status"] == "fulfilled"

    row.get_by_role("link", name=title).click()
    pane = chart.get_by_role("group", name="Images: Study")
    expect(pane.get_by_text(f"Image 1 of {SLICES}")).to_be_visible()
    expect(chart.get_by_text("The file names another patient")).to_have_count(0)
