"""Profiles: https://hl7.org/fhir/R4/profiling.html"""

from typing import Any

import pytest

from fhirserver.validation.options import Options
from tests.validation.profiles import (
    BASE,
    URL,
    coded,
    errors,
    issues,
    observation,
    patient,
    profile,
)


@pytest.mark.parametrize(
    ("element", "good", "bad", "place"),
    [
        (
            {"path": "Patient.name", "min": 1},
            patient(name=[{"text": "A"}]),
            patient(),
            "Patient",
        ),
        (
            {"path": "Patient.name", "max": "1"},
            patient(name=[{"text": "A"}]),
            patient(name=[{"text": "A"}, {"text": "B"}]),
            "Patient",
        ),
        (
            {"path": "Patient.name.family", "min": 1},
            patient(),
            patient(name=[{"family": "A"}, {"text": "B"}]),
            "Patient.name[1]",
        ),
        (
            {"path": "Patient.active", "fixedBoolean": True},
            patient(),
            {"resourceType": "Patient", "active": False},
            "Patient.active",
        ),
        (
            {"path": "Observation.code", "fixedCodeableConcept": {"text": "Pulse"}},
            observation(),
            observation(code={"text": "Pulse", "id": "a"}),
            "Observation.code",
        ),
        (
            {"path": "Observation.code", "patternCodeableConcept": coded("a")},
            observation(code=coded("b", "a")),
            observation(code=coded("b")),
            "Observation.code",
        ),
        (
            {"path": "Observation.value[x]", "type": [{"code": "Quantity"}, {"code": "string"}]},
            observation(valueString="a"),
            observation(valueInteger=1),
            "Observation.value",
        ),
        (
            {
                "path": "Observation.value[x]",
                "type": [{"code": "integer"}],
                "minValueInteger": 1,
                "maxValueInteger": 3,
            },
            observation(valueInteger=3),
            observation(valueInteger=4),
            "Observation.value",
        ),
        (
            {"path": "Patient.birthDate", "minValueDate": "1900-01-01"},
            patient(birthDate="1900-01"),
            patient(birthDate="1899"),
            "Patient.birthDate",
        ),
        (
            {"path": "Observation.effective[x]", "minValueDateTime": "2020-01-01T00:00:00Z"},
            observation(effectiveDateTime="2020-01-01T01:30:00+01:00"),
            observation(effectiveDateTime="2020-01-01T00:30:00+01:00"),
            "Observation.effective",
        ),
        (
            {
                "path": "Observation.effective[x]",
                "maxValueQuantity": {
                    "value": 1,
                    "system": "http://unitsofmeasure.org",
                    "code": "a",
                },
            },
            observation(effectiveDateTime="2020"),
            observation(effectiveDateTime="9999"),
            "Observation.effective",
        ),
        (
            {
                "path": "Observation.value[x]",
                "type": [{"code": "Quantity"}],
                "minValueQuantity": {
                    "value": 10,
                    "system": "http://unitsofmeasure.org",
                    "code": "g",
                },
            },
            observation(
                valueQuantity={"value": 1, "system": "http://unitsofmeasure.org", "code": "kg"}
            ),
            observation(
                valueQuantity={"value": 100, "system": "http://unitsofmeasure.org", "code": "mg"}
            ),
            "Observation.value",
        ),
        (
            {
                "path": "Patient.name.family",
                "extension": [{"url": f"{BASE}regex", "valueString": "[A-Z].*"}],
            },
            patient(name=[{"family": "Ng"}]),
            patient(name=[{"family": "ng"}]),
            "Patient.name[0].family",
        ),
        (
            {"path": "Patient.name.family", "maxLength": 2},
            patient(name=[{"family": "Ng"}]),
            patient(name=[{"family": "Nguyen"}]),
            "Patient.name[0].family",
        ),
        (
            {
                "path": "Patient",
                "constraint": [
                    {
                        "key": "w-1",
                        "severity": "error",
                        "human": "A name or an identifier",
                        "expression": "name.exists() or identifier.exists()",
                    }
                ],
            },
            patient(name=[{"text": "A"}]),
            patient(),
            "Patient",
        ),
        (
            {
                "path": "Patient.maritalStatus",
                "binding": {
                    "strength": "required",
                    "valueSet": "http://hl7.org/fhir/ValueSet/administrative-gender",
                },
            },
            patient(
                maritalStatus={
                    "coding": [
                        {"system": "http://hl7.org/fhir/administrative-gender", "code": "male"}
                    ]
                }
            ),
            patient(maritalStatus=coded("x")),
            "Patient.maritalStatus",
        ),
        (
            {
                "path": "Observation.subject",
                "type": [{"code": "Reference", "aggregation": ["contained"]}],
            },
            observation(
                contained=[{"resourceType": "Patient", "id": "p"}], subject={"reference": "#p"}
            ),
            observation(subject={"reference": "Patient/p"}),
            "Observation.subject",
        ),
    ],
)
def test_an_element_is_held_to_its_profile(
    element: dict[str, Any], good: dict[str, Any], bad: dict[str, Any], place: str
) -> None:
    it = profile(element["path"].partition(".")[0], element)

    assert errors(good, it) == []
    assert errors(bad, it) == [place]


def test_an_extensible_binding_is_a_warning() -> None:
    binding = {
        "strength": "extensible",
        "valueSet": "http://hl7.org/fhir/ValueSet/administrative-gender",
    }
    it = profile("Patient", {"path": "Patient.maritalStatus", "binding": binding})

    found = issues(patient(maritalStatus=coded("x")), it, profiles=(it["url"],))

    assert [i.severity for i in found if "administrative-gender" in i.text] == ["warning"]


