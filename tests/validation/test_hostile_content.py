"""Whatever a resource has where, validation says what is wrong and does not break."""

import copy
import random
import tarfile
from pathlib import Path
from typing import Any

from fhirserver.model import json
from fhirserver.model.conformance import shipped
from fhirserver.validation.validator import Validator
from tests.pace import soon
from tests.validation.profiles import URL, errors, issues, profile

JUNK: list[Any] = [
    None, True, 0, -1, "", "x", "http://x.example/z", "#a", [], {}, {"a": 1}, [None], [{}],
    "Patient/1", {"resourceType": "Patient"}, {"extension": [{"url": "x"}]}, 10**30,
]  # fmt: skip


def places(value: Any) -> list[tuple[Any, Any]]:
    members = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, member in members:
        found.append((value, key))
        if isinstance(member, dict | list):
            found += places(member)
    return found


def test_content_in_the_wrong_places_is_told(shared: Path) -> None:
    chance = random.Random(7)
    validator = Validator(shipped())
    with tarfile.open(shared / "r4-examples" / "r4-examples-instances.tar.xz") as archive:
        files = [m for m in archive if m.name.endswith(".json") and m.size < 20_000]
        chosen = sorted(chance.sample(files, 100), key=lambda m: m.offset)
        texts = [archive.extractfile(m).read() for m in chosen]  # type: ignore[union-attr]

    for text in texts:
        for _ in range(4):
            resource = copy.deepcopy(json.parse(text))
            for _ in range(3):
                owner, key = chance.choice(places(resource))
                owner[key] = copy.deepcopy(chance.choice(JUNK))
            validator.validate(resource)
            validator.check_declared(resource)


def patient(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "active": True, **more}


def bundle(*resources: dict[str, Any], type_: str = "collection", **more: Any) -> dict[str, Any]:
    entries = [
        {"fullUrl": f"urn:uuid:0c3151bd-1cbf-4d64-b04d-{i:012}", "resource": r}
        for i, r in enumerate(resources)
    ]
    return {"resourceType": "Bundle", "type": type_, "entry": entries, **more}


def test_a_hundred_thousand_elements_end_soon() -> None:
    with soon(3):
        assert errors(patient(name=[{"text": "A"}] * 50_000)) == []


def test_many_values_of_many_closed_slices_end_soon() -> None:
    slicing = {"discriminator": [{"type": "value", "path": "system"}], "rules": "closed"}
    path = "Patient.identifier"
    it = profile(
        "Patient",
        {"path": path, "slicing": slicing},
        *(
            element
            for i in range(20)
            for element in (
                {"path": path, "sliceName": f"s{i}"},
                {"path": f"{path}.system", "id": f"{path}:s{i}.system", "fixedUri": f"urn:x:{i}"},
            )
        ),
    )

    with soon(3):
        assert len(errors(patient(identifier=[{"system": "urn:y"}] * 5_000), it)) == 1_000


def test_links_of_a_long_narrative_end_soon() -> None:
    links = '<a href="#nowhere">A</a>' * 10_000
    div = f'<div xmlns="http://www.w3.org/1999/xhtml">{links}</div>'
    resource = patient(text={"status": "generated", "div": div}, name=[{"text": "A"}] * 2_000)

    with soon(3):
        assert errors(resource) == []


def test_thousands_of_contained_resources_end_soon() -> None:
    ids = [f"p{i}" for i in range(3_000)]
    resource = patient(
        contained=[{"resourceType": "Practitioner", "id": i} for i in ids],
        generalPractitioner=[{"reference": f"#{i}"} for i in ids],
    )

    with soon(3):
        assert errors(resource) == []


def test_a_document_whose_entries_are_a_long_chain_ends_soon() -> None:
    url = "urn:uuid:0c3151bd-1cbf-4d64-b04d-{:012}"
    composition = {
        "resourceType": "Composition",
        "status": "final",
        "type": {"text": "Letter"},
        "date": "2020",
        "author": [{"reference": url.format(1)}],
        "title": "Letter",
    }
    chain = [
        patient(link=[{"type": "seealso", "other": {"reference": url.format(i + 2)}}])
        for i in range(3_000)
    ]
    document = bundle(
        composition,
        *chain,
        type_="document",
        identifier={"system": "urn:x", "value": "1"},
        timestamp="2020-01-01T00:00:00Z",
    )

    with soon(3):
        assert not [i for i in issues(document) if "nothing leads" in i.text]


def test_errors_are_told_however_many_warnings_there_are() -> None:
    resources = [patient() for _ in range(1_500)]

    assert errors(bundle(*resources, patient(gender="klingon"))) == [
        "Bundle.entry[1500].resource.gender"
    ]


def test_profiles_based_on_one_another_end() -> None:
    one = profile("Patient", {"path": "Patient.name", "min": 1}, name="one")
    other = profile("Patient", {"path": "Patient.name", "min": 1}, name="other")
    one["baseDefinition"], other["baseDefinition"] = other["url"], one["url"]

    found = issues(patient(), one, other, profiles=(one["url"],))

    assert [i.text for i in found if i.severity == "error"] == [
        f"no snapshot of the profile {one['url']} can be made: validate its StructureDefinition"
    ]
    assert "StructureDefinition" in errors(one, other, profiles=())


def test_a_profile_that_slices_by_itself_ends() -> None:
    path = "Bundle.entry"
    by_profile = {"discriminator": [{"type": "profile", "path": "resource"}], "rules": "open"}
    type_ = {"code": "Bundle", "profile": [f"{URL}it"]}
    it = profile(
        "Bundle",
        {"path": path, "slicing": by_profile},
        {"path": path, "sliceName": "own"},
        {"path": f"{path}.resource", "id": f"{path}:own.resource", "type": [type_]},
    )
    nested = patient()
    for _ in range(10):
        nested = bundle(nested, nested) if _ < 4 else bundle(nested)

    with soon(3):
        issues(nested, it, profiles=(it["url"],))


def test_an_extension_whose_parts_have_its_own_profile_ends() -> None:
    own = f"{URL}own"
    by_url = {"discriminator": [{"type": "value", "path": "url"}], "rules": "open"}
    part = {"code": "Extension", "profile": [own]}
    it = profile(
        "Extension",
        {"path": "Extension.extension", "slicing": by_url},
        {"path": "Extension.extension", "sliceName": "part", "type": [part]},
        name="own",
        context=[{"type": "element", "expression": "Element"}],
    )
    nested: dict[str, Any] = {"url": own, "valueString": "A"}
    for _ in range(15):
        nested = {"url": own, "extension": [nested]}

    with soon(3):
        issues(patient(extension=[nested]), it)


def test_an_invariant_that_takes_too_long_is_told_once() -> None:
    everything = "%resource.descendants()"
    rule = {
        "key": "w-1",
        "severity": "error",
        "human": "A",
        "expression": f"{everything}.all({everything}.all({everything}.count() > 0))",
    }
    it = profile("Patient", {"path": "Patient.name", "constraint": [rule]})
    resource = patient(name=[{"text": "A"}] * 400)

    with soon(10):
        found = issues(resource, it, profiles=(it["url"],))

    assert [i.code for i in found if i.severity == "error"] == ["too-costly"]
