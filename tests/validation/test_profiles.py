"""Profiles: https://hl7.org/fhir/R4/profiling.html"""

from typing import Any

import pytest

from fhirserver.validation.options import Options
from tests.validation.profiles import BASE, URL, errors, issues, profile

LOINC = "http://loinc.org"
BY_SYSTEM = {"discriminator": [{"type": "value", "path": "system"}], "rules": "open"}


def observation(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "status": "final", "code": {"text": "Pulse"}, **more}


def patient(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "active": True, **more}


def coded(*codes: str) -> dict[str, Any]:
    return {"coding": [{"system": LOINC, "code": c} for c in codes]}


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


def identifiers(*systems: str) -> dict[str, Any]:
    return patient(identifier=[{"system": f"urn:x:{s}", "value": "1"} for s in systems])


def sliced(slicing: dict[str, Any], **mrn: Any) -> dict[str, Any]:
    return profile(
        "Patient",
        {"path": "Patient.identifier", "slicing": BY_SYSTEM | slicing},
        {"path": "Patient.identifier", "sliceName": "mrn", "max": "1", **mrn},
        {"path": "Patient.identifier.system", "id": "Patient.identifier:mrn.system", "min": 1}
        | {"fixedUri": "urn:x:mrn"},
        {"path": "Patient.identifier.value", "id": "Patient.identifier:mrn.value", "min": 1},
        {"path": "Patient.identifier", "sliceName": "ssn"},
        {"path": "Patient.identifier.system", "id": "Patient.identifier:ssn.system", "min": 1}
        | {"fixedUri": "urn:x:ssn"},
    )


@pytest.mark.parametrize(
    ("slicing", "systems", "places"),
    [
        ({}, ["mrn", "other", "ssn"], []),
        ({}, ["mrn", "mrn"], ["Patient"]),
        ({}, ["other"], ["Patient"]),
        ({"rules": "closed"}, ["mrn", "ssn"], []),
        ({"rules": "closed"}, ["mrn", "other"], ["Patient.identifier[1]"]),
        ({"rules": "openAtEnd"}, ["mrn", "ssn", "other"], []),
        ({"rules": "openAtEnd"}, ["other", "mrn"], ["Patient.identifier[1]"]),
        ({"ordered": True}, ["mrn", "ssn", "ssn"], []),
        ({"ordered": True}, ["ssn", "mrn"], ["Patient.identifier[1]"]),
    ],
)
def test_slices_by_value(slicing: dict[str, Any], systems: list[str], places: list[str]) -> None:
    assert errors(identifiers(*systems), sliced(slicing, min=1)) == places


def test_what_is_in_a_slice_is_held_to_it() -> None:
    resource = patient(identifier=[{"system": "urn:x:mrn"}, {"system": "urn:x:ssn"}])

    assert errors(resource, sliced({})) == ["Patient.identifier[0]"]


def by(type_: str, path: str) -> dict[str, Any]:
    return {"discriminator": [{"type": type_, "path": path}], "rules": "open"}


def test_slices_by_pattern() -> None:
    it = profile(
        "Observation",
        {"path": "Observation.component", "slicing": by("pattern", "code")},
        {"path": "Observation.component", "sliceName": "systolic", "min": 1, "max": "1"},
        {
            "path": "Observation.component.code",
            "id": "Observation.component:systolic.code",
            "patternCodeableConcept": coded("8480-6"),
        },
    )
    good = [{"code": coded("x", "8480-6"), "valueString": "1"}]

    assert errors(observation(component=good), it) == []
    assert errors(observation(component=good * 2), it) == ["Observation"]
    assert errors(observation(component=[{"code": coded("x")}]), it) == ["Observation"]


def test_slices_by_existence() -> None:
    it = profile(
        "Patient",
        {"path": "Patient.name", "slicing": by("exists", "period")},
        {"path": "Patient.name", "sliceName": "old"},
        {"path": "Patient.name.period", "id": "Patient.name:old.period", "min": 1},
        {"path": "Patient.name", "sliceName": "current", "max": "1"},
        {"path": "Patient.name.period", "id": "Patient.name:current.period", "max": "0"},
    )
    old = {"text": "A", "period": {"end": "2000"}}

    assert errors(patient(name=[old, old, {"text": "B"}]), it) == []
    assert errors(patient(name=[{"text": "A"}, {"text": "B"}]), it) == ["Patient"]


