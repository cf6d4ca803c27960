"""http://hl7.org/fhir/uv/sdc/OperationDefinition/Questionnaire-populate"""

from __future__ import annotations

import pytest

from fhirserver import ids
from tests.answers import done, refused
from tests.builders import a_patient, an_observation

SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-"
VARIABLE = "http://hl7.org/fhir/StructureDefinition/variable"
GENDER = "http://hl7.org/fhir/administrative-gender"
KG = {"system": "http://unitsofmeasure.org", "code": "kg", "display": "kg"}


def stored(client, resource):
    answer = client.post(f"/fhir/{resource['resourceType']}", json=resource)
    assert answer.status_code == 201, answer.text
    return answer.json


def launch(code="patient", kind="Patient"):
    name = {"system": "http://hl7.org/fhir/uv/sdc/CodeSystem/launchContext", "code": code}
    parts = [{"url": "name", "valueCoding": name}, {"url": "type", "valueCode": kind}]
    return {"url": f"{SDC}launchContext", "extension": parts}


def expression(text, kind="initialExpression", language="text/fhirpath", **more):
    url = VARIABLE if kind == "variable" else SDC + kind
    return {"url": url, "valueExpression": {"language": language, "expression": text} | more}


def question(link, kind, *extension, **more):
    made = {"linkId": link, "text": link, "type": kind}
    return made | ({"extension": list(extension)} if extension else {}) | more


def a_form(*items, extension=(), **more):
    made = {"resourceType": "Questionnaire", "status": "active", "item": list(items)}
    made["extension"] = [launch(), *extension]
    return made | {"url": f"http://hospital.example/forms/{ids.new()}"} | more


@pytest.fixture
def patient(client):
    made = a_patient(
        name=[{"use": "official", "family": "Chalmers", "given": ["Ada", "Jane"]}],
        gender="female",
        birthDate="1974-12-03",
        telecom=[{"system": "phone", "value": "1"}, {"system": "phone", "value": "2"}],
    )
    return stored(client, made)


def populated(client, form, patient, **more):
    given = [
        {"name": "questionnaire", "resource": form},
        {"name": "subject", "valueReference": {"reference": f"Patient/{patient['id']}"}},
        *({"name": n, "valueBoolean": v} for n, v in more.items()),
    ]
    body = {"resourceType": "Parameters", "parameter": given}
    return done(client.post("/fhir/Questionnaire/$populate", json=body))


def part(parameters, name):
    return next((p["resource"] for p in parameters["parameter"] if p["name"] == name), None)


def answers(made):
    """Every answer by linkId, in order."""
    found = {}

    def look(items):
        for item in items:
            for answer in item.get("answer", ()):
                value = next(v for k, v in answer.items() if k.startswith("value"))
                found.setdefault(item["linkId"], []).append(value)
                look(answer.get("item", ()))
            look(item.get("item", ()))

    look(part(made, "response").get("item", ()))
    return found


def test_questions_are_answered_from_the_patient_in_their_type(client, patient):
    options = [
        {"valueCoding": {"system": GENDER, "code": c, "display": c}} for c in ("male", "female")
    ]
    form = a_form(
        question("family", "string", expression("%patient.name.first().family")),
        question("born", "date", expression("%patient.birthDate")),
        question("sex", "choice", expression("%patient.gender"), answerOption=options),
        question("adult", "boolean", expression("%patient.birthDate <= today() - 18 years")),
        question("who", "reference", expression("%patient")),
        question("phones", "string", expression("%patient.telecom.value"), repeats=True),
    )

    made = populated(client, form, patient)

    assert answers(made) == {
        "family": ["Chalmers"],
        "born": ["1974-12-03"],
        "sex": [{"system": GENDER, "code": "female", "display": "female"}],
        "adult": [True],
        "who": [{"reference": f"Patient/{patient['id']}"}],
        "phones": ["1", "2"],
    }
    assert part(made, "issues") is None


def test_the_response_is_one_to_the_form_and_can_be_stored(client, patient):
    form = stored(client, a_form(question("q", "string"), version="2"))

    made = part(populated(client, form, patient), "response")

    assert made["questionnaire"] == f"{form['url']}|2"
    assert made["status"] == "in-progress"
    assert made["subject"] == {"reference": f"Patient/{patient['id']}"}
    assert made["item"] == [{"linkId": "q", "text": "q"}]
    assert client.post("/fhir/QuestionnaireResponse", json=made).status_code == 201


