"""QuestionnaireResponses against their Questionnaires: conditions, choices, limits, units.

https://hl7.org/fhir/R4/questionnaireresponse.html
"""

from decimal import Decimal
from typing import Any

import pytest

from tests.pace import soon
from tests.validation.profiles import BASE, errors

FORM = "http://wards.example/Questionnaire/a"
UCUM = "http://unitsofmeasure.org"
VALUE = "QuestionnaireResponse.item[0].answer[0].value"
ITEM = "QuestionnaireResponse.item[0]"


def question(type_: str = "string", link: str = "a", **more: Any) -> dict[str, Any]:
    return {"linkId": link, "text": link, "type": type_, **more}


def said(name: str, **value: Any) -> dict[str, Any]:
    return {"extension": [{"url": BASE + name, **value}]}


def check(asked: list[dict[str, Any]], given: list[dict[str, Any]], **more: Any) -> Any:
    form = {"resourceType": "Questionnaire", "url": FORM, "status": "active", "item": asked, **more}
    response = {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": FORM,
        "status": "completed",
        "item": given,
    }
    return errors(response, form)


def answer(*values: dict[str, Any], link: str = "a") -> dict[str, Any]:
    return {"linkId": link, "answer": list(values)}


def coding(code: str) -> dict[str, Any]:
    return {"valueCoding": {"system": "http://wards.example/codes", "code": code}}


def quantity(value: float, code: str) -> dict[str, Any]:
    return {"valueQuantity": {"value": value, "unit": code, "system": UCUM, "code": code}}


MILLIGRAMS = {"valueCoding": {"system": UCUM, "code": "mg", "display": "mg"}}
CONTAINED = {
    "resourceType": "ValueSet",
    "id": "vs",
    "status": "active",
    "compose": {"include": [{"system": "http://wards.example/codes", "concept": [{"code": "x"}]}]},
}


@pytest.mark.parametrize(
    ("asked", "good", "bad", "place"),
    [
        (question(**said("minLength", valueInteger=3)), {"valueString": "abc"},
         {"valueString": "ab"}, VALUE),
        (question(**said("regex", valueString="[A-Z]+[0-9]")), {"valueString": "AB1"},
         {"valueString": "AB1x"}, VALUE),
        (question("integer", **said("minValue", valueInteger=1)), {"valueInteger": 1},
         {"valueInteger": 0}, VALUE),
        (question("decimal", **said("maxValue", valueDecimal=2.5)), {"valueDecimal": 2.5},
         {"valueDecimal": 2.51}, VALUE),
        (question("date", **said("maxValue", valueDate="2020-06-30")), {"valueDate": "2020-06"},
         {"valueDate": "2020-07"}, VALUE),
        (question("dateTime", **said("minValue", valueDateTime="2020-01-01T00:00:00Z")),
         {"valueDateTime": "2020-01-01T01:30:00+01:00"},
         {"valueDateTime": "2020-01-01T00:30:00+01:00"}, VALUE),
        (question("decimal", **said("maxDecimalPlaces", valueInteger=1)), {"valueDecimal": Decimal("1.5")},
         {"valueDecimal": Decimal("1.55")}, VALUE),
        (question("quantity", **said("questionnaire-unitOption", **MILLIGRAMS)), quantity(1, "mg"),
         quantity(1, "g"), VALUE),
        (question("quantity", **said("questionnaire-unitValueSet",
                                     valueCanonical="http://hl7.org/fhir/ValueSet/ucum-units")),
         quantity(1, "mg/dL"), quantity(1, "milligrams"), VALUE),
        (question("reference", **said("questionnaire-referenceResource", valueCode="Patient")),
         {"valueReference": {"reference": "Patient/1"}},
         {"valueReference": {"reference": "Person/1"}}, VALUE),
        (question("attachment", **said("mimeType", valueCode="image/png")),
         {"valueAttachment": {"contentType": "image/png", "data": "aaaa"}},
         {"valueAttachment": {"contentType": "image/gif", "data": "aaaa"}}, VALUE),
        (question("attachment", **said("maxSize", valueDecimal=Decimal("0.001"))),
         {"valueAttachment": {"contentType": "image/png", "data": "aaaa"}},
         {"valueAttachment": {"contentType": "image/png", "data": "a" * 2000}}, VALUE),
        (question("choice", answerValueSet="http://hl7.org/fhir/ValueSet/administrative-gender"),
         {"valueCoding": {"system": "http://hl7.org/fhir/administrative-gender", "code": "male"}},
         coding("male"), VALUE),
        (question("choice", answerValueSet="#vs"), coding("x"), coding("y"), VALUE),
        (question("open-choice", answerOption=[coding("x")]), {"valueString": "other"},
         coding("y"), VALUE),
        (question("choice", answerOption=[{"valueInteger": 1}]), {"valueInteger": 1},
         {"valueInteger": 2}, VALUE),
        (question("choice", answerOption=[{"valueDate": "2020"}]), {"valueDate": "2020"},
         coding("x"), VALUE),
    ],
)  # fmt: skip
def test_an_answer_keeps_to_what_the_question_says(
    asked: dict[str, Any], good: dict[str, Any], bad: dict[str, Any], place: str
) -> None:
    assert check([asked], [answer(good)], contained=[CONTAINED]) == []
    assert check([asked], [answer(bad)], contained=[CONTAINED]) == [place]


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_a_question_may_say_how_many_answers_it_takes(count: int) -> None:
    occurs = [
        {"url": f"{BASE}questionnaire-minOccurs", "valueInteger": 2},
        {"url": f"{BASE}questionnaire-maxOccurs", "valueInteger": 3},
    ]
    asked = question(repeats=True, extension=occurs)

    found = check([asked], [answer(*[{"valueString": str(i)} for i in range(count)])])

    assert found == ([] if count in {2, 3} else [ITEM])


