"""Extensions and where they may stand: https://hl7.org/fhir/R4/extensibility.html"""

from typing import Any

import pytest

from fhirserver.validation.options import Options
from tests.validation.profiles import BASE, errors, profile

EXTENSION = "http://wards.example/StructureDefinition/ward"


def patient(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "active": True, **more}


def definition(*contexts: str, **more: Any) -> dict[str, Any]:
    made = profile(
        "Extension",
        {"path": "Extension"},
        {"path": "Extension.url", "fixedUri": EXTENSION},
        {"path": "Extension.value[x]", "min": 1, "type": [{"code": "string"}]},
        context=[{"type": "element", "expression": c} for c in contexts],
        **more,
    )
    return {**made, "url": EXTENSION}


ON_WARD = {"url": EXTENSION, "valueString": "A"}


@pytest.mark.parametrize("context", ["Patient", "Element", "DomainResource"])
def test_an_extension_stands_where_its_definition_allows(context: str) -> None:
    assert errors(patient(extension=[ON_WARD]), definition(context)) == []


def test_an_extension_elsewhere_is_an_error() -> None:
    name = {"text": "A", "extension": [ON_WARD]}

    assert errors(patient(name=[name]), definition("Patient")) == ["Patient.name[0]"]
    assert errors(patient(name=[name]), definition("HumanName")) == []
    assert errors(patient(name=[name]), definition("Patient.name")) == []


def test_an_extension_stands_on_an_extension_that_its_definition_names() -> None:
    outer = "http://wards.example/StructureDefinition/outer"
    on_outer = [{"type": "extension", "expression": outer}]
    it = {**definition(), "context": on_outer}
    around = {**profile("Extension", {"path": "Extension"}, name="outer"), "context": []}

    assert errors(patient(extension=[{"url": outer, "extension": [ON_WARD]}]), it, around) == []
    assert errors(patient(extension=[ON_WARD]), it, around) == ["Patient"]


@pytest.mark.parametrize(
    ("expression", "is_allowed"),
    [("Patient.name", True), ("Patient.name.where(use = 'old')", False), ("Patient", False)],
)
def test_an_extension_stands_where_an_expression_selects(expression: str, is_allowed: bool) -> None:
    it = {**definition(), "context": [{"type": "fhirpath", "expression": expression}]}
    name = {"text": "A", "use": "usual", "extension": [ON_WARD]}

    assert errors(patient(name=[name]), it) == ([] if is_allowed else ["Patient.name[0]"])


@pytest.mark.parametrize(
    ("condition", "is_met"),
    [
        ("use = 'usual'", True),
        ("use = 'old'", False),
        ("%extension.value = 'A'", True),
        ("%extension.value = 'B'", False),
    ],
)
def test_an_extension_may_have_a_condition(condition: str, is_met: bool) -> None:
    it = definition("Patient.name", contextInvariant=[condition])
    name = {"text": "A", "use": "usual", "extension": [ON_WARD]}

    assert errors(patient(name=[name]), it) == ([] if is_met else ["Patient.name[0]"])


def test_an_extension_is_held_to_its_definition() -> None:
    found = errors(
        patient(extension=[{"url": EXTENSION, "valueInteger": 1}]), definition("Patient")
    )

    assert found == ["Patient.extension[0].value"]


def test_an_extension_of_a_primitive_is_looked_at() -> None:
    resource = patient(birthDate="1970", _birthDate={"extension": [ON_WARD]})

    assert errors(resource, definition("Patient")) == ["Patient.birthDate"]
    assert errors(resource, definition("Patient.birthDate")) == []


def test_a_modifier_is_one_by_its_definition() -> None:
    assert errors(patient(modifierExtension=[ON_WARD]), definition("Patient")) == [
        "Patient.modifierExtension[0]"
    ]


def test_a_modifier_that_only_a_differential_says_is_one() -> None:
    root = {"path": "Extension", "isModifier": True, "isModifierReason": "A"}
    it = {**profile("Extension", root), "url": EXTENSION}

    assert errors(patient(modifierExtension=[ON_WARD]), it) == []
    assert errors(patient(extension=[ON_WARD]), it) == ["Patient.extension[0]"]


def test_an_unknown_extension_is_as_bad_as_the_options_say() -> None:
    resource = patient(extension=[{"url": "http://nowhere.example/a", "valueString": "A"}])

    assert errors(resource) == []
    assert errors(resource, options=Options(unknown_extension="error")) == ["Patient.extension[0]"]
    trusting = Options(unknown_extension="error", trusted_extensions=("http://nowhere.example/",))
    assert errors(resource, options=trusting) == []


def test_the_url_of_an_extension_is_absolute() -> None:
    assert errors(patient(extension=[{"url": "ward", "valueString": "A"}])) == [
        "Patient.extension[0]"
    ]


def test_a_complex_extension_has_only_its_parts() -> None:
    def animal(*parts: str) -> dict[str, Any]:
        inside = [{"url": p, "valueCodeableConcept": {"text": "A"}} for p in parts]
        return patient(extension=[{"url": f"{BASE}patient-animal", "extension": inside}])

    assert errors(animal("species")) == []
    assert errors(animal("species", "tail")) == ["Patient.extension[0].extension[1]"]
    assert errors(animal("breed")) == ["Patient.extension[0]"]
