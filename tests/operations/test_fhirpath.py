"""`$fhirpath`, as FHIRPath Lab calls it."""

from __future__ import annotations

import json

import pytest

from tests.answers import done, place_of, refused
from tests.builders import a_patient
from tests.pace import soon

PATIENT = {
    "resourceType": "Patient",
    "id": "example",
    "birthDate": "1974-12-25",
    "_birthDate": {"extension": [{"url": "http://x.example/t", "valueString": "noon"}]},
    "name": [
        {"use": "official", "family": "Chalmers", "given": ["Peter", "James"]},
        {"given": ["Jim"]},
    ],
    "contact": [{"gender": "female"}],
}


def asked(client, expression, headers=None, **more):
    parameter = [{"name": "expression", "valueString": expression}]
    parameter += [{"name": n, **v} for n, v in more.items()]
    body = {"resourceType": "Parameters", "parameter": parameter}
    return client.post("/fhir/$fhirpath", json=body, headers=headers)


def on_patient(client, expression, **more):
    return asked(client, expression, resource={"resource": PATIENT}, **more)


def results(answer):
    return [p for p in done(answer)["parameter"] if p["name"] == "result"]


def only(answer):
    (result,) = results(answer)
    return result["part"]


def test_each_result_is_named_by_its_type(client):
    assert only(on_patient(client, "name.given")) == [
        {"name": "string", "valueString": v} for v in ("Peter", "James", "Jim")
    ]
    assert only(on_patient(client, "name.count() | birthDate.toString().length()"))[0] == {
        "name": "integer", "valueInteger": 2,
    }  # fmt: skip
    assert only(on_patient(client, "''")) == [{"name": "empty-string"}]
    assert only(on_patient(client, "1.50 'mg'"))[0]["valueQuantity"]["value"] == 1.5


def test_complex_results_say_where_they_are(client):
    (name,) = only(on_patient(client, "name.where(use = 'official')"))

    assert name["name"] == "HumanName"
    assert name["valueHumanName"]["family"] == "Chalmers"
    assert name["extension"][0]["valueString"] == "Patient.name[0]"
    (whole,) = only(on_patient(client, "Patient"))
    assert whole["resource"] == PATIENT


def test_what_a_parameter_can_not_hold_is_json(client):
    (contact,) = only(on_patient(client, "contact"))

    assert contact["name"] == "Patient.contact"
    assert json.loads(contact["extension"][1]["valueString"]) == {"gender": "female"}


def test_primitives_keep_their_extensions(client):
    (date,) = only(on_patient(client, "birthDate"))

    assert date["valueDate"] == "1974-12-25"
    assert date["_valueDate"] == PATIENT["_birthDate"]
    (result,) = results(
        on_patient(
            client, "extension('http://x.example/t').value", context={"valueString": "birthDate"}
        )
    )
    assert result["part"] == [{"name": "string", "valueString": "noon"}]


def test_a_context_gives_a_result_for_each_of_its_items(client):
    found = results(on_patient(client, "given.first()", context={"valueString": "name"}))

    assert [(r["valueString"], r["part"][0]["valueString"]) for r in found] == [
        ("Patient.name[0]", "Peter"), ("Patient.name[1]", "Jim"),
    ]  # fmt: skip
    found = results(on_patient(client, "%context.length()", context={"valueString": "name.given"}))
    assert [(r["valueString"], r["part"][0]["valueInteger"]) for r in found] == [
        ("name.given[0]", 5), ("name.given[1]", 5), ("name.given[2]", 3),
    ]  # fmt: skip
    assert results(on_patient(client, "1", context={"valueString": "photo"})) == []


def test_traces_are_parts_of_the_result(client):
    given, trace = only(on_patient(client, "name.first().given.trace('trc', length()).first()"))

    assert given["valueString"] == "Peter"
    assert (trace["name"], trace["valueString"]) == ("trace", "trc")
    assert trace["part"] == [{"name": "integer", "valueInteger": 5}] * 2


def test_variables_may_be_anything(client):
    variables = {"part": [
        {"name": "n", "valueInteger": 2}, {"name": "n", "valueInteger": 3},
        {"name": "q", "valueQuantity": {"value": 4}},
        {"name": "p", "resource": {"resourceType": "Patient", "gender": "male"}},
    ]}  # fmt: skip
    found = only(asked(client, "%n.count() | %q.value | %p.gender", variables=variables))

    assert [p[next(k for k in p if k != "name")] for p in found] == [2, 4, "male"]


def test_what_was_evaluated_is_told(client):
    answer = done(on_patient(client, "name.given", validate={"valueBoolean": True}))
    told = {p["name"]: p for p in answer["parameter"][0]["part"]}

    assert answer["parameter"][0]["name"] == "parameters"
    assert told["evaluator"]["valueString"].startswith("fhirserver ")
    assert told["expression"]["valueString"] == "name.given"
    assert told["expectedReturnType"]["valueString"] == "string[]"
    assert told["resource"]["resource"] == PATIENT
    tree = json.loads(told["parseDebugTree"]["valueString"])
    assert (tree["ExpressionType"], tree["Name"]) == ("ChildExpression", "given")
    assert tree["Arguments"][0]["Arguments"][0]["Name"] == "builtin.that"


