"""Slicing: https://hl7.org/fhir/R4/profiling.html#slicing"""

from typing import Any

import pytest

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

BY_SYSTEM = {"discriminator": [{"type": "value", "path": "system"}], "rules": "open"}


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


def test_a_value_in_no_slice_is_told_which_there_are() -> None:
    found = issues(identifiers("other"), sliced({"rules": "closed"}), profiles=(f"{URL}it",))

    assert any("one of the slices mrn, ssn: no others" in i.text for i in found)
