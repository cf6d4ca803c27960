"""https://hl7.org/fhir/uv/sdc/extraction.html#observation-based-extraction"""

from __future__ import annotations

import pytest

from tests.operations.extract.forms import (
    LOINC,
    WEIGHT,
    a_form,
    answer,
    at,
    ext,
    extracted,
    question,
)

UNIT = "http://hl7.org/fhir/StructureDefinition/questionnaire-unit"


UCUM = "http://unitsofmeasure.org"


PRESSURE = {"system": LOINC, "code": "85354-9"}


SYSTOLIC = {"system": LOINC, "code": "8480-6"}


def test_an_answer_becomes_an_observation_of_its_code(client):
    kg = {"system": UCUM, "code": "kg", "display": "kg"}
    form = a_form(
        question(
            "w", "decimal", ext("observationExtract", True), {"url": UNIT, "valueCoding": kg},
            ext("observation-extract-category", {"text": "vitals"}, "valueCodeableConcept"),
            code=[WEIGHT],
        ),
        question("x", "string"),
    )  # fmt: skip

    entries, issues = extracted(
        client, form, answer("w", ("valueDecimal", 71.5)), answer("x", ("valueString", "y")),
        id="r1", encounter={"reference": "Encounter/3"},
    )  # fmt: skip

    assert issues == []
    assert entries[0]["request"] == {"method": "POST", "url": "Observation"}
    assert entries[0]["fullUrl"].startswith("urn:uuid:")
    assert [e["resource"] for e in entries] == [{
        "resourceType": "Observation",
        "status": "final",
        "category": [{"text": "vitals"}],
        "code": {"coding": [WEIGHT]},
        "subject": {"reference": "Patient/1"},
        "encounter": {"reference": "Encounter/3"},
        "effectiveDateTime": "2024-05-06T07:08:09Z",
        "issued": "2024-05-06T07:08:09Z",
        "performer": [{"reference": "Practitioner/2"}],
        "valueQuantity": {"value": 71.5, "unit": "kg", "system": UCUM, "code": "kg"},
        "derivedFrom": [{"reference": "QuestionnaireResponse/r1"}],
    }]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        ("boolean", ("valueBoolean", False), ("valueBoolean", False)),
        ("integer", ("valueInteger", 3), ("valueInteger", 3)),
        ("decimal", ("valueDecimal", 2.5), ("valueQuantity", {"value": 2.5})),
        ("date", ("valueDate", "2020-01"), ("valueDateTime", "2020-01")),
        ("time", ("valueTime", "10:00:00"), ("valueTime", "10:00:00")),
        ("text", ("valueString", "a"), ("valueString", "a")),
        ("url", ("valueUri", "http://a.example"), ("valueString", "http://a.example")),
        ("choice", ("valueCoding", {"code": "a"}), ("valueCodeableConcept", {"coding": [{"code": "a"}]})),
        ("quantity", ("valueQuantity", {"value": 1}), ("valueQuantity", {"value": 1})),
    ],
)  # fmt: skip
def test_a_value_has_the_type_that_an_observation_takes(client, kind, given, expected):
    form = a_form(question("q", kind, ext("observationExtract", True), code=[WEIGHT]))

    entries, issues = extracted(client, form, answer("q", given))

    assert issues == []
    assert entries[0]["resource"][expected[0]] == expected[1]


def test_what_an_observation_cannot_say_is_told_with_its_item(client):
    form = a_form(question("who", "reference", ext("observationExtract", True), code=[WEIGHT]))

    entries, issues = extracted(
        client, form, answer("who", ("valueReference", {"reference": "Patient/1"}))
    )

    assert entries == []
    assert [place for place, _ in issues] == [at("who")]


def test_the_form_says_it_for_all_and_an_item_says_no(client):
    form = a_form(
        question("a", "integer", code=[WEIGHT], repeats=True),
        question("b", "group", ext("observationExtract", False), item=[
            question("c", "integer", code=[SYSTOLIC]),
        ]),
        extension=[ext("observationExtract", True)],
    )  # fmt: skip

    entries, _ = extracted(
        client, form, answer("a", ("valueInteger", 1), ("valueInteger", 2)),
        answer("b", item=[answer("c", ("valueInteger", 3))]),
    )  # fmt: skip

    assert [e["resource"]["valueInteger"] for e in entries] == [1, 2]


def test_only_marked_codes_are_taken(client):
    marked = {**WEIGHT, "extension": [ext("observationExtract", True)]}
    form = a_form(question("a", "integer", code=[SYSTOLIC, marked]))

    entries, _ = extracted(client, form, answer("a", ("valueInteger", 1)))

    assert entries[0]["resource"]["code"] == {"coding": [WEIGHT]}


def test_a_group_has_components_and_members(client):
    way = "observationExtract"
    form = a_form(question("bp", "group", ext(way, True), code=[PRESSURE], item=[
        question("s", "integer", ext(way, "component", "valueCode"), code=[SYSTOLIC]),
        question("w", "integer", ext(way, "member", "valueCode"), code=[WEIGHT]),
    ]))  # fmt: skip

    entries, issues = extracted(client, form, answer("bp", item=[
        answer("s", ("valueInteger", 120)), answer("w", ("valueInteger", 70)),
    ]))  # fmt: skip

    panel, member = (e["resource"] for e in entries)
    assert issues == []
    assert panel["component"] == [{"code": {"coding": [SYSTOLIC]}, "valueInteger": 120}]
    assert panel["hasMember"] == [{"reference": entries[1]["fullUrl"]}]
    assert member["valueInteger"] == 70


def test_a_question_may_say_whom_a_group_is_about(client):
    form = a_form(question("g", "group", ext("observationExtract", True), item=[
        question("who", "reference", ext("isSubject", True)),
        question("w", "integer", code=[WEIGHT]),
    ]))  # fmt: skip

    entries, _ = extracted(client, form, answer("g", item=[
        answer("who", ("valueReference", {"reference": "Patient/9"})),
        answer("w", ("valueInteger", 3)),
    ]))  # fmt: skip

    assert entries[0]["resource"]["subject"] == {"reference": "Patient/9"}
