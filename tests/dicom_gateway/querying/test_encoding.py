"""Datasets are written so that others read the same."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pydicom
import pytest

from dicom_gateway.querying.encoding import EXPLICIT, IMPLICIT, encoded

ITEM: dict[str, Any] = {
    "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Doe^Jane", "Ideographic": "山田^花子"}]},
    "00080061": {"vr": "CS", "Value": ["CT", "MR"]},
    "00100020": {"vr": "LO"},
    "0020000D": {"vr": "UI", "Value": ["1.2.3"]},
    "00201208": {"vr": "IS", "Value": [12]},
    "00101030": {"vr": "DS", "Value": [61.5]},
    "00280010": {"vr": "US", "Value": [512]},
    "00400100": {
        "vr": "SQ",
        "Value": [{"00080060": {"vr": "CS", "Value": ["CT"]}, "00400400": {"vr": "LT"}}],
    },
    "00081120": {"vr": "SQ"},
}


def read(raw: bytes, transfer_syntax: str) -> pydicom.Dataset:
    from pydicom.filereader import read_dataset

    is_implicit = transfer_syntax == IMPLICIT
    return read_dataset(BytesIO(raw), is_implicit_VR=is_implicit, is_little_endian=True)


@pytest.mark.parametrize("transfer_syntax", [IMPLICIT, EXPLICIT])
def test_pydicom_reads_what_was_written(transfer_syntax: str) -> None:
    found = read(encoded(ITEM, transfer_syntax), transfer_syntax)

    assert found.SpecificCharacterSet == "ISO_IR 192"
    assert str(found.PatientName) == "Doe^Jane=山田^花子"
    assert list(found.ModalitiesInStudy) == ["CT", "MR"]
    assert found.NumberOfStudyRelatedInstances == 12
    assert found.PatientWeight == 61.5
    assert found.Rows == 512
    assert found.ScheduledProcedureStepSequence[0].Modality == "CT"
    assert found.PatientID == ""
    assert list(found.ReferencedPatientSequence) == []


def test_the_character_set_is_that_of_the_query_where_it_can_hold_the_answer() -> None:
    item = {"00100010": {"vr": "PN", "Value": [{"Alphabetic": "Müller"}]}}

    assert b"ISO_IR 100" in encoded(item, EXPLICIT, "ISO_IR 100")
    assert b"M\xfcller" in encoded(item, EXPLICIT, "ISO_IR 100")
    assert "Müller".encode() in encoded(item, EXPLICIT, "ISO_IR 126")
    assert b"ISO_IR 192" in encoded(item, EXPLICIT, "ISO 2022 IR 87")


def test_ascii_needs_no_character_set() -> None:
    raw = encoded({"00100010": {"vr": "PN", "Value": [{"Alphabetic": "Doe"}]}}, EXPLICIT)

    assert "SpecificCharacterSet" not in read(raw, EXPLICIT)


def test_a_backslash_in_a_value_makes_no_second_one() -> None:
    raw = encoded({"00081030": {"vr": "LO", "Value": ["head\\neck"]}}, EXPLICIT)

    assert read(raw, EXPLICIT).StudyDescription == "head/neck"