def test_one_of_several_profiles_of_a_type_is_enough() -> None:
    family = profile("HumanName", {"path": "HumanName.family", "min": 1}, name="family")
    given = profile("HumanName", {"path": "HumanName.given", "min": 1}, name="given")
    for each in (family, given):
        each["kind"] = "complex-type"
    type_ = {"code": "HumanName", "profile": [family["url"], given["url"]]}
    it = profile("Patient", {"path": "Patient.name", "type": [type_]})

    assert errors(patient(name=[{"family": "A"}, {"given": ["B"]}]), it, family, given) == []
    assert errors(patient(name=[{"text": "A"}]), it, family, given) == ["Patient.name[0]"]


def test_a_profile_that_is_not_there_is_as_bad_as_the_options_say() -> None:
    missing = "http://wards.example/StructureDefinition/missing"
    it = profile(
        "Patient",
        {"path": "Patient.name", "type": [{"code": "HumanName", "profile": [missing]}]},
    )
    resource = patient(name=[{"text": "A"}])

    assert errors(resource, it) == []
    assert errors(resource, it, options=Options(unknown_profile="error")) == ["Patient.name[0]"]


def test_what_is_referred_to_must_have_the_profile() -> None:
    named = profile("Patient", {"path": "Patient.name", "min": 1}, name="named")
    type_ = {"code": "Reference", "targetProfile": [named["url"]]}
    it = profile("Observation", {"path": "Observation.subject", "type": [type_]})

    def of(**more: Any) -> dict[str, Any]:
        contained = {"resourceType": "Patient", "id": "p", **more}
        return observation(contained=[contained], subject={"reference": "#p"})

    assert errors(of(name=[{"text": "A"}]), it, named) == []
    assert errors(of(), it, named) == ["Observation.subject"]


def test_resources_that_refer_to_one_another_end() -> None:
    type_ = {"code": "Reference", "targetProfile": [f"{URL}it"]}
    it = profile("Patient", {"path": "Patient.link.other", "type": [type_]})
    url = "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e{}"
    entries = [
        {
            "fullUrl": url.format(i),
            "resource": patient(
                meta={"profile": [it["url"]]},
                link=[{"type": "seealso", "other": {"reference": url.format(1 - i)}}],
            ),
        }
        for i in range(2)
    ]

    assert errors({"resourceType": "Bundle", "type": "collection", "entry": entries}, it) == []


def test_declared_profiles_are_checked_in_contained_and_nested_resources() -> None:
    it = profile("Patient", {"path": "Patient.name", "min": 1})
    declared = {"resourceType": "Patient", "id": "p", "meta": {"profile": [it["url"]]}}
    resource = observation(contained=[declared], subject={"reference": "#p"})

    assert errors(resource, it) == ["Observation.contained[0]"]


def test_a_profile_of_another_type_is_an_error() -> None:
    it = profile("Patient", {"path": "Patient.name", "min": 1})

    assert errors(observation(meta={"profile": [it["url"]]}), it) == ["Observation"]


def test_a_guide_may_ask_for_a_profile_of_every_resource_of_a_type() -> None:
    it = profile("Patient", {"path": "Patient.name", "min": 1})
    guide = {
        "resourceType": "ImplementationGuide",
        "url": "http://wards.example/ImplementationGuide/a",
        "global": [{"type": "Patient", "profile": it["url"]}],
    }

    assert errors(patient(), guide, it) == ["Patient"]
    assert errors(observation(), guide, it) == []


def test_the_blood_pressure_of_the_standard() -> None:
    component = [
        {"code": coded(code), "valueQuantity": quantity}
        for code, quantity in (
            ("8480-6", {"value": 120, "unit": "mmHg", "system": "http://unitsofmeasure.org"}),
            ("8462-4", {"value": 80, "unit": "mmHg", "system": "http://unitsofmeasure.org"}),
        )
    ]
    for each in component:
        each["valueQuantity"]["code"] = "mm[Hg]"
    vital = {
        "system": "http://terminology.hl7.org/CodeSystem/observation-category",
        "code": "vital-signs",
    }
    good = observation(
        code=coded("85354-9"),
        category=[{"coding": [vital]}],
        subject={"reference": "Patient/1"},
        effectiveDateTime="2020-01-01",
        component=component,
    )

    assert errors(good) == []
    assert set(errors({**good, "component": component[:1]})) == {"Observation"}


@pytest.mark.parametrize(
    ("element", "resource", "text"),
    [
        ({"path": "Patient.active", "fixedBoolean": False}, patient(), "must be false"),
        (
            {"path": "Observation.code", "patternCodeableConcept": coded("a")},
            observation(),
            'must have all of {"coding":[{"system":"http://loinc.org","code":"a"}]}',
        ),
        (
            {"path": "Patient.birthDate", "minValueDate": "1900-01-01"},
            patient(birthDate="1899"),
            'must not be below "1900-01-01"',
        ),
        ({"path": "Patient.name", "min": 1}, patient(), "name is required, found 0"),
    ],
)
def test_an_issue_says_what_the_profile_wants(
    element: dict[str, Any], resource: dict[str, Any], text: str
) -> None:
    it = profile(element["path"].partition(".")[0], element)

    found = issues(resource, it, profiles=(it["url"],))

    assert [i.text for i in found if i.severity == "error"] == [f"{text} ({it['url']})"]
