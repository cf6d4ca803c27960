"""Reports, PDFs and key object selections that come among the images of a study."""

from __future__ import annotations

import base64
from typing import Any

from pydicom import Dataset

from fhirserver.model.resource import Resource
from fhirserver.reactions.looking import looked_up
from tests.dicom_gateway.mapping.building import code, keys
from tests.dicom_gateway.mapping.reports.documents import (
    MM,
    a_document,
    container,
    image,
    number,
    words,
)
from tests.dicom_gateway.mapping.valid import assert_valid
from tests.dicom_gateway.operating.scanner import Scanner

SR = "1.2.840.10008.5.1.4.1.1.88.33"
KEY_OBJECTS = "1.2.840.10008.5.1.4.1.1.88.59"
PDF = "1.2.840.10008.5.1.4.1.1.104.1"


def send(scanner: Scanner, sop_class: str, number: int, document: dict[str, Any]) -> None:
    """A document as an instance of the scanner's study; 12.5 is measured to two decimal places."""
    dataset = Dataset.from_json(document)
    for element in dataset.iterall():
        if element.keyword == "NumericValue" and element.value == 12.5:
            element.value = "12.50"
    told = {
        "SOPClassUID": sop_class,
        "StudyInstanceUID": scanner.study,
        "SeriesInstanceUID": f"{scanner.study}.9",
        "SOPInstanceUID": f"{scanner.study}.9.{number}",
        "Modality": "SR",
        "PatientID": scanner.mrn,
        "PatientName": "Doe^Jane",
        "PatientBirthDate": "19700203",
        "PatientSex": "F",
    }
    for name, value in told.items():
        setattr(dataset, name, value)
    scanner.record.keep([scanner.arriving(dataset)])


def of_patient(scanner: Scanner, resource_type: str, patient: Resource) -> list[Resource]:
    return looked_up(scanner.engine, resource_type, ("patient", f"Patient/{patient['id']}"))


def a_report() -> dict[str, Any]:
    length = number(code("410668003", "SCT", "Length"), "12.50", MM)
    return a_document(
        "Imaging Measurement Report",
        container("Imaging Measurements", container("Measurement Group", length)),
        words("Impression", "Stable."),
    )


def test_a_structured_report_is_the_patients_report_with_its_numbers(scanner: Scanner) -> None:
    jane = scanner.patient()
    scanner.send(1)
    send(scanner, SR, 1, a_report())

    scanner.settle()

    [report] = of_patient(scanner, "DiagnosticReport", jane)
    [measured] = of_patient(scanner, "Observation", jane)
    study = {"reference": f"ImagingStudy/{scanner.imaging_study()['id']}"}
    for one in (report, measured):
        assert_valid(one)
    assert report["conclusion"] == "Stable."
    assert report["result"] == [{"reference": f"Observation/{measured['id']}"}]
    assert report["imagingStudy"] == measured["partOf"] == [study]
    assert str(measured["valueQuantity"]["value"]) == "12.50"


def after(scanner: Scanner, number: int, study: str | None = None) -> dict[str, Any]:
    """What says which instance a document was made from: one of these of the same study."""
    instance = keys(
        ReferencedSOPClassUID=SR, ReferencedSOPInstanceUID=f"{scanner.study}.9.{number}"
    )
    series = keys(SeriesInstanceUID=f"{scanner.study}.9", ReferencedSOPSequence=[instance])
    told = keys(StudyInstanceUID=study or scanner.study, ReferencedSeriesSequence=[series])
    return keys(PredecessorDocumentsSequence=[told])


def statuses(scanner: Scanner, kind: str, patient: Resource) -> list[str]:
    return sorted(r["status"] for r in of_patient(scanner, kind, patient))


def test_measurements_that_are_saved_anew_take_the_place_of_those_before(scanner: Scanner) -> None:
    jane = scanner.patient()
    unverified = keys(VerificationFlag="UNVERIFIED")
    send(scanner, SR, 1, a_report() | unverified)
    scanner.settle()
    assert statuses(scanner, "Observation", jane) == ["preliminary"]

    send(scanner, SR, 2, a_report() | unverified | after(scanner, 1))
    scanner.settle()

    for kind in ("DiagnosticReport", "Observation"):
        assert statuses(scanner, kind, jane) == ["entered-in-error", "preliminary"]


