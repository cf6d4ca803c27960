"""Every collected file: nothing of what is taken out remains, and others read what is left."""

from __future__ import annotations

import io
import shutil
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest

from dicom_gateway.datasets import Unreadable, facts, file_head
from dicom_gateway.datasets.elements import Element, Tree, elements, written
from dicom_gateway.deidentifying import Dates, Options, Pseudonyms, deidentify
from dicom_gateway.deidentifying.profile import ACTIONS
from tests.dicom_gateway.datasets.test_corpus import FILES, opened

SECRET = Pseudonyms(b"a secret of thirty-two bytes, yes")
PIXELS = 0x7FE00010
IDENTIFYING = {
    0x00080018, 0x0020000D, 0x0020000E, 0x00200052, 0x00081155,  # UIDs
    0x00080020, 0x00080021, 0x00080022, 0x00080023, 0x00100030, 0x0008002A, 0x00080012,
    0x00080050, 0x00080080, 0x00080081, 0x00081010, 0x00081040, 0x00081048, 0x00081050, 0x00081060,
    0x00081070, 0x00080090, 0x00100010, 0x00100020, 0x00100021, 0x00101000, 0x00101001, 0x00101040,
    0x00102154, 0x00181000, 0x00200010, 0x00380010, 0x00401001, 0x0040A123, 0x00400275,
}  # fmt: skip
DUMMIES = {b"REMOVED", b"00000000"}


def walked(tree: Tree) -> Iterator[Element]:
    for element in tree:
        yield element
        for item in element.items or ():
            yield from walked(item)


def identities(tree: Tree) -> set[bytes]:
    """Names by their parts, ids, dates and UIDs, as the bytes that they are."""
    found = set()
    for element in walked(tree):
        if element.tag not in IDENTIFYING or element.items is not None:
            continue
        parts = bytes(element.raw).split(b"\\")
        if element.vr == "PN":
            parts = [p for part in parts for group in part.split(b"=") for p in group.split(b"^")]
        least = 3 if element.vr == "PN" else 6
        found |= {p for part in parts if len(p := part.strip(b"\0 ")) >= least}
    return {one for one in found if not one.startswith(b"1.2.840.10008.")} - DUMMIES


READABLE = []
for one in FILES:
    try:
        meta, dataset = opened(one)
        elements(dataset, meta.transfer_syntax)
    except Unreadable:
        continue
    READABLE.append(one)
each = pytest.mark.parametrize("path", READABLE, ids=lambda p: f"{p.parent.name}/{p.name}")


@each
def test_no_identity_remains_anywhere_in_the_bytes(path: Path) -> None:
    meta, dataset = opened(path)
    before, _ = elements(dataset, meta.transfer_syntax)

    done = deidentify(dataset, meta.transfer_syntax, SECRET)

    after, _ = elements(done.dataset, done.transfer_syntax)
    text = written(tuple(e for e in after if e.tag != PIXELS), done.transfer_syntax)
    assert [one for one in identities(before) if one in text] == []
    assert [e for e in walked(after) if e.tag >> 16 & 1 or e.vr == "UN"] == []
    removed = {tag for tag, action in ACTIONS.items() if action == "X"}
    assert [e for e in walked(after) if e.tag in removed] == []


@each
def test_pixels_and_what_describes_them_stay(path: Path) -> None:
    meta, dataset = opened(path)
    before, _ = elements(dataset, meta.transfer_syntax)

    done = deidentify(dataset, meta.transfer_syntax, SECRET, Options(dates=Dates.MODIFIED))

    after, _ = elements(done.dataset, done.transfer_syntax)
    for tag in (PIXELS, 0x00280010, 0x00280011, 0x00200032, 0x00280030, 0x00281053, 0x00080016):
        now, then = ([bytes(e.raw) for e in tree if e.tag == tag] for tree in (after, before))
        padded = [raw + b"\0" * (len(raw) % 2) for raw in then]  # a file has pixels of odd length
        assert now in (then, padded)


@each
def test_pydicom_reads_the_result(path: Path) -> None:
    meta, dataset = opened(path)
    done = deidentify(dataset, meta.transfer_syntax, SECRET, Options(clean_descriptors=True))
    try:
        head = file_head(facts(done.dataset, done.transfer_syntax, complete=True))
    except Unreadable:
        return  # It had no UIDs before.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read = pydicom.dcmread(io.BytesIO(head + done.dataset))
        for _ in read.iterall():
            pass

    assert read.PatientIdentityRemoved == "YES"
    assert [item.CodeValue for item in read.DeidentificationMethodCodeSequence] == [
        "113100",
        "113105",
    ]
    if "PatientName" in read and "PatientID" in read:
        assert read.PatientID == read.PatientName


@pytest.mark.skipif(shutil.which("dcmdump") is None, reason="dcmtk isn't installed")
def test_dcmdump_reads_every_result(tmp_path: Path) -> None:
    files = []
    for number, path in enumerate(READABLE):
        meta, dataset = opened(path)
        done = deidentify(dataset, meta.transfer_syntax, SECRET)
        try:
            head = file_head(facts(done.dataset, done.transfer_syntax, complete=True))
        except Unreadable:
            continue
        files.append(tmp_path / f"{number}.dcm")
        files[-1].write_bytes(head + done.dataset)

    dump = subprocess.run(
        ["dcmdump", "-q", "+E", *map(str, files)], capture_output=True, check=False
    )

    assert (dump.returncode, dump.stderr) == (0, b"")
    assert dump.stdout.count(b"PatientIdentityRemoved") == len(files)
