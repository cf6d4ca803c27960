"""Definitions by canonical address, from the files that come with the server."""

import json
from pathlib import Path

import pytest

from fhirserver.model import canonicals, resource_file
from fhirserver.model.conformance import Folder, Parsed, shipped
from fhirserver.model.kept import Kept
from fhirserver.model.resource_file import ResourceFile

A = {"resourceType": "ValueSet", "id": "a", "url": "http://acme.org/vs/a", "status": "draft"}


def a_file(folder: Path, *resources: dict) -> ResourceFile:
    file = folder / "resources.bin"
    resource_file.write(resources, file, fingerprint="f")
    return ResourceFile(file)


@pytest.mark.parametrize(
    ("resource_type", "canonical", "name"),
    [
        ("StructureDefinition", "http://hl7.org/fhir/StructureDefinition/Patient", "Patient"),
        ("StructureDefinition", "http://hl7.org/fhir/StructureDefinition/bp|4.0.1", "bp"),
        ("ValueSet", "http://hl7.org/fhir/ValueSet/event-status", "event-status"),
        ("CodeSystem", "http://terminology.hl7.org/CodeSystem/v3-ActCode", "v3-ActCode"),
        ("SearchParameter", "http://hl7.org/fhir/SearchParameter/clinical-code", "clinical-code"),
        (
            "OperationDefinition",
            "http://hl7.org/fhir/OperationDefinition/Resource-validate",
            "Resource-validate",
        ),
    ],
)
def test_what_hl7_defines_is_found_by_its_address(resource_type, canonical, name) -> None:
    found = shipped().find(resource_type, canonical)

    assert found is not None
    assert (found["resourceType"], found["id"]) == (resource_type, name)


def test_a_version_that_is_not_there_is_not_found() -> None:
    url = "http://hl7.org/fhir/StructureDefinition/Patient"

    assert shipped().find("StructureDefinition", f"{url}|3.0.2") is None


def test_an_address_of_another_type_is_not_found() -> None:
    assert shipped().find("ValueSet", "http://hl7.org/fhir/StructureDefinition/Patient") is None


def test_every_address_that_is_listed_is_found() -> None:
    urls = list(shipped().urls("OperationDefinition"))

    assert len(urls) > 40
    assert all(shipped().find("OperationDefinition", url) for url in urls)


def test_examples_of_definitions_are_left_out() -> None:
    assert not any("/example-" in url for url in shipped().urls("ValueSet"))
    assert "http://hl7.org/fhir/SearchParameter/example" not in shipped().urls("SearchParameter")


def test_without_a_version_the_newest_is_found(tmp_path: Path) -> None:
    versions = ["2.0.0", "10.0.0", "10.0.0-ballot", "9.1.2"]
    file = a_file(tmp_path, *(A | {"version": v} for v in versions))
    found = file.find("ValueSet", A["url"])

    assert json.loads(found or b"")["version"] == "10.0.0"


def test_a_naming_system_is_found_by_its_unique_ids(tmp_path: Path) -> None:
    system = {
        "resourceType": "NamingSystem",
        "id": "n",
        "uniqueId": [{"type": "oid", "value": "1.2.3"}, {"type": "uri", "value": "http://acme/n"}],
    }
    file = a_file(tmp_path, system)

    assert file.find("NamingSystem", "1.2.3") == file.find("NamingSystem", "http://acme/n")
    assert json.loads(file.find("NamingSystem", "1.2.3") or b"") == system


def test_decimals_keep_their_digits(tmp_path: Path) -> None:
    resource = b'{"resourceType":"ValueSet","id":"a","url":"u","x":1.10}'
    (tmp_path / "ValueSet-a.json").write_bytes(resource)
    found = Parsed(lambda: [Folder(tmp_path)]).find("ValueSet", "u")

    assert str((found or {})["x"]) == "1.10"


def test_a_folder_of_reviewed_content_is_read_in_all_its_depth(tmp_path: Path) -> None:
    (tmp_path / "wards").mkdir()
    for version in ("1.0.0", "1.1.0"):
        file = tmp_path / "wards" / f"ValueSet-a-{version}.json"
        file.write_text(json.dumps(A | {"version": version}))
    folder = Folder(tmp_path)

    assert list(folder.urls("ValueSet")) == [A["url"]]
    assert b"1.1.0" in (folder.find("ValueSet", A["url"]) or b"")
    assert b"1.0.0" in (folder.find("ValueSet", f"{A['url']}|1.0.0") or b"")


def test_each_resource_of_a_bundle_of_reviewed_content_is_found(tmp_path: Path) -> None:
    entries = [
        {"resource": {"resourceType": "ValueSet", "url": f"http://a.example/{n}", "version": "1"}}
        for n in range(3)
    ]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    (tmp_path / "Bundle-a.json").write_text(json.dumps(bundle))
    folder = Folder(tmp_path)

    assert sorted(folder.urls("ValueSet")) == [f"http://a.example/{n}" for n in range(3)]
    text = folder.find("ValueSet", "http://a.example/1|1")
    assert text is not None
    assert json.loads(text) == entries[1]["resource"]
    assert folder.find("ValueSet", "http://a.example/1|2") is None


def test_the_first_source_that_has_a_definition_wins(tmp_path: Path) -> None:
    file = a_file(tmp_path, A | {"status": "retired"}, A | {"url": "http://acme.org/vs/b"})
    (tmp_path / "ValueSet-a.json").write_text(json.dumps(A))
    layers = Parsed(lambda: [Folder(tmp_path), file])

    assert (layers.find("ValueSet", A["url"]) or {})["status"] == "draft"
    assert layers.find("ValueSet", "http://acme.org/vs/b") is not None
    assert list(layers.urls("ValueSet")) == [A["url"], "http://acme.org/vs/b"]


def test_versions_have_an_order_whatever_their_scheme() -> None:
    ordered = [None, "1.0.0-ballot", "1.0.0", "1.0.1", "1.10.0", "2018-08-12", "2019-01-01"]

    assert sorted(set(ordered), key=canonicals.age) == ordered


def test_what_is_kept_stays_within_its_limit() -> None:
    kept = Kept[int](limit=10)
    for n in range(5):
        kept.put(n, n, 4)

    assert [kept.get(n) for n in range(5)] == [None, None, None, (3,), (4,)]
