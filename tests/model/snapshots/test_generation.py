"""Generating snapshots of small profiles that show one rule each."""

from __future__ import annotations

from typing import Any

import pytest

from fhirserver.errors import Invalid
from fhirserver.model.conformance import shipped
from fhirserver.model.snapshots import Generated, Snapshots

CORE = "http://hl7.org/fhir/StructureDefinition/"
OWN = "http://acme.org/fhir/StructureDefinition/"


class Definitions:
    """Some definitions before those that are shipped."""

    def __init__(self, *definitions: dict) -> None:
        self._by_url = {d["url"]: d for d in definitions}

    def find(self, resource_type: str, canonical: str) -> Any:
        return self._by_url.get(canonical) or shipped().find(resource_type, canonical)

    def urls(self, resource_type: str) -> Any:
        return self._by_url.keys()


def a_profile(type_: str, *elements: dict, name: str = "p", base: str | None = None) -> dict:
    return {
        "resourceType": "StructureDefinition",
        "url": OWN + name,
        "type": type_,
        "kind": "resource",
        "derivation": "constraint",
        "baseDefinition": base or CORE + type_,
        "differential": {"element": list(elements)},
    }


def element(path: str, slice_: str | None = None, **more: Any) -> dict:
    return {"path": path, **({"sliceName": slice_} if slice_ else {}), **more}


def made(profile: dict, *others: dict) -> Generated:
    return Snapshots(Definitions(profile, *others)).generate(profile)


def elements(profile: dict, *others: dict) -> dict[str, dict]:
    generated = made(profile, *others)
    assert generated.problems == ()
    return {e["id"]: e for e in generated.resource["snapshot"]["element"]}


def test_what_is_said_is_laid_over_the_base() -> None:
    found = elements(a_profile("Patient", element("Patient.birthDate", min=1, mustSupport=True)))

    assert found["Patient.birthDate"]["min"] == 1
    assert found["Patient.birthDate"]["max"] == "1"
    assert found["Patient.birthDate"]["type"] == [{"code": "date"}]
    assert found["Patient.birthDate"]["base"]["min"] == 0


def test_what_was_given_stays_as_it_was() -> None:
    profile = a_profile("Patient", element("Patient.birthDate", min=1))
    before = str(profile)
    base = str(shipped().find("StructureDefinition", CORE + "Patient"))

    made(profile)

    assert str(profile) == before
    assert str(shipped().find("StructureDefinition", CORE + "Patient")) == base


def test_walking_into_a_datatype_expands_it() -> None:
    found = elements(a_profile("Patient", element("Patient.name.period.start", min=1)))

    assert found["Patient.name.family"]["base"]["path"] == "HumanName.family"
    assert found["Patient.name.period.start"]["min"] == 1
    assert "Patient.telecom.system" not in found


def test_constraints_add_up_and_name_their_source() -> None:
    rule = {"key": "own-1", "severity": "error", "human": "h", "expression": "true"}
    found = elements(a_profile("Patient", element("Patient.contact", constraint=[rule])))
    constraints = {c["key"]: c for c in found["Patient.contact"]["constraint"]}

    assert list(constraints) == ["ele-1", "pat-1", "own-1"]
    assert constraints["own-1"]["source"] == OWN + "p"


def test_a_slice_begins_as_the_base_says_and_may_be_absent() -> None:
    slicing = {"discriminator": [{"type": "value", "path": "system"}], "rules": "open"}
    found = elements(
        a_profile(
            "Patient",
            element("Patient.identifier", min=2, slicing=slicing),
            element("Patient.identifier.system", min=1),
            element("Patient.identifier", "mrn", max="1"),
            element("Patient.identifier.value", min=1),
        )
    )

    assert found["Patient.identifier"]["slicing"] == slicing
    assert found["Patient.identifier.system"]["min"] == 1
    assert found["Patient.identifier:mrn"]["min"] == 0
    assert "slicing" not in found["Patient.identifier:mrn"]
    assert found["Patient.identifier:mrn.system"]["min"] == 0
    assert found["Patient.identifier:mrn.value"]["min"] == 1
    assert "Patient.identifier.value" in found
    assert found["Patient.identifier.value"]["min"] == 0


