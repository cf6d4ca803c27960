"""Every collected file: read as pydicom reads it, or refused in plain words."""

from __future__ import annotations

import io
import json
import warnings
from pathlib import Path
from typing import Any

import pydicom
import pytest

from dicom_gateway.datasets import Meta, NeedMore, Unreadable, facts, json_model, read_file_head
from tests.dicom_gateway.written import SHARED

PYDICOM = Path(pydicom.__file__).parent / "data"
"""What comes with the library; the other collections are read where they are."""
FILES = sorted(
    path
    for folder in (
        PYDICOM / "test_files",
        PYDICOM / "charset_files",
        *(
            SHARED / name
            for name in ("dcmqi", "dcmtk_worklist", "highdicom", "pydicom_data", "pynetdicom")
        ),
    )
    for path in folder.rglob("*")
    if path.is_file()
    and path.suffix not in {".dump", ".txt", ".md", ".json", ".py", ".pyc"}
    and path.name not in {"README", "lockfile"}
)
NO_DICOM = {"crayons.icc", "zipMR.gz", "meta_missing_tsyntax.dcm", "no_meta.dcm"}
CUT = {"emri_small_jpeg_2k_lossless_too_short.dcm", "rtplan_truncated.dcm"}
CONFUSED = {"DICOMDIR-nooffset"}
"""Its items are longer than their sequence."""

each = pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}/{p.name}")


def opened(path: Path) -> tuple[Meta, bytes]:
    data = path.read_bytes()
    meta, at = read_file_head(data)
    return meta, data[at:]


def theirs(path: Path) -> dict[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(io.BytesIO(path.read_bytes()), force=True)
        return json.loads(dataset.to_json(suppress_invalid_tags=True))


def differences(ours: dict[str, Any], other: dict[str, Any], place: str = "") -> list[str]:
    """Where the models differ, but for what we do otherwise on purpose."""
    found = []
    for tag in sorted(ours.keys() | other.keys()):
        mine, its = ours.get(tag), other.get(tag)
        if tag.endswith("0000"):
            continue  # group lengths
        if its is None:  # pydicom leaves out what it can't convert
            if mine.get("Value") is None or mine["vr"] not in {"UI", "SH", "IS", "SQ"}:
                found.append(f"{place}{tag} is ours alone")
        elif mine is None:
            found.append(f"{place}{tag} is missing")
        elif mine["vr"] == "UN" and int(tag[3], 16) % 2:
            continue  # private, for which pydicom has a dictionary
        elif mine["vr"] == "SQ":
            pairs = zip(mine.get("Value", []), its.get("Value", []), strict=True)
            for n, (one, two) in enumerate(pairs):
                found += differences(one, two, f"{place}{tag}/{n}/")
        elif "BulkDataURI" not in mine and plain(mine) != plain(its):
            found.append(f"{place}{tag}: {mine} is {its}")
    return found


def plain(value: dict[str, Any]) -> Any:
    values = [(v.rstrip() or None) if isinstance(v, str) else v for v in value.get("Value", [])]
    return value["vr"], values, value.get("InlineBinary")


@each
def test_a_file_is_read_as_pydicom_reads_it_or_refused(path: Path) -> None:
    try:
        meta, dataset = opened(path)
    except Unreadable:
        assert path.name in NO_DICOM
        return
    try:
        ours = json.loads(json_model(dataset, meta.transfer_syntax, "bulk"))
    except Unreadable as refused:
        assert path.name in CUT | CONFUSED, refused  # noqa: PT017
        return

    found = differences(ours, theirs(path))

    if path.name == "OBXXXX1A_expb.dcm":  # pydicom doesn't swap words of big endian datasets
        found = [one for one in found if not one.startswith("0028120")]
    if path.name == "SC_rgb_jpeg.dcm":  # encapsulated pixels called OW, which we tell as they say
        found = [one for one in found if not one.startswith("7FE00010")]
    assert found == []


@each
def test_the_facts_are_those_of_the_whole_model(path: Path) -> None:
    try:
        meta, dataset = opened(path)
        ours = json.loads(json_model(dataset, meta.transfer_syntax, "bulk"))
        known = facts(dataset, meta.transfer_syntax, complete=True)
    except Unreadable:
        return

    assert {tag: ours[tag] for tag in known.keys} == known.keys
    assert known.instance == ours["00080018"]["Value"][0]


@each
def test_a_beginning_gives_the_same_facts_or_asks_for_more(path: Path) -> None:
    try:
        meta, dataset = opened(path)
        known = facts(dataset, meta.transfer_syntax, complete=True)
    except Unreadable:
        return
    ends = sorted(
        {*range(0, min(len(dataset), 8192), 397), *range(0, min(len(dataset), 65536), 8191)}
    )
    for end in ends:
        try:
            assert facts(dataset[:end], meta.transfer_syntax) == known
        except NeedMore:
            pass


@each
def test_a_cut_file_is_never_more_than_refused(path: Path) -> None:
    data = path.read_bytes()
    for end in {*range(0, min(len(data), 4096), 211), len(data) // 2, len(data) - 1}:
        try:
            meta, at = read_file_head(data[:end])
            json_model(data[at:end], meta.transfer_syntax, "bulk")
        except (Unreadable, NeedMore):
            pass