def test_slices_by_type() -> None:
    it = profile(
        "Observation",
        {"path": "Observation.value[x]", "slicing": by("type", "$this")},
        {
            "path": "Observation.value[x]",
            "sliceName": "valueQuantity",
            "type": [{"code": "Quantity"}],
        },
        {
            "path": "Observation.value[x].unit",
            "id": "Observation.value[x]:valueQuantity.unit",
            "min": 1,
        },
    )

    assert errors(observation(valueString="a"), it) == []
    assert errors(observation(valueQuantity={"value": 1, "unit": "a"}), it) == []
    assert errors(observation(valueQuantity={"value": 1}), it) == ["Observation.value"]


def test_slices_by_the_type_of_what_is_referred_to() -> None:
    it = profile(
        "Observation",
        {"path": "Observation.performer", "slicing": by("type", "resolve()")},
        {
            "path": "Observation.performer",
            "sliceName": "doctor",
            "min": 1,
            "type": [{"code": "Reference", "targetProfile": [f"{BASE}Practitioner"]}],
        },
    )

    def by_one(type_: str) -> dict[str, Any]:
        contained = [{"resourceType": type_, "id": "p", "name": "A"}]
        if type_ == "Practitioner":
            contained = [{"resourceType": type_, "id": "p"}]
        return observation(contained=contained, performer=[{"reference": "#p"}])

    assert errors(by_one("Practitioner"), it) == []
    assert errors(by_one("Organization"), it) == ["Observation"]