def test_a_stored_resource_is_read_with_the_callers_rights(client, token):
    stored = done(client.post("/fhir/Patient", json=a_patient()), 201)
    where = f"Patient/{stored['id']}"
    observation = {"resourceType": "Observation", "status": "final", "code": {"text": "x"},
                   "subject": {"reference": where}}  # fmt: skip

    for address in (
        f"/fhir/$fhirpath?expression=name.family&resource={where}",
        f"/fhir/{where}/$fhirpath?expression=name.family",
    ):
        assert only(client.get(address))[0]["valueString"] == stored["name"][0]["family"]
    by_reference = {"valueReference": {"reference": where}}
    assert only(asked(client, "id", resource=by_reference))[0]["valueId"] == stored["id"]
    resolving = asked(client, "subject.resolve().name.family", resource={"resource": observation})
    assert only(resolving)[0]["valueString"] == stored["name"][0]["family"]

    other = {"Authorization": f"Bearer {token('system/Observation.rs')}"}
    refused(client.get(f"/fhir/$fhirpath?expression=id&resource={where}", headers=other), 403)
    found = asked(client, "subject.resolve().id", resource={"resource": observation}, headers=other)
    assert only(found) == []


def test_without_a_resource_an_expression_still_computes(client):
    assert only(client.get("/fhir/$fhirpath?expression=1%2B1")) == [
        {"name": "integer", "valueInteger": 2}
    ]


@pytest.mark.parametrize(
    ("expression", "status", "text"),
    [
        ("name.", 400, "unexpected end"),
        ("nonsense", 400, "no element nonsense"),
        ("name.where(" * 1000 + "true" + ")" * 1000, 400, "nested more than"),
        ("1.repeat($this + 1)", 403, "steps|too long"),
        ("name.family.matches('(?=a)')", 400, "regular expression"),
        ("1" + ".select(1|2|3|4|5|6|7|8|9|10)" * 5 + ".select(%resource)", 403, "steps|too long|bytes"),
        ("1.trace('a')" + ".repeat(($this + 1).trace('a'))", 403, "trace|steps|too long"),
    ],
)  # fmt: skip
def test_what_can_not_be_evaluated_is_refused_soon(client, expression, status, text):
    with soon(8):
        issue = refused(on_patient(client, expression), status)

        assert any(t in issue["diagnostics"] for t in text.split("|")), issue


def test_large_answers_are_refused(client):
    patient = PATIENT | {"name": [{"family": "x" * 200_000, "given": ["a"] * 100}]}
    issue = refused(
        asked(client, "name.given.select(%resource)", resource={"resource": patient}), 403
    )

    assert "bytes" in issue["diagnostics"]


def test_a_broken_resource_is_told_with_its_place(client):
    broken = {"resource": PATIENT | {"birthDate": "soon"}}
    issue = refused(asked(client, "id", resource=broken), 400)

    assert place_of(issue) == "Parameters.parameter[1].resource.birthDate"
    refused(asked(client, "id", resource={"valueString": "nowhere"}), 400)
    refused(asked(client, "id", resource={"valueString": "Patient/none"}), 404)
    refused(asked(client, "id", resource={"valueInteger": 1}), 400)


def test_expressions_reach_terminology_and_profiles(client):
    observation = {"resourceType": "Observation", "status": "final", "category": [{"coding": [
        {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"}]}],
        "code": {"text": "x"}}  # fmt: skip
    above = {"part": [{"name": "above", "valueCoding": {
        "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "_ActEncounterCode"}}]}  # fmt: skip

    def truth(expression):
        (part,) = only(
            asked(client, expression, resource={"resource": observation}, variables=above)
        )
        return part["valueBoolean"]

    assert truth("%above.subsumes(Observation.category)") is True
    assert truth("Observation.category.subsumes(%above)") is False
    assert truth("Observation.category.subsumedBy(%above)") is True
    assert truth("Observation.status.memberOf('http://hl7.org/fhir/ValueSet/observation-status')")
    assert truth("conformsTo('http://hl7.org/fhir/StructureDefinition/vitalsigns')") is False


def test_characters_that_xml_has_not_do_no_harm(client):
    body = {"resourceType": "Parameters", "parameter": [
        {"name": "expression", "valueString": "'\\u0001\\u0000'"}]}  # fmt: skip

    for accept in ("application/fhir+json", "application/fhir+xml"):
        answer = client.post("/fhir/$fhirpath", json=body, headers={"Accept": accept})
        assert answer.status_code in {200, 400, 406, 422}, answer.text[:500]