def test_an_option_may_exclude_all_others() -> None:
    none = {**coding("none"), **said("questionnaire-optionExclusive", valueBoolean=True)}
    asked = question("choice", repeats=True, answerOption=[coding("x"), coding("y"), none])

    assert check([asked], [answer(coding("x"), coding("y"))]) == []
    assert check([asked], [answer(coding("none"))]) == []
    assert check([asked], [answer(coding("x"), coding("none"))]) == [ITEM]


def when(operator: str, **wanted: Any) -> dict[str, Any]:
    return {"question": "a", "operator": operator, **wanted}


@pytest.mark.parametrize(
    ("type_", "value", "condition", "is_enabled"),
    [
        ("integer", {"valueInteger": 3}, when(">", answerInteger=2), True),
        ("integer", {"valueInteger": 2}, when(">", answerInteger=2), False),
        ("integer", {"valueInteger": 2}, when(">=", answerInteger=2), True),
        ("integer", {"valueInteger": 1}, when("<", answerInteger=2), True),
        ("integer", {"valueInteger": 2}, when("<=", answerInteger=2), True),
        ("integer", {"valueInteger": 2}, when("!=", answerInteger=2), False),
        ("integer", {"valueInteger": 2}, when("exists", answerBoolean=True), True),
        ("integer", {"valueInteger": 2}, when("exists", answerBoolean=False), False),
        ("integer", None, when("exists", answerBoolean=False), True),
        ("integer", None, when("!=", answerInteger=2), False),
        ("date", {"valueDate": "2020-02-01"}, when(">", answerDate="2020-01-31"), True),
        ("quantity", quantity(2, "g"), when(">", answerQuantity=quantity(5, "mg")["valueQuantity"]),
         True),
        ("choice", coding("x"), when("=", answerCoding=coding("x")["valueCoding"]), True),
        ("choice", coding("y"), when("=", answerCoding=coding("x")["valueCoding"]), False),
    ],
)  # fmt: skip
def test_a_condition_decides_whether_a_question_may_be_answered(
    type_: str, value: dict[str, Any] | None, condition: dict[str, Any], is_enabled: bool
) -> None:
    options = {"answerOption": [coding("x"), coding("y")]} if type_ == "choice" else {}
    asked = [question(type_, **options), question(link="b", enableWhen=[condition])]
    first = [] if value is None else [answer(value)]
    place = f"QuestionnaireResponse.item[{len(first)}]"

    found = check(asked, [*first, answer({"valueString": "x"}, link="b")])

    assert found == ([] if is_enabled else [place])


@pytest.mark.parametrize(("behavior", "is_enabled"), [("all", False), ("any", True)])
def test_several_conditions_hold_together_or_one_of_them(behavior: str, is_enabled: bool) -> None:
    conditions = [when("=", answerInteger=1), when("=", answerInteger=2)]
    asked = [
        question("integer"),
        question(link="b", enableWhen=conditions, enableBehavior=behavior),
    ]

    found = check(asked, [answer({"valueInteger": 1}), answer({"valueString": "x"}, link="b")])

    assert found == ([] if is_enabled else ["QuestionnaireResponse.item[1]"])


def test_a_condition_asks_the_nearest_occurrence_of_its_question() -> None:
    group = question(
        "group", "g", repeats=True,
        item=[question("boolean"), question(link="b", enableWhen=[when("=", answerBoolean=True)])],
    )  # fmt: skip

    def occurrence(is_yes: bool) -> dict[str, Any]:
        yes = answer({"valueBoolean": is_yes})
        return {"linkId": "g", "item": [yes, answer({"valueString": "x"}, link="b")]}

    assert check([group], [occurrence(True), occurrence(False)]) == [
        "QuestionnaireResponse.item[1].item[1]"
    ]


def test_a_required_question_that_is_not_enabled_needs_no_answer() -> None:
    asked = [
        question("boolean"),
        question(link="b", required=True, enableWhen=[when("=", answerBoolean=True)]),
    ]

    assert check(asked, [answer({"valueBoolean": False})]) == []
    assert check(asked, [answer({"valueBoolean": True})]) == ["QuestionnaireResponse"]


def test_thousands_of_conditional_answers_end_soon() -> None:
    conditions = [when("=", answerBoolean=True)]
    asked = [question("boolean")]
    asked += [question(link=f"b{i}", enableWhen=conditions) for i in range(3000)]
    given = [answer({"valueBoolean": True})]
    given += [answer({"valueString": "x"}, link=f"b{i}") for i in range(3000)]
    with soon(3):
        assert check(asked, given) == []
