"""`fhirserver package`, as a user runs it."""

from __future__ import annotations

import pytest

from tests.packages.builders import a_package, a_value_set


@pytest.fixture
def packaged(tmp_path):
    file = tmp_path / "acme.tgz"
    needs = {"acme.other": "1.0.0"}
    file.write_bytes(a_package(a_value_set("cli"), name="acme.cli", dependencies=needs))
    return file


def test_a_package_is_installed_and_listed(packaged, database_url, fhirserver):
    installed = fhirserver(
        "package", "install", str(packaged), FHIRSERVER_DATABASE_URL=database_url
    )
    listed = fhirserver("package", "list", FHIRSERVER_DATABASE_URL=database_url)

    assert installed.returncode == 0, installed.stderr
    assert "installed acme.cli#1.0.0: 1 ImplementationGuide, 1 ValueSet" in installed.stdout
    assert "missing package: acme.other#1.0.0, needed by acme.cli#1.0.0" in installed.stdout
    assert "acme.cli  1.0.0  installed" in listed.stdout
    assert "hl7.fhir.r4.core  4.0.1" in listed.stdout


def test_what_is_no_package_is_one_line_that_names_the_file(tmp_path, database_url, fhirserver):
    (tmp_path / "half.tgz").write_bytes(b"\x1f\x8b\x08 half")

    done = fhirserver(
        "package", "install", str(tmp_path / "half.tgz"), FHIRSERVER_DATABASE_URL=database_url
    )

    assert done.returncode == 1
    assert done.stderr.startswith("Error: half.tgz: the package is not a gzipped tar file")
    assert done.stderr.count("\n") == 1


def test_a_file_that_is_not_there_is_one_line(tmp_path, database_url, fhirserver):
    done = fhirserver(
        "package", "install", str(tmp_path / "none.tgz"), FHIRSERVER_DATABASE_URL=database_url
    )

    assert done.stderr.count("\n") == 1
    assert "none.tgz: " in done.stderr
