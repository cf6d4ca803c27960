"""Bundles, documents and messages: https://hl7.org/fhir/R4/bundle.html"""

from typing import Any

import pytest

from tests.validation.profiles import errors, issues, profile

UUID = "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e"


def patient(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "active": True, **more}


def bundle(type_: str, *entries: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": type_, "entry": list(entries), **more}


def entry(resource: dict[str, Any], url: str | None = f"{UUID}0") -> dict[str, Any]:
    return {"resource": resource} if url is None else {"fullUrl": url, "resource": resource}


@pytest.mark.parametrize(
    ("url", "places"),
    [
        (f"{UUID}0", []),
        ("http://there.example/fhir/Patient/1", []),
        ("http://there.example/fhir/Patient/2", ["Bundle.entry[0]"]),
        ("http://there.example/fhir/Person/1", ["Bundle.entry[0]"]),
        ("http://there.example/something", []),
        ("Patient/1", ["Bundle.entry[0]"]),
        (None, ["Bundle.entry[0]"]),
    ],
)
def test_full_urls(url: str | None, places: list[str]) -> None:
    assert errors(bundle("collection", entry(patient(id="1"), url))) == places


def test_what_a_search_says_of_itself_needs_no_address() -> None:
    problem = {"severity": "warning", "code": "informational"}
    outcome = {"resourceType": "OperationOutcome", "issue": [problem]}

    assert errors(bundle("searchset", entry(outcome, None) | {"search": {"mode": "outcome"}})) == []


def composition(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Composition",
        "status": "final",
        "type": {"text": "Letter"},
        "date": "2020",
        "author": [{"reference": f"{UUID}1"}],
        "title": "Letter",
        **more,
    }


def document(*entries: dict[str, Any]) -> dict[str, Any]:
    identifier = {"system": "urn:ietf:rfc:3986", "value": f"{UUID}9"}
    return bundle("document", *entries, identifier=identifier, timestamp="2020-01-01T00:00:00Z")


DOCTOR = {"resourceType": "Practitioner", "name": [{"text": "A"}]}


def test_a_document_holds_what_its_composition_refers_to() -> None:
    letter = entry(composition())

    assert errors(document(letter, entry(DOCTOR, f"{UUID}1"))) == []
    assert errors(document(letter)) == ["Bundle.entry[0].resource.author[0]"]


def test_everything_in_a_document_can_be_reached() -> None:
    stray = entry(patient(), f"{UUID}2")

    assert errors(document(entry(composition()), entry(DOCTOR, f"{UUID}1"), stray)) == [
        "Bundle.entry[2]"
    ]


def test_two_entries_with_one_address_leave_a_reference_open() -> None:
    entries = [
        entry(patient(meta={"versionId": "1"}), f"{UUID}1"),
        entry(patient(meta={"versionId": "2"}), f"{UUID}1"),
        entry(patient(generalPractitioner=[{"reference": f"{UUID}1"}]), f"{UUID}2"),
    ]

    assert "Bundle.entry[2].resource.generalPractitioner[0]" in errors(
        bundle("collection", *entries)
    )


def message(*entries: dict[str, Any]) -> dict[str, Any]:
    header = {
        "resourceType": "MessageHeader",
        "eventUri": "http://wards.example/admit",
        "source": {"endpoint": "http://wards.example"},
        "focus": [{"reference": f"{UUID}1"}],
    }
    return bundle("message", entry(header), *entries)


def test_a_message_has_what_it_is_about() -> None:
    assert errors(message(entry(patient(), f"{UUID}1"))) == []
    assert errors(message(entry(patient(), f"{UUID}2"))) == ["Bundle.entry[0].resource.focus[0]"]


@pytest.mark.parametrize(
    ("bundle_", "key"),
    [
        (bundle("message", entry(patient())), "bdl-12"),
        (bundle("document", entry(patient())), "bdl-11"),
        (bundle("document", entry(composition())), "bdl-9"),
        (bundle("collection", entry(patient()), entry(patient())), "bdl-7"),
        (bundle("transaction", entry(patient())), "bdl-3"),
    ],
)
def test_a_bundle_has_what_its_type_asks_for(bundle_: dict[str, Any], key: str) -> None:
    assert any(i.text.startswith(f"{key}:") for i in issues(bundle_) if i.severity == "error")


def test_a_relative_reference_means_the_server_of_its_own_entry() -> None:
    here, there = "http://here.example/fhir", "http://there.example/fhir"
    named = profile("Patient", {"path": "Patient.name", "min": 1}, name="named")
    type_ = {"code": "Reference", "targetProfile": [named["url"]]}
    it = profile("Observation", {"path": "Observation.subject", "type": [type_]})
    observed = {
        "resourceType": "Observation",
        "id": "o",
        "meta": {"profile": [it["url"]]},
        "status": "final",
        "code": {"text": "A"},
        "subject": {"reference": "Patient/1"},
    }

    def of_nameless(base: str) -> list[str | None]:
        entries = [
            entry(observed, f"{here}/Observation/o"),
            entry(patient(id="1"), f"{base}/Patient/1"),
        ]
        return errors(bundle("collection", *entries), it, named)

    assert of_nameless(here) == ["Bundle.entry[0].resource.subject"]
    assert of_nameless(there) == []


def test_links_belong_to_searches() -> None:
    links = [{"relation": r, "url": "http://a.example"} for r in ("self", "first", "first")]

    assert errors(
        bundle("searchset", total=0, link=links) | {"entry": [entry(patient(id="1"))]}
    ) == ["Bundle.link[2]"]
    assert errors(bundle("collection", entry(patient()), link=links[:2])) == [
        "Bundle.link[1].relation"
    ]
