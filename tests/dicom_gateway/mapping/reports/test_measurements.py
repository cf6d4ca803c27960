"""Measurements of structured reports."""

from __future__ import annotations

from decimal import Decimal

from dicom_gateway.mapping.reports.context import About
from dicom_gateway.mapping.reports.measurements import measurements
from tests.dicom_gateway.mapping.building import code, keys
from tests.dicom_gateway.mapping.reports.documents import (
    MM,
    a_document,
    an_item,
    coded,
    container,
    named,
    number,
    words,
)
from tests.dicom_gateway.mapping.valid import assert_valid

ABOUT = About({"reference": "ImagingStudy/1"}, {"reference": "Patient/1"})
LENGTH = code("410668003", "SCT", "Length")
SITE = code("363698007", "SCT", "Finding Site")
LIVER = code("10200004", "SCT", "Liver")


def a_lesion(*numbers: dict[str, object]) -> dict[str, object]:
    return container(
        "Measurement Group",
        words("Tracking Identifier", "Lesion 1"),
        an_item("UIDREF", named("Tracking Unique Identifier"), UID="1.2.3.77"),
        coded(named("Finding"), code("4147007", "SCT", "Mass")),
        coded(SITE, LIVER),
        *numbers,
    )


def test_a_number_of_a_group_is_an_observation() -> None:
    document = a_document(
        "Imaging Measurement Report",
        container("Imaging Measurements", a_lesion(number(LENGTH, "12.50", MM))),
    )

    [found] = measurements(document, ABOUT)

    assert_valid(found)
    assert found["code"]["coding"][0]["code"] == "410668003"
    assert found["valueQuantity"]["value"] == Decimal("12.50")
    assert found["valueQuantity"]["code"] == "mm"
    assert found["bodySite"]["text"] == "Liver"
    assert found["component"][0]["valueCodeableConcept"]["text"] == "Mass"
    assert found["partOf"] == [ABOUT.study]
    assert found["effectiveDateTime"] == "2026-02-15T10:15:00+01:00"
    assert [i["value"] for i in found["identifier"][1:]] == ["Lesion 1", "urn:oid:1.2.3.77"]


def test_each_number_has_an_id_that_stays() -> None:
    lesion = a_lesion(number(LENGTH, "12.5", MM), number(LENGTH, "13", MM))
    document = a_document("Imaging Measurement Report", container("Imaging Measurements", lesion))

    ids = [o["id"] for o in measurements(document, ABOUT)]

    assert len(set(ids)) == 2
    assert ids == [o["id"] for o in measurements(document, ABOUT)]


def test_what_nobody_has_verified_is_preliminary() -> None:
    lesion = a_lesion(number(LENGTH, "12.5", MM))
    document = a_document("Imaging Measurement Report", lesion, VerificationFlag="UNVERIFIED")

    [found] = measurements(document, ABOUT)

    assert found["status"] == "preliminary"


def test_a_number_that_is_none_is_absent_or_left_out() -> None:
    why = code("114007", "DCM", "Measurement not attempted")
    absent = an_item("NUM", LENGTH, NumericValueQualifierCodeSequence=[why])
    document = a_document("Imaging Measurement Report", absent, number(LENGTH, "wide", MM))

    [found] = measurements(document, ABOUT)

    assert_valid(found)
    assert found["dataAbsentReason"]["text"] == "Measurement not attempted"


def test_a_tree_that_never_ends_is_read_as_far_as_trees_go() -> None:
    inner = number(LENGTH, "1", MM)
    for _ in range(200):
        inner = an_item("CONTAINER", named("Finding"), inner)

    assert measurements(a_document("Imaging Measurement Report", inner), ABOUT) == []
    assert measurements(keys(SOPInstanceUID="1.2"), ABOUT) == []