def test_what_was_verified_or_is_of_another_study_stays_beside_what_follows(
    scanner: Scanner,
) -> None:
    jane = scanner.patient()
    unverified = keys(VerificationFlag="UNVERIFIED")
    send(scanner, SR, 1, a_report())
    send(scanner, SR, 2, a_report() | unverified | after(scanner, 1))
    send(scanner, SR, 3, a_report() | unverified | after(scanner, 2, study="1.2.3"))

    scanner.settle()

    assert statuses(scanner, "Observation", jane) == ["final", "preliminary", "preliminary"]


def test_the_report_of_nobodys_study_is_nobodys_and_follows_it(scanner: Scanner) -> None:
    jane = scanner.patient(mrn="another")
    send(scanner, SR, 1, a_report())
    scanner.settle()
    assert of_patient(scanner, "DiagnosticReport", jane) == []

    scanner.answer(jane)
    scanner.react()

    assert len(of_patient(scanner, "DiagnosticReport", jane)) == 1
    assert len(of_patient(scanner, "Observation", jane)) == 1


def a_pdf(content: bytes) -> dict[str, Any]:
    return {
        "00420010": {"vr": "ST", "Value": ["Bone density"]},
        "00420011": {"vr": "OB", "InlineBinary": base64.b64encode(content).decode()},
        "00420012": {"vr": "LO", "Value": ["application/pdf"]},
        "00420015": {"vr": "UL", "Value": [len(content.rstrip(b"\0"))]},
    }


def test_a_pdf_is_a_document_and_with_an_order_a_report(scanner: Scanner) -> None:
    jane = scanner.patient()
    order = scanner.order(jane, "A-9")
    scanner.send(1, AccessionNumber="A-9")
    send(scanner, PDF, 1, a_pdf(b"%PDF-1.7 x\0"))

    scanner.settle()

    [document] = of_patient(scanner, "DocumentReference", jane)
    [report] = of_patient(scanner, "DiagnosticReport", jane)
    assert_valid(document)
    assert report["basedOn"] == [{"reference": f"ServiceRequest/{order['id']}"}]
    url = document["content"][0]["attachment"]["url"]
    assert report["presentedForm"][0]["url"] == url
    [binary] = scanner.read("Binary", url.removeprefix("Binary/"))
    assert base64.b64decode(binary["data"]) == b"%PDF-1.7 x"


def test_a_pdf_without_an_order_is_a_document_only(scanner: Scanner) -> None:
    jane = scanner.patient()
    send(scanner, PDF, 1, a_pdf(b"%PDF-1.7"))

    scanner.settle()

    assert len(of_patient(scanner, "DocumentReference", jane)) == 1
    assert of_patient(scanner, "DiagnosticReport", jane) == []


def test_a_key_object_selection_marks_the_images_of_its_study(scanner: Scanner) -> None:
    scanner.patient()
    scanner.send(1, 2)
    marked = f"{scanner.study}.1.2"
    send(scanner, KEY_OBJECTS, 1, a_document("Of Interest", image(marked)))

    scanner.settle()

    instances = [i for s in scanner.imaging_study()["series"] for i in s["instance"]]
    assert [i["uid"] for i in instances if "extension" in i] == [marked]


def test_a_study_all_of_whose_images_are_of_a_wrong_order_was_an_error(scanner: Scanner) -> None:
    scanner.patient()
    scanner.send(1, 2)
    uids = [f"{scanner.study}.1.{n}" for n in (1, 2)]
    rejected = a_document("Incorrect Modality Worklist Entry", *(image(u) for u in uids))
    send(scanner, KEY_OBJECTS, 1, rejected)

    scanner.settle()

    assert scanner.imaging_study()["status"] == "entered-in-error"
