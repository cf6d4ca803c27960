"""References: reading, finding, rewriting."""

import bz2
import timeit
from pathlib import Path

import pytest

from fhirserver.model import json
from fhirserver.model.references import ParsedReference, parse_reference, references, rewrite

BASE = "https://here.example/fhir"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Patient/1", {"type": "Patient", "id": "1"}),
        ("Patient/1/_history/2", {"type": "Patient", "id": "1", "version": "2"}),
        (f"{BASE}/Patient/1", {"type": "Patient", "id": "1"}),
        ("http://x.org/r4/Patient/1", {"type": "Patient", "id": "1", "base": "http://x.org/r4"}),
        ("Practitioner?identifier=a|b", {"type": "Practitioner", "query": "identifier=a|b"}),
        ("#p1", {"fragment": "p1"}),
        ("#", {"fragment": ""}),
        ("urn:uuid:5c3a", {}),
        ("http://x.org/page", {}),
        ("Robot/1", {}),
        ("Patient/not an id", {}),
    ],
)
def test_a_reference_is_read(text: str, expected: dict[str, str]) -> None:
    assert parse_reference(text, BASE) == ParsedReference(text, **expected)


def test_a_reference_to_this_server_is_local() -> None:
    assert parse_reference(f"{BASE}/Patient/1", BASE).is_local
    assert not parse_reference("http://x.org/r4/Patient/1", BASE).is_local
    assert not parse_reference("urn:uuid:5c3a", BASE).is_local


OBSERVATION = {
    "resourceType": "Observation",
    "contained": [
        {"resourceType": "Specimen", "id": "s", "subject": {"reference": "urn:uuid:patient"}}
    ],
    "extension": [{"url": "http://x.org/e", "valueReference": {"reference": "urn:uuid:device"}}],
    "_effectiveDateTime": {
        "extension": [{"url": "http://x.org/t", "valueUri": "urn:uuid:patient"}]
    },
    "subject": {"reference": "urn:uuid:patient", "display": "urn:uuid:patient"},
    "performer": [{"reference": "Practitioner?identifier=1"}, {"reference": "urn:uuid:patient"}],
    "identifier": [{"system": "http://x.org/ids", "value": "urn:uuid:patient"}],
    "instantiatesCanonical": "urn:uuid:patient",
}


def test_every_reference_is_found_with_its_path_and_targets() -> None:
    found = {link.expression: link.text for link in references(OBSERVATION)}

    assert found == {
        "Observation.contained[0].subject.reference": "urn:uuid:patient",
        "Observation.extension[0].value.reference": "urn:uuid:device",
        "Observation.subject.reference": "urn:uuid:patient",
        "Observation.performer[0].reference": "Practitioner?identifier=1",
        "Observation.performer[1].reference": "urn:uuid:patient",
    }
    subject = next(
        k for k in references(OBSERVATION) if k.expression.endswith("n.subject.reference")
    )
    assert subject.targets == ("Patient", "Group", "Device", "Location")


def test_references_inside_a_bundle_are_found() -> None:
    bundle = {"resourceType": "Bundle", "entry": [{"resource": OBSERVATION}]}

    expressions = [link.expression for link in references(bundle)]

    assert "Bundle.entry[0].resource.subject.reference" in expressions


def test_an_unknown_resource_has_no_references() -> None:
    assert list(references({"resourceType": "Robot", "subject": {"reference": "Patient/1"}})) == []
    assert list(references({"subject": {"reference": "Patient/1"}})) == []


def test_links_are_replaced_where_the_standard_says() -> None:
    new = rewrite(OBSERVATION, {"urn:uuid:patient": "Patient/1"}.get)

    assert new["subject"]["reference"] == "Patient/1"
    assert new["contained"][0]["subject"]["reference"] == "Patient/1"
    assert new["performer"][1]["reference"] == "Patient/1"
    assert new["_effectiveDateTime"]["extension"][0]["valueUri"] == "Patient/1"


def test_texts_and_canonicals_that_look_like_links_are_left_alone() -> None:
    new = rewrite(OBSERVATION, {"urn:uuid:patient": "Patient/1"}.get)

    assert new["subject"]["display"] == "urn:uuid:patient"
    assert new["identifier"][0]["value"] == "urn:uuid:patient"
    assert new["instantiatesCanonical"] == "urn:uuid:patient"


def test_rewriting_leaves_the_original_and_shares_what_is_the_same() -> None:
    new = rewrite(OBSERVATION, {"urn:uuid:patient": "Patient/1"}.get)

    assert OBSERVATION["subject"]["reference"] == "urn:uuid:patient"
    assert new["identifier"] is OBSERVATION["identifier"]
    assert list(new) == list(OBSERVATION)


def test_nothing_to_replace_gives_the_same_object() -> None:
    assert rewrite(OBSERVATION, {"urn:uuid:nobody": "Patient/1"}.get) is OBSERVATION


def test_links_in_a_narrative_are_replaced() -> None:
    div = """<div xmlns="http://www.w3.org/1999/xhtml"><a href="urn:uuid:p">x</a><img alt="" src='urn:uuid:p'/> href="urn:uuid:q"</div>"""
    resource = {"resourceType": "Patient", "text": {"status": "generated", "div": div}}

    new = rewrite(resource, {"urn:uuid:p": "Patient?a=1&b=2"}.get)

    assert new["text"]["div"].count('"Patient?a=1&amp;b=2"') == 2
    assert 'href="urn:uuid:q"' in new["text"]["div"]


def test_a_misshapen_resource_does_no_harm() -> None:
    odd = {"resourceType": "Patient", "managingOrganization": [1, None], "name": "x", "link": {}}

    assert rewrite(odd, {}.get) is odd
    assert list(references(odd)) == []


def test_a_resource_is_rewritten_in_microseconds(shared: Path) -> None:
    file = min(shared.glob("synthea/0[0-9a-f]*.bz2"))
    entries = json.parse(bz2.decompress(file.read_bytes()))["entry"]
    ids = {e["fullUrl"]: f"{e['resource']['resourceType']}/{e['resource']['id']}" for e in entries}
    resources = [e["resource"] for e in entries]

    def run() -> None:
        for r in resources:
            rewrite(r, ids.get)

    # Ten times what is aimed at, so that a busy machine doesn't fail the build.
    assert min(timeit.repeat(run, number=1, repeat=3)) / len(resources) < 200e-6
