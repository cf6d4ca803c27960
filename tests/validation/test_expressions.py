"""What expressions ask of profiles and codes: https://hl7.org/fhir/R4/fhirpath.html#functions"""

from __future__ import annotations

from typing import Any

import pytest

from fhirserver import fhirpath
from fhirserver.errors import Invalid, NotSupported
from fhirserver.validation.validator import Validator
from tests.validation.profiles import URL, Known, issues, profile

NAMED = profile("Patient", {"path": "Patient.name", "min": 1}, name="named")
SLICED = profile(
    "Patient",
    {
        "path": "Patient.identifier",
        "slicing": {"discriminator": [{"type": "value", "path": "system"}], "rules": "open"},
    },
    {"path": "Patient.identifier", "sliceName": "mrn"},
    {
        "id": "Patient.identifier:mrn.system",
        "path": "Patient.identifier.system",
        "fixedUri": "urn:mrn",
    },
    name="sliced",
)
OFFICIAL = profile(
    "HumanName", {"path": "HumanName.use", "min": 1}, name="official", kind="complex-type"
)
KNOWN = (NAMED, SLICED, OFFICIAL)
DIV = "<div xmlns='http://www.w3.org/1999/xhtml'>{}</div>"

PATIENT = {
    "resourceType": "Patient",
    "name": [{"family": "Ng", "use": "usual"}, {"family": "Ng"}],
    "identifier": [{"system": "urn:mrn", "value": "1"}, {"system": "urn:ssn", "value": "2"}],
    "maritalStatus": {"coding": [{"system": "http://x.example", "code": "a"}]},
    "gender": "female",
}


def values(expression: str, resource: Any = None, **more: Any) -> list[Any]:
    resource = resource or PATIENT
    env = Validator(Known(*KNOWN)).env(resource, **more)
    return [n[1] for n in fhirpath.compile(expression, resource["resourceType"])(resource, env)]


def test_conforms_to_asks_the_profile() -> None:
    assert values(f"conformsTo('{URL}named')") == [True]
    assert values(f"conformsTo('{URL}named')", {"resourceType": "Patient"}) == [False]
    assert values(f"name.select(conformsTo('{URL}official'))") == [True, False]
    assert values(f"conformsTo('{URL}official')") == [False]


def test_conforms_to_means_the_base_too() -> None:
    broken = PATIENT | {"contact": [{"gender": "female"}]}

    assert values(f"conformsTo('{URL}named')", broken) == [False]


def test_conforms_to_reaches_what_is_resolved() -> None:
    observation = {"resourceType": "Observation", "status": "final", "code": {"text": "x"},
                   "subject": {"reference": "Patient/1"}}  # fmt: skip
    found = values(
        f"subject.resolve().conformsTo('{URL}named')", observation, fetch={"Patient/1": PATIENT}.get
    )

    assert found == [True]


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("conformsTo('http://nowhere.example')", "isn't known here"),
        ("identifier.slice('http://nowhere.example', 'mrn')", "slice"),
        (f"identifier.slice('{URL}sliced', 'none')", "slice"),
        ("gender.memberOf('http://nowhere.example')", "can't be decided"),
        ("maritalStatus.subsumes(%c)", "aren't known|no variable"),
        ("name.first().subsumes(name.first())", "takes Coding"),
    ],
)
def test_what_can_not_be_decided_is_an_error(expression: str, text: str) -> None:
    with pytest.raises(Invalid, match=text):
        values(expression)


def test_slice_gives_the_members_of_a_slice() -> None:
    assert values(f"identifier.slice('{URL}sliced', 'mrn').value") == ["1"]
    assert values(
        f"identifier.slice('{URL}sliced', 'mrn').count()", {"resourceType": "Patient"}
    ) == [0]


def test_html_checks_look_at_the_narrative() -> None:
    def checked(inside: str) -> list[Any]:
        text = {"status": "generated", "div": DIV.format(inside)}
        return values("text.`div`.htmlChecks()", {"resourceType": "Patient", "text": text})

    assert checked("fine") == [True]
    assert checked("<script>x</script>") == [False]
    assert checked("") == [False]


def test_codes_are_members_of_value_sets() -> None:
    assert values("gender.memberOf(%`vs-administrative-gender`)") == [True]
    assert values("name.first().use.memberOf(%`vs-administrative-gender`)") == [False]
    assert values("photo.contentType.memberOf(%`vs-mimetypes`)") == []


def test_a_code_subsumes_itself_without_being_known() -> None:
    assert values("maritalStatus.subsumes(maritalStatus.coding.first())") == [True]
    assert values("maritalStatus.coding.first().subsumedBy(maritalStatus)") == [True]


def test_modifier_extensions_that_are_not_named_are_an_error() -> None:
    modified = {
        "resourceType": "Patient",
        "modifierExtension": [{"url": "urn:a", "valueCode": "x"}],
    }

    assert len(values("checkModifiers('urn:a', 'urn:b')", modified)) == 1
    with pytest.raises(Invalid, match="modifier extension"):
        values("checkModifiers('urn:b')", modified)


def test_invariants_of_profiles_ask_other_profiles() -> None:
    asking = profile(
        "Patient",
        {
            "path": "Patient",
            "constraint": [
                {"key": "p-1", "severity": "error", "human": "Named",
                 "expression": f"conformsTo('{URL}named')"},
                {"key": "p-2", "severity": "error", "human": "Known",
                 "expression": "gender.memberOf('http://nowhere.example')"},
            ],
        },
        name="asking",
    )  # fmt: skip
    found = issues(
        {"resourceType": "Patient", "gender": "male"}, asking, NAMED, profiles=(URL + "asking",)
    )

    told = [(i.severity, i.text[:3]) for i in found if i.text.startswith("p-")]
    assert told == [("error", "p-1"), ("warning", "p-2")]


def test_profiles_that_ask_for_each_other_end() -> None:
    def asking(name: str, other: str) -> dict[str, Any]:
        rule = {
            "key": "p-1",
            "severity": "error",
            "human": "Both",
            "expression": f"conformsTo('{URL}{other}')",
        }
        return profile("Patient", {"path": "Patient", "constraint": [rule]}, name=name)

    found = issues(
        {"resourceType": "Patient"}, asking("a", "b"), asking("b", "a"), profiles=(URL + "a",)
    )

    assert [i.severity for i in found] == ["warning"]


def test_without_the_validator_expressions_say_what_they_need() -> None:
    for expression in ("conformsTo('http://x.example')", "text.`div`.htmlChecks()"):
        resource = {"text": {"div": "<div/>"}}
        with pytest.raises(NotSupported, match="needs the validator"):
            fhirpath.compile(expression, "Patient")(resource)


def test_an_invariant_about_what_is_not_fetched_is_not_broken() -> None:
    rule = {"key": "p-1", "severity": "error", "human": "Of a named one",
            "expression": "managingOrganization.resolve().name.exists()"}  # fmt: skip
    asking = profile("Patient", {"path": "Patient", "constraint": [rule]})
    patient = {"resourceType": "Patient", "managingOrganization": {"reference": "Organization/1"}}

    def told(fetch: Any) -> list[str]:
        found = issues(patient, asking, profiles=(URL + "it",), fetch=fetch)
        return [i.severity for i in found if i.text.startswith("p-1")]

    assert told(None) == ["warning"]
    assert told({}.get) == ["error"]
    assert told({"Organization/1": {"resourceType": "Organization", "name": "x"}}.get) == []
