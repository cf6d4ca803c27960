"""Files, folders and archives: what is found in them, and what is refused in one line."""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from pathlib import Path

import pytest

from fhirserver.loader.pieces import PassedOver, Piece, Refused
from fhirserver.loader.sources import files_in, pieces
from tests.builders import a_patient
from tests.loader.files import text_of, write

LINES = text_of(*(a_patient(id=f"p{n}") for n in range(1200)))
DOCUMENT = text_of(a_patient(id="a"))


def found_in(*paths: Path) -> list[Piece | Refused | PassedOver]:
    return list(pieces(files_in(paths)))


def names(found: list[Piece | Refused | PassedOver]) -> list[str]:
    return [Path(s.name).name for p in found if isinstance(p, Piece) for s in p.sources]


def refused(found: list[Piece | Refused | PassedOver]) -> list[tuple[str, str]]:
    return [(Path(r.file).name, r.issues[0][1]) for r in found if isinstance(r, Refused)]


def a_zip(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def a_tar(path: Path, mode: str = "w:gz", **members: bytes) -> Path:
    with tarfile.open(path, mode) as archive:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


@pytest.mark.parametrize(
    ("suffix", "compress"),
    [("", bytes), (".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress)],
)
@pytest.mark.parametrize("name", ["a.ndjson", "a.jsonl", "a.json", "A.NDJSON"])
def test_compressed_files_are_loaded(load, tmp_path, name, suffix, compress):
    path = tmp_path / (name + suffix)
    path.write_bytes(compress(DOCUMENT))

    assert load(path).by_type() == {"Patient": {"created": 1}}


@pytest.mark.parametrize("name", ["a.zip", "a.tgz", "a.tar", "a.tar.bz2", "a.tar.xz"])
def test_archives_are_loaded(load, count, tmp_path, name):
    members = {
        "package/a.ndjson": LINES,
        "package/b.ndjson.gz": gzip.compress(text_of(a_patient(id="b"))),
        "package/c.json": text_of(a_patient(id="c")),
        "package/package.json": b'{"name": "hl7.fhir.us.core"}',
    }
    mode = "w:" + {"tgz": "gz", "tar": ""}.get(name.split(".")[-1], name.split(".")[-1])
    path = tmp_path / name
    archive = a_zip(path, **members) if name == "a.zip" else a_tar(path, mode, **members)

    summary = load(archive)

    assert (count("Patient"), summary.refused) == (1202, [])
    assert [p.file for p in summary.passed_over] == [f"{archive}!package/package.json"]


def test_folders_are_searched_in_the_order_of_names(tmp_path):
    for name in ("b.json", "a/z.json", "c.json", "a.json", ".git/x.json"):
        write(tmp_path / name, a_patient())

    assert names(found_in(tmp_path)) == ["a.json", "b.json", "c.json", "z.json"]


def test_lines_come_in_portions_that_know_where_they_are(tmp_path):
    path = tmp_path / "a.ndjson"
    path.write_bytes(LINES)

    sources = [s for p in found_in(path) for s in p.sources]
    assert [s.first_line for s in sources] == [1, 501, 1001]
    assert b"".join(s.data for s in sources) == LINES


def test_other_files_in_a_folder_are_passed_over(tmp_path):
    (tmp_path / "LICENSE").write_text("Apache")

    assert found_in(tmp_path) == [
        PassedOver(str(tmp_path / "LICENSE"), "its name is not that of a file that is read")
    ]


def test_a_file_that_is_named_must_be_one_that_is_read(tmp_path):
    (tmp_path / "LICENSE").write_text("Apache")

    assert "not that of a file that is read" in refused(found_in(tmp_path / "LICENSE"))[0][1]
    assert refused(found_in(tmp_path / "b.json")) == [("b.json", "it doesn't exist")]


def test_a_file_that_is_named_must_be_fhir(load, tmp_path):
    path = write(tmp_path / "a.json", {"name": "hl7.fhir.us.core"})

    assert "it has no resourceType" in load(path).refused[0].issues[0][1]


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz"])
@pytest.mark.parametrize("cut", [3, -3, -500])
def test_a_truncated_file_is_refused_in_one_line(load, tmp_path, suffix, cut):
    compress = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}[suffix]
    path = tmp_path / f"a.json{suffix}"
    path.write_bytes(compress(DOCUMENT + b" " + LINES)[:cut])

    [said] = load(path).refused
    assert "cut off" in said.issues[0][1]
    assert "\n" not in said.issues[0][1]


def test_the_lines_before_a_damage_are_loaded(load, count, tmp_path):
    path = tmp_path / "a.ndjson.gz"
    path.write_bytes(gzip.compress(LINES)[:-200])

    [said] = load(path).refused
    assert "cut off" in said.issues[0][1]
    assert count("Patient") > 0


@pytest.mark.parametrize("name", ["a.zip", "a.tgz"])
def test_a_truncated_archive_is_refused_in_one_line(load, tmp_path, name):
    members = {"a.ndjson": LINES, "b.json": DOCUMENT}
    path = tmp_path / name
    made = a_zip(path, **members) if name == "a.zip" else a_tar(path, **members)
    made.write_bytes(made.read_bytes()[: made.stat().st_size // 2])

    [said] = load(path).refused
    assert "cut off" in said.issues[0][1]


@pytest.mark.parametrize("name", ["../../a.json", "/etc/a.json", "..\\a.json", "C:\\a.json"])
def test_names_that_point_out_of_an_archive_are_refused(tmp_path, name):
    for made in (
        a_zip(tmp_path / "a.zip", **{name: DOCUMENT, "b.json": DOCUMENT}),
        a_tar(tmp_path / "a.tar.gz", **{name: DOCUMENT, "b.json": DOCUMENT}),
    ):
        found = found_in(made)

        assert len(refused(found)) == 1
        assert names(found) == [f"{made.name}!b.json"]


def test_links_in_an_archive_are_refused(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        member = tarfile.TarInfo("a.json")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(member)

    assert refused(found_in(tmp_path / "a.tar")) == [("a.tar!a.json", "it is a link or a device")]


def test_an_archive_in_an_archive_is_refused(tmp_path):
    inner = a_zip(tmp_path / "inner.zip", **{"a.json": DOCUMENT}).read_bytes()
    outer = a_zip(tmp_path / "outer.zip", **{"inner.zip": inner, "b.json": DOCUMENT})

    found = found_in(outer)
    assert "archive inside an archive" in refused(found)[0][1]
    assert names(found) == ["outer.zip!b.json"]


@pytest.mark.parametrize("name", ["a.zip", "a.ndjson.gz", "a.tgz", "a.json.bz2"])
def test_a_bomb_is_refused_before_it_explodes(load, tmp_path, name, monkeypatch):
    monkeypatch.setattr("fhirserver.loader.compression.ALWAYS_ALLOWED", 1_000_000)
    monkeypatch.setattr("fhirserver.loader.compression.LARGEST_LINE", 1 << 40)
    zeros = b" " * 30_000_000
    path = tmp_path / name
    if name == "a.zip":
        a_zip(path, **{"a.json": zeros})
    elif name == "a.tgz":
        a_tar(path, **{"a.json": zeros})
    else:
        path.write_bytes((gzip if name.endswith("gz") else bz2).compress(zeros))

    [said] = load(path).refused
    assert "unpacks to more than 500 times" in said.issues[0][1]


def test_a_document_that_is_too_large_is_refused(load, tmp_path, monkeypatch):
    monkeypatch.setattr("fhirserver.loader.compression.LARGEST_DOCUMENT", 1000)
    path = write(tmp_path / "a.json", a_patient(name=[{"text": "x" * 1000}]))

    assert "NDJSON" in load(path).refused[0].issues[0][1]


@pytest.mark.parametrize("data", [b"", b"\n", b"[]", b"{", b"\xff\xfe{}"])
def test_what_is_not_a_json_object_is_refused(load, tmp_path, data):
    path = tmp_path / "a.json"
    path.write_bytes(data)

    assert len(load(path).refused) == 1


def test_a_fifo_is_not_waited_for(tmp_path):
    import os

    os.mkfifo(tmp_path / "a.ndjson")

    assert refused(found_in(tmp_path)) == [("a.ndjson", "it is not a regular file")]
