"""Reports, PDFs and key object selections."""

from __future__ import annotations

import base64

from dicom_gateway.mapping.reports.context import About
from dicom_gateway.mapping.reports.encapsulated import (
    binary,
    document_reference,
    document_report,
    media_type,
)
from dicom_gateway.mapping.reports.key_images import URL, key_images, withdrawn
from dicom_gateway.mapping.reports.measurements import measurements
from dicom_gateway.mapping.reports.structured import SOP_CLASSES, structured_report
from tests.dicom_gateway.mapping.building import code, keys
from tests.dicom_gateway.mapping.reports.documents import (
    MM,
    a_document,
    container,
    image,
    number,
    words,
)
from tests.dicom_gateway.mapping.sample_files import document as read
from tests.dicom_gateway.mapping.sample_files import samples
from tests.dicom_gateway.mapping.valid import assert_valid

SUBJECT = {"reference": "Patient/1"}
ABOUT = About({"reference": "ImagingStudy/1"}, SUBJECT)
ORDERED = About(
    {"reference": "ImagingStudy/1"}, SUBJECT, based_on=[{"reference": "ServiceRequest/1"}]
)
PDF = "1.2.840.10008.5.1.4.1.1.104.1"


def test_a_structured_report_can_be_read_as_text() -> None:
    length = number(code("410668003", "SCT", "Length"), "12.5", MM)
    document = a_document(
        "Imaging Measurement Report", container("Imaging Measurements", length),
        words("Impression", "No change."),
        VerifyingObserverSequence=[keys(VerifyingObserverName="Curie^Marie")],
    )  # fmt: skip
    numbers = measurements(document, ABOUT)

    found = structured_report(document, ORDERED, numbers)

    assert_valid(found)
    assert found["status"] == "final"
    assert found["conclusion"] == "No change."
    assert found["result"] == [{"reference": f"Observation/{numbers[0]['id']}"}]
    assert found["resultsInterpreter"] == [{"display": "Marie Curie"}]
    assert found["basedOn"] == [{"reference": "ServiceRequest/1"}]
    assert base64.b64decode(found["presentedForm"][0]["data"]).decode() == (
        "Imaging Measurement Report\n  Imaging Measurements\n    Length: 12.5 mm\n"
        "  Impression: No change."
    )


def test_reports_of_others_are_valid() -> None:
    found = [path for path, known in samples().items() if known.sop_class in SOP_CLASSES]
    assert found

    for path in found:
        document = read(path)
        numbers = measurements(document, ABOUT)
        for observation in numbers[:10]:
            assert_valid(observation)
        assert_valid(structured_report(document, ABOUT, numbers))


def test_a_pdf_is_a_document_with_its_binary() -> None:
    document = keys(
        SOPInstanceUID="1.2.3.104", DocumentTitle="Bone density", ContentDate="20260215",
        ContentTime="101500", TimezoneOffsetFromUTC="+0000",
        MIMETypeOfEncapsulatedDocument="application/pdf",
        ConceptNameCodeSequence=[code("38269-7", "LN", "DXA Bone density")],
    )  # fmt: skip
    kind = media_type(document, PDF)

    content = binary(document, b"%PDF-1.7", kind, SUBJECT)
    reference = document_reference(document, kind, ORDERED)
    report = document_report(document, kind, ORDERED)

    for one in (content, reference, report):
        assert_valid(one)
    assert base64.b64decode(content["data"]) == b"%PDF-1.7"
    assert reference["content"][0]["attachment"]["url"] == f"Binary/{content['id']}"
    assert reference["type"]["coding"][0]["code"] == "38269-7"
    assert report["presentedForm"][0]["url"] == f"Binary/{content['id']}"
    assert report["status"] == "preliminary"


def test_a_key_object_selection_marks_images() -> None:
    document = a_document(
        "Of Interest", words("Key Object Description", "Look at this"),
        image("1.2.3.1.7", 2, 5), image("1.2.3.1.8"),
    )  # fmt: skip

    found = key_images([document])

    assert list(found) == ["1.2.3.1.7", "1.2.3.1.8"]
    [mark] = found["1.2.3.1.7"]
    assert mark["url"] == URL
    assert [p["url"] for p in mark["extension"]] == ["title", "document", "note", "frame", "frame"]
    assert withdrawn([document]) == frozenset()


def test_a_manifest_marks_nothing() -> None:
    assert key_images([a_document("Manifest", image("1.2.3.1.7"))]) == {}


def test_images_of_a_wrong_worklist_entry_are_withdrawn() -> None:
    document = a_document("Incorrect Modality Worklist Entry", image("1.2.3.1.7"))

    assert withdrawn([document]) == {"1.2.3.1.7"}
