"""Packages that are broken, or meant to do harm: a clear error, in little time and memory."""

from __future__ import annotations

import gzip
import io
import tarfile
import tracemalloc
from pathlib import Path

import pytest

from fhirserver.errors import Invalid
from fhirserver.model import package
from tests.pace import soon
from tests.packages.builders import a_manifest, a_tgz


def a_member(name: str, *, type_: bytes = tarfile.REGTYPE, size: int = 0, link: str = ""):
    member = tarfile.TarInfo(name)
    member.type, member.size, member.linkname = type_, size, link
    return member


def all_files(content: bytes) -> list[str]:
    return [f.path for f in package.files(content)]


@pytest.mark.parametrize(
    "name", ["../outside.json", "package/../../x.json", "/etc/passwd", "package\\..\\x.json"]
)
def test_a_path_that_leads_outside_is_refused(name) -> None:
    with pytest.raises(Invalid, match="outside of itself"):
        all_files(a_tgz({}, (a_member(name), b"")))


@pytest.mark.parametrize(
    "type_", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE]
)
def test_what_is_no_file_is_refused(type_) -> None:
    with pytest.raises(Invalid, match="is no file"):
        all_files(a_tgz({}, (a_member("package/x", type_=type_, link="/etc/passwd"), b"")))


def test_a_bomb_is_refused_in_little_memory() -> None:
    """100 MB of zeros in 100 kB."""
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w") as archive:
        zeros = bytes(100_000_000)
        archive.addfile(a_member("package/zeros.json", size=len(zeros)), io.BytesIO(zeros))
        del zeros
    bomb = gzip.compress(inner.getvalue())
    del inner
    tracemalloc.start()
    with soon(5), pytest.raises(Invalid, match="more than is allowed"):
        all_files(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(bomb) < 200_000
    assert peak < 20_000_000


def test_a_name_that_unpacks_without_end_is_refused() -> None:
    """A name in its own header block, which tarfile would read as a whole."""
    name = b"a" * 50_000_000
    header = a_member("././@LongLink", type_=tarfile.GNUTYPE_LONGNAME, size=len(name)).tobuf(
        tarfile.GNU_FORMAT
    )
    bomb = gzip.compress(header + name)
    tracemalloc.start()
    with pytest.raises(Invalid, match="more than is allowed"):
        all_files(bomb)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 20_000_000


def test_a_package_of_too_many_files_is_refused(monkeypatch) -> None:
    monkeypatch.setattr(package, "MAX_FILES", 10)

    with pytest.raises(Invalid, match="more than 10 files"):
        all_files(a_tgz({f"package/{n}.json": {} for n in range(11)}))


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.999])
def test_half_a_package_is_refused(part) -> None:
    content = a_tgz({f"package/{n}.json": {"x": str(n) * 5000} for n in range(50)})

    with pytest.raises(Invalid, match=r"gzipped tar file|cut off"):
        all_files(content[: int(len(content) * part)])


def test_a_damaged_package_is_refused() -> None:
    content = bytearray(a_tgz({"package/a.json": {"x": "y" * 5000}}))
    content[-6] ^= 0xFF  # In the checksum.

    with pytest.raises(Invalid, match="gzipped tar file"):
        all_files(bytes(content))


def test_a_package_may_be_a_file_or_bytes(tmp_path: Path) -> None:
    content = a_tgz({"package/package.json": a_manifest()})
    (tmp_path / "p.tgz").write_bytes(content)

    assert package.manifest(content) == package.manifest(tmp_path / "p.tgz") == a_manifest()
