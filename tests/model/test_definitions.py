"""The compiled R4 definitions."""

import subprocess
import sys

import pytest

from fhirserver.model import definitions
from fhirserver.model.definitions import Definitions, load
from tests.pace import assert_soon, least


@pytest.fixture(scope="module")
def r4() -> Definitions:
    return load()


def test_there_are_146_concrete_resource_types(r4: Definitions) -> None:
    assert len(r4.resource_types) == 146
    assert "Patient" in r4.resource_types
    assert not r4.is_resource("DomainResource")


def test_an_element_has_its_cardinality_and_reference_targets(r4: Definitions) -> None:
    element = r4.structure("Patient").elements["Patient.generalPractitioner"]

    assert (element.min, element.max, element.is_list) == (0, None, True)
    assert element.types[0].code == "Reference"
    assert element.types[0].targets == ("Organization", "Practitioner", "PractitionerRole")


def test_children_are_in_the_order_of_the_specification(r4: Definitions) -> None:
    names = [e.name for e in r4.structure("Patient").children("Patient.link")]

    assert names == ["id", "extension", "modifierExtension", "other", "type"]


def test_a_choice_is_found_by_its_json_property(r4: Definitions) -> None:
    found = r4.property("Observation", "valueQuantity")

    assert found is not None
    assert (found.element.name, found.type_code, found.target_path) == (
        "value",
        "Quantity",
        "Quantity",
    )


def test_a_choice_has_a_property_for_each_type(r4: Definitions) -> None:
    names = {p.name for p in r4.element_type("Patient", "deceased")}

    assert names == {"deceasedBoolean", "deceasedDateTime"}


def test_a_plain_element_has_one_type(r4: Definitions) -> None:
    assert [p.type_code for p in r4.element_type("Patient", "birthDate")] == ["date"]


def test_an_unknown_property_is_none(r4: Definitions) -> None:
    assert r4.property("Patient", "shoeSize") is None
    assert r4.element_type("Patient", "shoeSize") == ()


def test_a_backbone_element_is_its_own_path(r4: Definitions) -> None:
    contact = r4.property("Patient", "contact")

    assert contact is not None
    assert contact.target_path == "Patient.contact"
    assert "relationship" in r4.properties("Patient.contact")


def test_a_content_reference_leads_to_where_it_points(r4: Definitions) -> None:
    nested = r4.property("Questionnaire.item", "item")

    assert nested is not None
    assert (nested.target_path, nested.type_code) == ("Questionnaire.item", "BackboneElement")


def test_a_logical_id_is_an_id_and_an_element_id_is_a_string(r4: Definitions) -> None:
    types = [r4.element_type(path, "id")[0].type_code for path in ("Patient", "HumanName")]

    assert types == ["id", "string"]


def test_a_type_knows_its_ancestors(r4: Definitions) -> None:
    assert r4.is_a("Age", "Quantity")
    assert r4.is_a("Patient", "DomainResource")
    assert not r4.is_a("Patient", "Quantity")


def test_a_search_parameter_has_expression_and_targets(r4: Definitions) -> None:
    found = next(p for p in r4.search_parameters if p.url.endswith("/Observation-subject"))

    assert (found.code, found.type, found.base) == ("subject", "reference", ("Observation",))
    assert found.expression == "Observation.subject"
    assert set(found.target) == {"Group", "Device", "Patient", "Location"}


def test_a_composite_parameter_has_components(r4: Definitions) -> None:
    found = next(p for p in r4.search_parameters if p.code == "code-value-quantity")

    assert next(c.definition.rpartition("/")[2] for c in found.components) == "clinical-code"
    assert found.components[0].expression == "code"


def test_no_code_is_defined_twice_for_a_type(r4: Definitions) -> None:
    pairs = [(base, p.code) for p in r4.search_parameters for base in p.base]

    assert len(pairs) == len(set(pairs))


def test_examples_and_parameters_of_extensions_are_left_out(r4: Definitions) -> None:
    assert not [p for p in r4.search_parameters if ".extension(" in (p.expression or "")]
    assert {p.code for p in r4.search_parameters if p.expression is None} == {
        "_content",
        "_filter",
        "_query",
        "_text",
    }


def test_compartments_say_which_parameters_count(r4: Definitions) -> None:
    assert r4.compartments["Patient"]["Observation"] == ("subject", "performer")
    assert set(r4.compartments) == {
        "Device",
        "Encounter",
        "Patient",
        "Practitioner",
        "RelatedPerson",
    }


def test_codes_of_a_required_value_set_are_enumerated(r4: Definitions) -> None:
    url = "http://hl7.org/fhir/ValueSet/administrative-gender|4.0.1"

    assert r4.codes(url) == {
        "http://hl7.org/fhir/administrative-gender": {"male", "female", "other", "unknown"}
    }


def test_only_four_required_value_sets_are_open(r4: Definitions) -> None:
    bound = {
        e.binding.value_set
        for name in r4.structure_names
        for e in r4.structure(name).all_elements
        if e.binding and e.binding.strength == "required"
    }

    assert {url for url in bound if r4.codes(url) is None} == {
        "http://hl7.org/fhir/ValueSet/currencies",
        "http://hl7.org/fhir/ValueSet/mimetypes",
        "http://hl7.org/fhir/ValueSet/ucum-units",
        "http://loinc.org/vs/LL379-9",
    }


def test_loading_takes_less_than_60_milliseconds() -> None:
    def loaded() -> None:
        load.cache_clear()
        load()

    assert_soon(least(loaded), 0.060)


def test_missing_definitions_say_how_to_build_them(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(definitions, "FILE", tmp_path / "r4.msgpack")
    load.cache_clear()

    with pytest.raises(definitions.DefinitionsMissing, match=r"fhirserver\.model\.build"):
        load()
    load.cache_clear()


def test_the_build_says_that_the_file_is_current() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fhirserver.model.build"], capture_output=True, check=True, text=True
    )

    assert "is current" in done.stdout
