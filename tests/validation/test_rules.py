"""What is looked at beyond profiles, one subject after the other."""

from typing import Any

import pytest

from fhirserver.validation.options import Options
from tests.validation.profiles import errors, issues, profile


def patient(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "active": True, **more}


DOCTOR = {"resourceType": "Practitioner", "name": [{"text": "A"}]}


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