def test_a_slice_of_a_slice_begins_as_that_slice() -> None:
    by_system = {"discriminator": [{"type": "value", "path": "system"}], "rules": "open"}
    by_use = {"discriminator": [{"type": "value", "path": "use"}], "rules": "open"}
    base = a_profile(
        "Patient",
        element("Patient.identifier", slicing=by_system),
        element("Patient.identifier", "mrn", max="3"),
        element("Patient.identifier.system", min=1, fixedUri="urn:mrn"),
        element("Patient.identifier", "nhs"),
        name="base",
    )
    profile = a_profile(
        "Patient",
        element("Patient.identifier", "mrn", slicing=by_use),
        element("Patient.identifier", "mrn/old", max="1"),
        element("Patient.identifier.use", min=1, fixedCode="old"),
        base=OWN + "base",
    )
    found = elements(profile, base)
    ids = [i for i in found if i.startswith("Patient.identifier") and i.count(".") == 1]

    assert ids == [
        "Patient.identifier",
        "Patient.identifier:mrn",
        "Patient.identifier:mrn/old",
        "Patient.identifier:nhs",
    ]
    assert found["Patient.identifier:mrn/old.system"]["fixedUri"] == "urn:mrn"
    assert found["Patient.identifier:mrn/old.use"]["fixedCode"] == "old"
    assert found["Patient.identifier:mrn/old"]["max"] == "1"


def test_an_extension_needs_no_word_on_how_it_is_sliced() -> None:
    url = OWN + "colour"
    extension = a_profile(
        "Extension",
        element("Extension", short="A colour", max="1"),
        element("Extension.url", fixedUri=url),
        name="colour",
    )
    uses = element("Patient.extension", "colour", type=[{"code": "Extension", "profile": [url]}])
    found = elements(a_profile("Patient", uses), extension)

    assert found["Patient.extension"]["slicing"]["discriminator"] == [
        {"type": "value", "path": "url"}
    ]
    assert found["Patient.extension:colour"]["short"] == "A colour"
    assert found["Patient.extension:colour"]["max"] == "1"


def test_walking_into_an_extension_goes_by_its_own_definition() -> None:
    url = OWN + "colour"
    extension = a_profile("Extension", element("Extension.url", fixedUri=url), name="colour")
    uses = element("Patient.extension", "colour", type=[{"code": "Extension", "profile": [url]}])
    walked = element("Patient.extension.value[x]", type=[{"code": "code"}])
    found = elements(a_profile("Patient", uses, walked), extension)

    assert found["Patient.extension:colour.url"]["fixedUri"] == url
    assert found["Patient.extension:colour.value[x]"]["type"] == [{"code": "code"}]


def test_a_choice_by_its_type_becomes_a_slice() -> None:
    found = elements(a_profile("Observation", element("Observation.valueQuantity.unit", min=1)))
    slice_ = found["Observation.value[x]:valueQuantity"]

    assert slice_["path"] == "Observation.value[x]"
    assert slice_["type"] == [{"code": "Quantity"}]
    assert found["Observation.value[x]:valueQuantity.unit"]["min"] == 1
    assert found["Observation.value[x]"]["slicing"]["rules"] == "open"
    assert len(found["Observation.value[x]"]["type"]) == 11


def test_a_choice_that_must_be_of_one_type_can_be_of_no_other() -> None:
    found = elements(a_profile("Observation", element("Observation.valueQuantity", min=1)))

    assert found["Observation.value[x]"]["slicing"]["rules"] == "closed"
    assert found["Observation.value[x]"]["type"] == [{"code": "Quantity"}]
    assert found["Observation.value[x]"]["min"] == 1


def test_walking_into_a_content_reference_copies_what_it_refers_to() -> None:
    found = elements(
        a_profile("Questionnaire", element("Questionnaire.item.item.linkId", short="inner"))
    )

    assert found["Questionnaire.item.item.linkId"]["short"] == "inner"
    assert found["Questionnaire.item.linkId"]["short"] != "inner"
    assert "contentReference" not in found["Questionnaire.item.item"]
    assert found["Questionnaire.item.item"]["type"] == [{"code": "BackboneElement"}]
    assert found["Questionnaire.item.item.item"]["contentReference"] == "#Questionnaire.item"