def test_slices_by_profile() -> None:
    named = profile("Patient", {"path": "Patient.name", "min": 1}, name="named")
    it = profile(
        "Bundle",
        {"path": "Bundle.entry", "slicing": by("profile", "resource")},
        {"path": "Bundle.entry", "sliceName": "named", "min": 1},
        {
            "path": "Bundle.entry.resource",
            "id": "Bundle.entry:named.resource",
            "min": 1,
            "type": [{"code": "Patient", "profile": [named["url"]]}],
        },
    )

    def bundle(resource: dict[str, Any]) -> dict[str, Any]:
        entry = {"fullUrl": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", "resource": resource}
        return {"resourceType": "Bundle", "type": "collection", "entry": [entry]}

    assert errors(bundle(patient(name=[{"text": "A"}])), it, named) == []
    assert errors(bundle(patient()), it, named) == ["Bundle"]


def test_slices_by_a_value_itself() -> None:
    it = profile(
        "Observation",
        {"path": "Observation.category", "slicing": by("value", "$this")},
        {
            "path": "Observation.category",
            "sliceName": "vital",
            "min": 1,
            "max": "1",
            "patternCodeableConcept": coded("vital"),
        },
    )

    assert errors(observation(category=[coded("vital"), coded("x")]), it) == []
    assert errors(observation(category=[coded("vital"), coded("x", "vital")]), it) == [
        "Observation"
    ]
    assert errors(observation(category=[coded("x")]), it) == ["Observation"]


def test_slices_by_a_binding() -> None:
    value_set = "http://hl7.org/fhir/ValueSet/administrative-gender"
    it = profile(
        "Observation",
        {"path": "Observation.category", "slicing": by("value", "$this")},
        {
            "path": "Observation.category",
            "sliceName": "gender",
            "min": 1,
            "binding": {"strength": "required", "valueSet": value_set},
        },
    )
    male = {"coding": [{"system": "http://hl7.org/fhir/administrative-gender", "code": "male"}]}

    assert errors(observation(category=[coded("x"), male]), it) == []
    assert errors(observation(category=[coded("x")]), it) == ["Observation"]


def test_slices_by_what_is_referred_to() -> None:
    it = profile(
        "Observation",
        {"path": "Observation.performer", "slicing": by("value", "resolve().active")},
        {
            "path": "Observation.performer",
            "sliceName": "working",
            "max": "1",
            "type": [{"code": "Reference", "targetProfile": [f"{URL}working"]}],
        },
    )
    working = profile(
        "Practitioner",
        {"path": "Practitioner.active", "min": 1, "fixedBoolean": True},
        name="working",
    )

    def by_doctors(*active: bool) -> dict[str, Any]:
        ids = [f"d{i}" for i in range(len(active))]
        contained = [
            {"resourceType": "Practitioner", "id": id_, "active": a}
            for id_, a in zip(ids, active, strict=True)
        ]
        performers = [{"reference": f"#{id_}"} for id_ in ids]
        return observation(contained=contained, performer=performers)

    assert errors(by_doctors(True, False, False), it, working) == []
    assert errors(by_doctors(True, True), it, working) == ["Observation"]


def test_slices_by_an_extension() -> None:
    kind = profile(
        "Extension",
        {"path": "Extension.url", "fixedUri": f"{URL}kind"},
        {"path": "Extension.value[x]", "min": 1, "type": [{"code": "code"}]},
        name="kind",
    )
    extension, slice_ = "Patient.name.extension", "Patient.name:secret.extension:kind"
    it = profile(
        "Patient",
        {"path": "Patient.name", "slicing": by("value", f"extension('{URL}kind').value")},
        {"path": "Patient.name", "sliceName": "secret", "max": "1"},
        {"path": extension, "id": "Patient.name:secret.extension", "slicing": by("value", "url")},
        {
            "path": extension,
            "id": slice_,
            "sliceName": "kind",
            "min": 1,
            "type": [{"code": "Extension", "profile": [kind["url"]]}],
        },
        {"path": f"{extension}.value[x]", "id": f"{slice_}.value[x]", "fixedCode": "x"},
    )

    def named(*codes: str) -> dict[str, Any]:
        extensions = [[{"url": kind["url"], "valueCode": c}] for c in codes]
        return patient(name=[{"text": "A", "extension": e} for e in extensions])

    assert errors(named("x", "y", "y"), it, kind) == []
    assert errors(named("x", "x"), it, kind) == ["Patient"]


def test_slices_by_one_type_of_a_choice() -> None:
    path = "Observation.component"
    it = profile(
        "Observation",
        {"path": path, "slicing": by("value", "value.ofType(Quantity).unit")},
        {"path": path, "sliceName": "grams", "max": "1"},
        {
            "path": f"{path}.value[x]",
            "id": f"{path}:grams.value[x]",
            "type": [{"code": "Quantity"}],
        },
        {
            "path": f"{path}.value[x].unit",
            "id": f"{path}:grams.value[x].unit",
            "min": 1,
            "fixedString": "g",
        },
    )

    def measured(*units: str) -> dict[str, Any]:
        parts = [{"code": coded("x"), "valueQuantity": {"value": 1, "unit": u}} for u in units]
        return observation(component=[*parts, {"code": coded("y"), "valueString": "g"}])

    assert errors(measured("g", "mg"), it) == []
    assert errors(measured("g", "g"), it) == ["Observation"]


def test_slices_of_slices_may_be_closed() -> None:
    by_use = {**by("value", "use"), "rules": "closed"}
    it = profile(
        "Patient",
        {"path": "Patient.identifier", "slicing": BY_SYSTEM},
        {"path": "Patient.identifier", "sliceName": "mrn", "slicing": by_use},
        {"path": "Patient.identifier.system", "id": "Patient.identifier:mrn.system"}
        | {"fixedUri": "urn:x:mrn"},
        {"path": "Patient.identifier", "sliceName": "mrn/old"},
        {"path": "Patient.identifier.use", "id": "Patient.identifier:mrn/old.use", "min": 1}
        | {"fixedCode": "old"},
    )
    old = {"system": "urn:x:mrn", "value": "1", "use": "old"}

    assert errors(patient(identifier=[old, {"system": "urn:x:ssn", "use": "usual"}]), it) == []
    assert errors(patient(identifier=[old, {**old, "use": "usual"}]), it) == [
        "Patient.identifier[1]"
    ]


def test_slices_of_slices() -> None:
    it = profile(
        "Patient",
        {"path": "Patient.identifier", "slicing": BY_SYSTEM},
        {
            "path": "Patient.identifier",
            "sliceName": "mrn",
            "slicing": by("value", "use"),
        },
        {"path": "Patient.identifier.system", "id": "Patient.identifier:mrn.system"}
        | {"fixedUri": "urn:x:mrn"},
        {"path": "Patient.identifier", "sliceName": "mrn/old", "max": "1"},
        {"path": "Patient.identifier.use", "id": "Patient.identifier:mrn/old.use", "min": 1}
        | {"fixedCode": "old"},
    )
    old = {"system": "urn:x:mrn", "value": "1", "use": "old"}

    assert errors(patient(identifier=[old, {**old, "use": "official"}]), it) == []
    assert errors(patient(identifier=[old, {**old, "system": "urn:x:other"}]), it) == []
    assert errors(patient(identifier=[old, old]), it) == ["Patient"]


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


def test_a_value_in_no_slice_is_told_which_there_are() -> None:
    found = issues(identifiers("other"), sliced({"rules": "closed"}), profiles=(f"{URL}it",))

    assert any("one of the slices mrn, ssn: no others" in i.text for i in found)
