"""What is looked at beyond profiles, one subject after the other."""

from typing import Any

import pytest

from fhirserver.validation.options import Options
from tests.validation.profiles import BASE, errors, issues, profile

UUID = "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e"
EXTENSION = "http://wards.example/StructureDefinition/ward"


def patient(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "active": True, **more}


def bundle(type_: str, *entries: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": type_, "entry": list(entries), **more}


def entry(resource: dict[str, Any], url: str | None = f"{UUID}0") -> dict[str, Any]:
    return {"resource": resource} if url is None else {"fullUrl": url, "resource": resource}


# Bundles


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


# References


def test_a_reference_points_at_a_type_that_the_element_allows() -> None:
    assert errors(patient(generalPractitioner=[{"reference": "Practitioner/1"}])) == []
    assert errors(patient(generalPractitioner=[{"reference": "Patient/1"}])) == [
        "Patient.generalPractitioner[0]"
    ]
    assert errors(patient(generalPractitioner=[{"type": "Patient", "display": "A"}])) == [
        "Patient.generalPractitioner[0]"
    ]


def test_the_type_of_a_reference_is_that_of_what_it_points_at() -> None:
    reference = {"reference": "Practitioner/1", "type": "Organization"}

    assert errors(patient(generalPractitioner=[reference])) == ["Patient.generalPractitioner[0]"]


def test_what_is_referred_to_is_looked_up_if_somebody_can() -> None:
    resource = patient(generalPractitioner=[{"reference": "Practitioner/1"}])

    assert errors(resource, fetch=lambda _: DOCTOR) == []
    assert errors(resource, fetch=lambda _: None) == ["Patient.generalPractitioner[0]"]


def test_an_id_names_one_element() -> None:
    assert errors(patient(name=[{"id": "a", "text": "A"}, {"id": "b", "text": "B"}])) == []
    assert errors(patient(name=[{"id": "a", "text": "A"}, {"id": "a", "text": "B"}])) == [
        "Patient.name[1]"
    ]
    primitive = {"birthDate": "1970", "_birthDate": {"id": "a"}}
    assert errors(patient(name=[{"id": "a", "text": "A"}], **primitive)) == ["Patient.birthDate"]


def test_an_id_names_one_contained_resource() -> None:
    practitioner = {"resourceType": "Practitioner", "id": "d"}
    resource = patient(
        contained=[practitioner, {**practitioner, "active": True}],
        generalPractitioner=[{"reference": "#d"}],
    )

    assert errors(resource) == ["Patient.contained[1]"]


# Extensions


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


# Questionnaires and answers


def question(link: str, type_: str = "string", **more: Any) -> dict[str, Any]:
    return {"linkId": link, "text": link, "type": type_, **more}


def questionnaire(*items: dict[str, Any]) -> dict[str, Any]:
    return {
        "resourceType": "Questionnaire",
        "url": "http://wards.example/Questionnaire/a",
        "status": "active",
        "item": list(items),
    }


def answered(link: str, *values: Any, type_: str = "String") -> dict[str, Any]:
    return {"linkId": link, "answer": [{f"value{type_}": v} for v in values]}


def response(*items: dict[str, Any], status: str = "completed") -> dict[str, Any]:
    return {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": "http://wards.example/Questionnaire/a",
        "status": status,
        **({"item": list(items)} if items else {}),
    }


IF_A = {"enableWhen": [{"question": "a", "operator": "=", "answerBoolean": True}]}
CHOICE = question("a", "choice", answerOption=[{"valueCoding": {"code": "x"}}])


@pytest.mark.parametrize(
    ("asked", "given", "places"),
    [
        ([question("a")], [answered("a", "x")], []),
        ([question("a")], [], []),
        ([question("a")], [answered("b", "x")], ["QuestionnaireResponse"]),
        ([question("a", required=True)], [], ["QuestionnaireResponse"]),
        ([question("a", "integer")], [answered("a", 1, type_="Integer")], []),
        (
            [question("a", "integer")],
            [answered("a", "1")],
            ["QuestionnaireResponse.item[0].answer[0].value"],
        ),
        ([question("a")], [answered("a", "x", "y")], ["QuestionnaireResponse.item[0]"]),
        ([question("a", repeats=True)], [answered("a", "x", "y")], []),
        (
            [question("a", maxLength=1)],
            [answered("a", "xy")],
            ["QuestionnaireResponse.item[0].answer[0].value"],
        ),
        (
            [question("a"), question("b")],
            [answered("b", "x"), answered("a", "x")],
            ["QuestionnaireResponse.item[1]"],
        ),
        ([CHOICE], [answered("a", {"code": "x", "display": "X"}, type_="Coding")], []),
        (
            [CHOICE],
            [answered("a", {"code": "y"}, type_="Coding")],
            ["QuestionnaireResponse.item[0].answer[0].value"],
        ),
        (
            [question("a", "display")],
            [answered("a", "x")],
            ["QuestionnaireResponse.item[0]"],
        ),
        (
            [question("a", "boolean"), question("b", **IF_A)],
            [answered("a", True, type_="Boolean"), answered("b", "x")],
            [],
        ),
        (
            [question("a", "boolean"), question("b", **IF_A)],
            [answered("a", False, type_="Boolean"), answered("b", "x")],
            ["QuestionnaireResponse.item[1]"],
        ),
        (
            [question("a", "boolean"), question("b", required=True, **IF_A)],
            [answered("a", False, type_="Boolean")],
            [],
        ),
        (
            [question("g", "group", item=[question("a", required=True)])],
            [{"linkId": "g"}],
            ["QuestionnaireResponse.item[0]"],
        ),
    ],
)
def test_answers(asked: list[Any], given: list[Any], places: list[str]) -> None:
    assert errors(response(*given), questionnaire(*asked)) == places


def test_an_unfinished_response_may_lack_answers() -> None:
    asked = questionnaire(question("a", required=True))

    assert errors(response(status="in-progress"), asked) == []


def test_answers_to_an_unknown_questionnaire_are_a_warning() -> None:
    found = issues(response(answered("a", "x")))

    assert [i.expression for i in found if i.severity == "warning" and i.code == "not-found"] == [
        "QuestionnaireResponse.questionnaire"
    ]


def test_a_condition_must_not_ask_what_is_inside() -> None:
    group = question("g", "group", item=[question("a", "boolean")], **IF_A)

    assert errors(questionnaire(group)) == ["Questionnaire.item[0]"]


# Narratives and texts


def test_links_of_a_narrative_can_be_followed() -> None:
    def with_link(href: str) -> dict[str, Any]:
        div = f'<div xmlns="http://www.w3.org/1999/xhtml"><a href="{href}">A</a></div>'
        return patient(text={"status": "generated", "div": div})

    assert errors(with_link("https://a.example")) == []
    assert errors(with_link("urn:uuid:1")) == ["Patient.text.div"]


def test_a_link_within_a_narrative_to_nowhere_is_as_bad_as_the_options_say() -> None:
    div = '<div xmlns="http://www.w3.org/1999/xhtml"><a href="#x">A</a></div>'
    resource = patient(text={"status": "generated", "div": div})

    assert errors(resource) == []
    assert errors(resource, options=Options(dangling_link="error")) == ["Patient.text.div"]


def test_a_narrative_says_something() -> None:
    div = '<div xmlns="http://www.w3.org/1999/xhtml"> </div>'

    assert errors(patient(text={"status": "generated", "div": div})) == ["Patient.text.div"]


def test_a_string_with_tags_is_a_warning() -> None:
    resource = patient(name=[{"text": "<script>x</script>"}])

    assert [i.severity for i in issues(resource) if i.code == "security"] == ["warning"]


# Definitions


def test_a_search_parameter_has_an_expression_on_its_bases() -> None:
    def parameter(expression: str) -> dict[str, Any]:
        return {
            "resourceType": "SearchParameter",
            "url": "http://wards.example/SearchParameter/a",
            "name": "A",
            "status": "active",
            "description": "A",
            "code": "a",
            "base": ["Patient"],
            "type": "string",
            "expression": expression,
        }

    assert errors(parameter("Patient.name.family")) == []
    assert errors(parameter("Patient.nome")) == ["SearchParameter.expression"]
    assert errors(parameter("Person.name")) == ["SearchParameter.expression"]
    assert errors(parameter("Patient.name.where(")) == ["SearchParameter.expression"]


def test_a_search_parameter_may_refine_one_of_a_wider_base() -> None:
    origin = {
        "resourceType": "SearchParameter",
        "url": "http://wards.example/SearchParameter/wide",
        "name": "Wide",
        "status": "active",
        "description": "Wide",
        "code": "_id",
        "base": ["Resource"],
        "type": "token",
    }
    derived = {
        **origin,
        "url": "http://wards.example/SearchParameter/narrow",
        "derivedFrom": origin["url"],
        "base": ["Encounter"],
    }

    assert errors(derived, origin) == []
    assert errors({**derived, "base": ["Resource"]}, {**origin, "base": ["Encounter"]}) == [
        "SearchParameter"
    ]


@pytest.mark.parametrize(
    ("expression", "severities"),
    [
        ("name.exists()", []),
        ("name.exists(", ["error"]),
        ("nome.exists()", ["warning"]),
    ],
)
def test_an_invariant_of_a_profile_can_be_evaluated(expression: str, severities: list[str]) -> None:
    rule = {"key": "w-1", "severity": "error", "human": "A", "expression": expression}
    it = profile("Patient", {"path": "Patient", "constraint": [rule]})

    found = [i for i in issues(it) if str(i.expression).endswith("constraint[0].expression")]

    assert [i.severity for i in found] == severities


def test_a_profile_whose_snapshot_cannot_be_made_is_an_error() -> None:
    it = profile("Patient", {"path": "Patient.nome", "min": 1})

    assert "StructureDefinition" in errors(it, profiles=())


def test_a_discriminator_without_a_path_tells_no_slices_apart() -> None:
    slicing = {"discriminator": [{"type": "value"}], "rules": "open"}
    it = profile("Patient", {"path": "Patient.identifier", "slicing": slicing})

    assert "StructureDefinition" in errors(it, profiles=())


def test_the_profile_of_an_operations_parameters_must_not_contradict_it() -> None:
    by_name = {"discriminator": [{"type": "value", "path": "name"}], "rules": "open"}

    def wrong(**limits: Any) -> list[str | None]:
        path = "Parameters.parameter"
        it = profile(
            "Parameters",
            {"path": path, "slicing": by_name},
            {"path": path, "sliceName": "a", **limits},
            {"id": f"{path}:a.name", "path": f"{path}.name", "fixedString": "a"},
            {"id": f"{path}:a.value[x]", "path": f"{path}.value[x]", "type": [{"code": "string"}]},
            {"id": f"{path}:a.resource", "path": f"{path}.resource", "max": "0"},
        )
        parameter = {"name": "a", "use": "in", "min": 1, "max": "2"}
        operation = {
            "resourceType": "OperationDefinition",
            "name": "A",
            "status": "active",
            "kind": "operation",
            "code": "a",
            "system": True,
            "type": False,
            "instance": False,
            "inputProfile": it["url"],
        }
        return [
            place
            for type_ in ("string", "Patient")
            for place in errors({**operation, "parameter": [{**parameter, "type": type_}]}, it)
        ]

    place = "OperationDefinition.inputProfile.parameter[0]"
    assert wrong(min=2, max="2") == [place]
    assert wrong(min=3) == [place, place]
    assert wrong(max="0") == [place, place]


@pytest.mark.parametrize(("code", "is_one"), [("73211009", True), ("73211008", False)])
def test_a_snomed_code_has_its_check_digit(code: str, is_one: bool) -> None:
    include = {"system": "http://snomed.info/sct", "concept": [{"code": code}]}
    value_set = {"resourceType": "ValueSet", "status": "active", "compose": {"include": [include]}}

    places = [] if is_one else ["ValueSet.compose.include[0].concept[0]"]
    assert errors(value_set) == places


def test_what_is_misshapen_is_told_and_the_rest_is_looked_at() -> None:
    resource = patient(name={"family": "A"}, gender="klingon", contact=[{"gender": "male"}], x=1)

    assert set(errors(resource)) == {
        "Patient.name",
        "Patient.gender",
        "Patient.contact[0]",
        "Patient.x",
    }
