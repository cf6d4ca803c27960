"""The head of a DICOM file."""

from __future__ import annotations

import io

import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dicom_gateway.datasets import (
    IMPLEMENTATION,
    NeedMore,
    Unreadable,
    facts,
    file_head,
    read_file_head,
)
from tests.dicom_gateway.written import BIG, CT, EXPLICIT, IMPLICIT, a_dataset, element


def test_pydicom_reads_the_head_that_we_write() -> None:
    dataset = a_dataset()
    head = file_head(facts(dataset, EXPLICIT, complete=True), source="CT_ROOM_1")

    read = pydicom.dcmread(io.BytesIO(head + dataset))

    assert read.file_meta.MediaStorageSOPClassUID == CT
    assert read.file_meta.MediaStorageSOPInstanceUID == "1.2.3.4"
    assert read.file_meta.TransferSyntaxUID == EXPLICIT
    assert read.file_meta.ImplementationClassUID == IMPLEMENTATION
    assert read.file_meta.SourceApplicationEntityTitle == "CT_ROOM_1"
    assert read.file_meta.FileMetaInformationGroupLength + 144 == len(head)


def test_we_read_the_head_that_we_write() -> None:
    head = file_head(facts(a_dataset(), EXPLICIT, complete=True), source="A")

    meta, at = read_file_head(head + a_dataset())

    assert at == len(head)
    assert (meta.transfer_syntax, meta.instance, meta.source, meta.guessed) == (
        EXPLICIT,
        "1.2.3.4",
        "A",
        False,
    )


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG])
@pytest.mark.parametrize("before", [b"", bytes(128) + b"DICM", b"DICM"])
def test_a_file_without_group_2_is_read_by_its_first_element(syntax: str, before: bytes) -> None:
    meta, at = read_file_head(before + a_dataset(syntax=syntax))

    assert (meta.transfer_syntax, meta.guessed, at) == (syntax, True, len(before))


def test_a_wrong_group_length_does_not_mislead() -> None:
    head = bytearray(file_head(facts(a_dataset(), EXPLICIT, complete=True)))
    head[140:144] = b"\xff\0\0\0"

    assert read_file_head(bytes(head) + a_dataset())[1] == len(head)


@pytest.mark.parametrize(
    "data", [b"", b"\x1f\x8b\x08\x08 gzip", b"%PDF-1.7 and more", b"MZ" + bytes(300)]
)
def test_what_is_no_dicom_is_refused(data: bytes) -> None:
    with pytest.raises(Unreadable, match="no DICOM"):
        read_file_head(data)


def test_a_head_that_is_cut_asks_for_more() -> None:
    head = file_head(facts(a_dataset(), EXPLICIT, complete=True))

    for end in range(152, len(head)):
        with pytest.raises(NeedMore):
            read_file_head(head[:end])


def test_a_head_without_end_is_refused() -> None:
    with pytest.raises(Unreadable, match="group 2"):
        read_file_head(bytes(128) + b"DICM" + element(0x00020102, "OB", b"", length=0xFFFFFFFE))


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_give_a_head_or_a_clear_refusal(data: bytes) -> None:
    try:
        read_file_head(bytes(128) + b"DICM" + data)
    except (Unreadable, NeedMore):
        pass
