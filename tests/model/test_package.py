"""Reading FHIR NPM packages, and compiling one."""

import io
import json
import tarfile
from pathlib import Path

import msgspec
import pytest

from fhirserver.errors import Invalid
from fhirserver.model import build, package
from fhirserver.model.definitions import Compiled, Definitions


def a_package(folder: Path, files: dict[str, object]) -> Path:
    target = folder / "package.tgz"
    with tarfile.open(target, "w:gz") as archive:
        for name, content in files.items():
            body = content if isinstance(content, bytes) else json.dumps(content).encode()
            member = tarfile.TarInfo(name)
            member.size = len(body)
            archive.addfile(member, io.BytesIO(body))
    return target


MANIFEST = {"name": "a.package", "version": "1.0.0"}
PATIENT = {"resourceType": "Patient", "id": "p"}


def test_the_manifest_is_read(tmp_path: Path) -> None:
    assert package.manifest(a_package(tmp_path, {"package/package.json": MANIFEST})) == MANIFEST


def test_resources_of_the_wanted_types_are_read(tmp_path: Path) -> None:
    file = a_package(
        tmp_path,
        {
            "package/package.json": MANIFEST,
            "package/Patient-p.json": PATIENT,
            "package/Group-g.json": {"resourceType": "Group"},
            "package/example/Patient-q.json": PATIENT,
            "package/notes.json": b"{not json",
        },
    )

    assert list(package.resources(file, {"Patient"})) == [PATIENT]


def test_a_package_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"package\.json"):
        package.manifest(a_package(tmp_path, {"package/Patient-p.json": PATIENT}))


def test_what_is_no_package_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "package.tgz"
    file.write_bytes(b"not a package")

    with pytest.raises(Invalid, match="gzipped tar"):
        package.manifest(file)


def test_a_package_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(package, "MAX_PACKAGE_BYTES", 100)
    file = a_package(tmp_path, {"package/Patient-p.json": PATIENT | {"x": "y" * 200}})

    with pytest.raises(Invalid, match="more than is allowed"):
        list(package.resources(file, {"Patient"}))


def test_a_package_is_compiled(tmp_path: Path) -> None:
    file = a_package(
        tmp_path,
        {
            "package/package.json": MANIFEST,
            "package/StructureDefinition-Thing.json": {
                "resourceType": "StructureDefinition",
                "type": "Thing",
                "kind": "resource",
                "abstract": False,
                "snapshot": {
                    "element": [
                        {"path": "Thing", "min": 0, "max": "*"},
                        {
                            "path": "Thing.colour[x]",
                            "min": 1,
                            "max": "1",
                            "base": {"max": "1"},
                            "type": [{"code": "string"}, {"code": "code"}],
                        },
                    ]
                },
            },
        },
    )
    output = tmp_path / "out.msgpack"

    build.compile_package(file, output)
    compiled = Definitions(msgspec.msgpack.decode(output.read_bytes(), type=Compiled))

    assert compiled.resource_types == ("Thing",)
    assert list(compiled.properties("Thing")) == ["colourString", "colourCode"]