def test_the_order_of_the_differential_does_not_matter() -> None:
    found = elements(
        a_profile(
            "Patient",
            {"id": "Patient.contact.name", "path": "Patient.contact.name", "min": 1},
            {"id": "Patient.birthDate", "path": "Patient.birthDate", "min": 1},
            {"id": "Patient.contact", "path": "Patient.contact", "min": 2},
        )
    )
    order = list(found)

    assert found["Patient.contact"]["min"] == 2
    assert found["Patient.contact.name"]["min"] == 1
    assert order.index("Patient.birthDate") < order.index("Patient.contact")


def test_texts_that_begin_with_dots_are_appended() -> None:
    found = elements(a_profile("Patient", element("Patient.gender", comment="...and more")))

    assert found["Patient.gender"]["comment"].endswith("and more")
    assert len(found["Patient.gender"]["comment"]) > 50


def test_a_base_without_a_snapshot_gets_one_first() -> None:
    base = a_profile("Patient", element("Patient.birthDate", min=1), name="base")
    found = elements(a_profile("Patient", element("Patient.gender", min=1), base=base["url"]), base)

    assert (found["Patient.birthDate"]["min"], found["Patient.gender"]["min"]) == (1, 1)


def test_what_has_its_bases_type_is_a_profile_without_saying_so() -> None:
    profile = a_profile("Patient", element("Patient.colour"))
    del profile["derivation"]

    assert made(profile).problems == ("Patient.colour is not an element of the base",)


def test_a_logical_model_has_elements_of_its_own() -> None:
    model = a_profile(
        "Thing",
        element("Thing"),
        element("Thing.part", min=0, max="*", type=[{"code": "BackboneElement"}]),
        element("Thing.part.colour", min=1, max="1", type=[{"code": "code"}]),
        base=CORE + "Element",
    )
    found = elements(model | {"kind": "logical", "derivation": "specialization"})

    assert found["Thing.part.colour"]["base"] == {"path": "Thing.part.colour", "min": 1, "max": "1"}
    assert "Thing.part.modifierExtension" in found
    assert found["Thing.id"]["base"]["path"] == "Element.id"


def test_an_unknown_base_is_named() -> None:
    with pytest.raises(Invalid, match=r"based on http://acme\.org/none, which is not known"):
        made(a_profile("Patient", base="http://acme.org/none"))


def test_profiles_based_on_one_another_are_refused() -> None:
    one = a_profile("Patient", element("Patient"), name="one", base=OWN + "two")
    two = a_profile("Patient", element("Patient"), name="two", base=OWN + "one")

    with pytest.raises(Invalid, match="without end"):
        made(one, two)


def test_a_profile_on_another_type_than_its_base_is_refused() -> None:
    with pytest.raises(Invalid, match="its base is about Patient"):
        made(a_profile("Observation", element("Observation"), base=CORE + "Patient"))


def test_an_element_that_is_not_there_is_reported() -> None:
    generated = made(a_profile("Patient", element("Patient.colour", min=1)))

    assert generated.problems == ("Patient.colour is not an element of the base",)


def test_slices_that_nothing_tells_apart_are_reported() -> None:
    generated = made(a_profile("Patient", element("Patient.identifier", "mrn", min=1)))

    assert "nothing says how it is sliced" in generated.problems[0]


def test_a_differential_that_grows_without_end_is_refused() -> None:
    path = "Questionnaire" + ".item" * 70

    with pytest.raises(Invalid, match="nested deeper"):
        made(a_profile("Questionnaire", element(path)))


def test_elements_of_another_type_are_refused() -> None:
    with pytest.raises(Invalid, match=r"Observation.code doesn't belong to Patient"):
        made(a_profile("Patient", element("Patient"), element("Observation.code")))


def test_a_snapshot_of_too_many_elements_is_refused() -> None:
    slicing = {"discriminator": [{"type": "value", "path": "code"}], "rules": "open"}
    slices = [element("Observation.component", f"s{n}") for n in range(3_000)]

    with pytest.raises(Invalid, match="more than 20000 elements"):
        made(a_profile("Observation", element("Observation.component", slicing=slicing), *slices))