def test_a_stored_form_is_found_by_its_address_url_or_reference(client, patient):
    form = stored(client, a_form(question("family", "string", expression("%patient.name.family"))))
    subject = f"subject=Patient/{patient['id']}"

    for address in (
        f"/fhir/Questionnaire/{form['id']}/$populate?{subject}",
        f"/fhir/Questionnaire/$populate?questionnaire={form['url']}&{subject}",
        f"/fhir/Questionnaire/$populate?questionnaireRef=Questionnaire/{form['id']}&{subject}",
    ):
        assert answers(done(client.get(address))) == {"family": ["Chalmers"]}


def test_a_group_is_repeated_for_each_thing_it_is_about(client, patient):
    context = expression("%patient.telecom", "itemPopulationContext", name="contact")
    group = question(
        "contact", "group", context, repeats=True,
        item=[question("number", "string", expression("%contact.value"))],
    )  # fmt: skip

    made = populated(client, a_form(group), patient)

    items = part(made, "response")["item"]
    assert [i["linkId"] for i in items] == ["contact", "contact"]
    assert answers(made) == {"number": ["1", "2"]}


def test_variables_search_this_server_with_values_of_the_context(client, patient):
    for code in ("final", "preliminary"):
        stored(
            client, an_observation(status=code, subject={"reference": f"Patient/{patient['id']}"})
        )
    search = expression(
        "Observation?subject=Patient/{{%patient.id}}&status=final", "variable",
        "application/x-fhir-query", name="obs",
    )  # fmt: skip
    form = a_form(
        question("n", "integer", expression("%obs.entry.count()")),
        question("w", "quantity", expression("%obs.entry.resource.value")),
        extension=[search],
    )

    found = answers(populated(client, form, patient))

    assert found["n"] == [1]
    assert found["w"][0]["value"] == 70


def test_what_is_put_into_a_search_can_not_become_another_parameter(client):
    evil = stored(client, a_patient(name=[{"family": "x&_id=nobody"}]))
    search = expression(
        "Patient?family={{%patient.name.family}}", "variable", "application/x-fhir-query", name="p"
    )
    form = a_form(question("n", "integer", expression("%p.entry.count()")), extension=[search])

    assert answers(populated(client, form, evil)) == {"n": [1]}


def test_the_newest_observation_within_the_time_answers_a_coded_question(client, patient):
    who = {"reference": f"Patient/{patient['id']}"}
    for day, value in (("2001-01-01", 61), ("2026-06-01", 83), ("2026-01-01", 80)):
        quantity = {"value": value, "unit": "kg", "system": KG["system"], "code": "kg"}
        stored(client, an_observation(subject=who, effectiveDateTime=day, valueQuantity=quantity))
    code = [{"system": "http://loinc.org", "code": "29463-7"}]

    def weight(link, years):
        period = {"value": years, "system": KG["system"], "code": "a"}
        return question(
            link,
            "quantity",
            {"url": f"{SDC}observationLinkPeriod", "valueDuration": period},
            code=code,
        )

    found = answers(populated(client, a_form(weight("now", 200)), patient))

    assert found["now"][0]["value"] == 83
    assert answers(populated(client, a_form(weight("now", 200)), patient, local=False)) == {}
    assert answers(populated(client, a_form(weight("now", 0)), patient)) == {}


def test_initial_values_stand_where_nothing_better_is_known(client, patient):
    form = a_form(
        question("a", "string", initial=[{"valueString": "x"}]),
        question("b", "string", expression("%patient.photo.title"), initial=[{"valueString": "y"}]),
        question(
            "c",
            "choice",
            answerOption=[{"valueString": "n"}, {"valueString": "m", "initialSelected": True}],
        ),
    )

    assert answers(populated(client, form, patient)) == {"a": ["x"], "b": ["y"], "c": ["m"]}


