"""What a package says of itself, and which of its resources count."""

from __future__ import annotations

import pytest

from fhirserver.errors import Invalid
from fhirserver.packages.contents import read
from tests.packages.builders import a_manifest, a_package, a_profile, a_tgz, a_value_set

PATIENT = {"resourceType": "Patient", "id": "p"}


def test_definitions_are_told_from_examples() -> None:
    made = a_package(a_value_set(), a_profile(), PATIENT, examples=(a_value_set("e"), PATIENT))
    found = read(made, examples=True)

    assert [r["id"] for r in found.definitions] == ["wards", "our-patient"]
    assert sorted(r["id"] for r in found.examples) == ["e", "p"]
    assert read(made).examples == ()


def test_the_name_and_the_dependencies_are_read() -> None:
    made = read(a_package(dependencies={"hl7.fhir.r4.core": "4.0.1"}))

    assert made.label == "acme.guide#1.0.0"
    assert made.dependencies == {"hl7.fhir.r4.core": "4.0.1"}


def test_a_tools_own_files_are_passed_over() -> None:
    files = {
        "package/package.json": a_manifest(),
        "package/.index.json": {"index-version": 1, "files": []},
        "package/other/spec.json": b"{not json",
        "package/openapi/Patient.openapi.json": {"openapi": "3.0"},
        "package/xml/Patient.sch": b"<x/>",
    }

    assert read(a_tgz(files)).definitions == ()


def test_a_file_that_is_no_json_is_named() -> None:
    files = {"package/package.json": a_manifest(), "package/ValueSet-x.json": b'{"a": '}

    with pytest.raises(Invalid, match=r"package/ValueSet-x\.json: the body is not JSON"):
        read(a_tgz(files))


def test_a_file_that_nests_without_end_is_named() -> None:
    deep = b'{"a":' * 100_000
    files = {"package/package.json": a_manifest(), "package/ValueSet-x.json": deep}

    with pytest.raises(Invalid, match=r"package/ValueSet-x\.json: "):
        read(a_tgz(files))


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ({"version": "1.0.0"}, "no proper name"),
        ({"name": "a b", "version": "1.0.0"}, "no proper name"),
        ({"name": "a"}, "no proper version"),
        ({"name": "a", "version": 1}, "no proper version"),
        (a_manifest(dependencies=["x"]), "not names with versions"),
        (a_manifest(dependencies={"x": 1}), "not names with versions"),
        (a_manifest(fhirVersions=["5.0.0"]), r"is for FHIR 5\.0\.0; this server speaks 4\.0\.1"),
    ],
)
def test_a_manifest_that_says_too_little_is_refused(manifest, message) -> None:
    with pytest.raises(Invalid, match=message):
        read(a_tgz({"package/package.json": manifest}))


def test_an_archive_without_a_manifest_is_no_package() -> None:
    with pytest.raises(Invalid, match="it is no FHIR package"):
        read(a_tgz({"package/ValueSet-x.json": a_value_set()}))


def test_two_definitions_with_one_address_are_refused() -> None:
    other = a_value_set() | {"title": "another"}
    files = {
        "package/package.json": a_manifest(),
        "package/ValueSet-1.json": a_value_set(),
        "package/ValueSet-2.json": other,
    }

    with pytest.raises(Invalid, match=r"ValueSet-2\.json defines .* another way"):
        read(a_tgz(files))


def test_more_than_can_be_installed_at_once_is_refused() -> None:
    with pytest.raises(Invalid, match="more resources than can be installed at once"):
        read(a_package(a_value_set(title="x" * 200)), most_bytes=100)