def test_expressions_ask_what_codes_mean(client, patient):
    gender = "http://hl7.org/fhir/ValueSet/administrative-gender"
    form = a_form(
        question("known", "boolean", expression(f"%patient.gender.memberOf('{gender}')")),
        question("unknown", "boolean", expression("%patient.gender.memberOf('http://no.example')")),
    )
    made = populated(client, form, patient)

    assert answers(made) == {"known": [True]}
    assert len(part(made, "issues")["issue"]) == 1


def test_what_can_not_be_evaluated_is_told_and_passed_over(client, patient):
    form = a_form(
        question("bad", "string", expression("%patient.nonsense((")),
        question("unknown", "string", expression("%nobody.name")),
        question("cql", "string", expression("x", language="text/cql")),
        question("slow", "boolean", expression("%patient.name.family.matches('(?=a)')")),
        question("many", "string", expression("%patient.telecom.value")),
        question("wrong", "integer", expression("%patient.name.family")),
        question("good", "string", expression("%patient.name.family")),
    )

    made = populated(client, form, patient)

    assert answers(made) == {"good": ["Chalmers"]}
    places = {i["expression"][0] for i in part(made, "issues")["issue"]}
    assert len(places) == 6
    assert "Questionnaire.descendants().where(linkId='bad')" in places


def test_a_launch_context_is_given_as_a_resource_or_a_reference(client, patient):
    sent = {"resourceType": "Practitioner", "name": [{"family": "Grey"}]}
    form = a_form(
        question("doctor", "string", expression("%user.name.family")),
        question("name", "string", expression("%patient.name.family")),
        extension=[launch("user", "Practitioner")],
    )
    contexts = [
        {"name": "context", "part": [{"name": "name", "valueString": n}, {"name": "content", **c}]}
        for n, c in (
            ("user", {"resource": sent}),
            ("patient", {"valueReference": {"reference": f"Patient/{patient['id']}"}}),
        )
    ]
    body = {
        "resourceType": "Parameters",
        "parameter": [{"name": "questionnaire", "resource": form}, *contexts],
    }

    made = done(client.post("/fhir/Questionnaire/$populate", json=body))

    assert answers(made) == {"doctor": ["Grey"], "name": ["Chalmers"]}


def test_a_missing_launch_context_is_told(client, patient):
    form = a_form(
        question("q", "string", expression("%encounter.id")),
        extension=[launch("encounter", "Encounter")],
    )

    made = populated(client, form, patient)

    assert answers(made) == {}
    assert "encounter" in part(made, "issues")["issue"][0]["diagnostics"]


def test_the_rights_of_the_caller_hold(client, token, patient):
    search = expression(
        "Observation?subject={{%patient.id}}", "variable", "application/x-fhir-query", name="obs"
    )
    form = a_form(question("n", "integer", expression("%obs.entry.count()")), extension=[search])
    body = {"resourceType": "Parameters", "parameter": [
        {"name": "questionnaire", "resource": form},
        {"name": "subject", "valueReference": {"reference": f"Patient/{patient['id']}"}},
    ]}  # fmt: skip

    def asked(scope):
        headers = {"Authorization": f"Bearer {token(scope)}"}
        return client.post("/fhir/Questionnaire/$populate", json=body, headers=headers)

    refused(asked("system/Questionnaire.rs"), 403)
    made = done(asked("system/Patient.rs"))
    assert part(made, "issues")["issue"][0]["severity"] == "warning"


def test_a_form_that_never_ends_is_stopped(client, patient):
    loop = expression("(1|2|3|4|5|6|7|8|9).repeat($this + 1)")
    form = a_form(*(question(str(n), "integer", loop) for n in range(3)))
    body = {"resourceType": "Parameters", "parameter": [
        {"name": "questionnaire", "resource": form},
        {"name": "subject", "valueReference": {"reference": f"Patient/{patient['id']}"}},
    ]}  # fmt: skip

    refused(client.post("/fhir/Questionnaire/$populate", json=body), 403)


def test_a_form_is_needed_and_must_be_known(client):
    refused(client.post("/fhir/Questionnaire/$populate", json={"resourceType": "Parameters"}), 400)
    refused(
        client.get("/fhir/Questionnaire/$populate?questionnaire=http://nobody.example/form"), 422
    )
