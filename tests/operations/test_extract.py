"""http://hl7.org/fhir/uv/sdc/OperationDefinition/QuestionnaireResponse-extract"""

from __future__ import annotations

import pytest

from fhirserver import ids
from tests.answers import done, refused, resources, statuses
from tests.builders import a_patient

SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-"
UNIT = "http://hl7.org/fhir/StructureDefinition/questionnaire-unit"
TYPES = "http://hl7.org/fhir/StructureDefinition/"
LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
WEIGHT = {"system": LOINC, "code": "29463-7", "display": "Body weight"}
PRESSURE = {"system": LOINC, "code": "85354-9"}
SYSTOLIC = {"system": LOINC, "code": "8480-6"}


def ext(name, value, key="valueBoolean"):
    return {"url": SDC + name, key: value}


def question(link, kind, *extension, **more):
    made = {"linkId": link, "type": kind}
    return made | ({"extension": list(extension)} if extension else {}) | more


def answer(link, *values, item=(), **more):
    made = {"linkId": link}
    made |= {"answer": [{k: v} for k, v in values]} if values else {}
    return made | ({"item": list(item)} if item else {}) | more


def a_form(*items, extension=(), **more):
    made = {"resourceType": "Questionnaire", "status": "active", "item": list(items)}
    made |= {"url": f"http://hospital.example/forms/{ids.new()}"}
    return made | ({"extension": list(extension)} if extension else {}) | more


def a_response(form, *items, **more):
    return {
        "resourceType": "QuestionnaireResponse",
        "questionnaire": form["url"],
        "status": "completed",
        "subject": {"reference": "Patient/1"},
        "authored": "2024-05-06T07:08:09Z",
        "author": {"reference": "Practitioner/2"},
        "item": list(items),
    } | more


def extracted(client, form, *items, **more):
    """The entries of the transaction and the issues as (place, text)."""
    given = [
        {"name": "questionnaire-response", "resource": a_response(form, *items, **more)},
        {"name": "questionnaire", "resource": form},
    ]
    body = {"resourceType": "Parameters", "parameter": given}
    made = done(client.post("/fhir/QuestionnaireResponse/$extract", json=body))["parameter"]
    found = {p["name"]: p["resource"] for p in made}
    assert found["return"]["type"] == "transaction"
    issues = found.get("issues", {}).get("issue", [])
    told = [(i["expression"][0], i["diagnostics"]) for i in issues]
    return found["return"].get("entry", []), told


def at(link):
    return f"Questionnaire.descendants().where(linkId='{link}')"


# Observation-based


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


# Definition-based


def definition_extract(canonical, **more):
    parts = [{"url": "definition", "valueCanonical": canonical}]
    parts += [{"url": k, "valueString": v} for k, v in more.items()]
    return {"url": f"{SDC}definitionExtract", "extension": parts}


def extract_value(definition, expression=None, **fixed):
    parts = [{"url": "definition", "valueUri": definition}]
    if expression:
        said = {"language": "text/fhirpath", "expression": expression}
        parts.append({"url": "expression", "valueExpression": said})
    parts += [{"url": "fixed-value", k: v} for k, v in fixed.items()]
    return {"url": f"{SDC}definitionExtractValue", "extension": parts}


PATIENT = f"{TYPES}Patient#Patient"
PATIENT_ITEMS = [
    question("name", "group", definition=f"{PATIENT}.name", repeats=True, item=[
        question("given", "string", definition=f"{PATIENT}.name.given", repeats=True),
        question("family", "string", definition=f"{PATIENT}.name.family"),
    ]),
    question("sex", "choice", definition=f"{PATIENT}.gender"),
    question("born", "date", definition=f"{PATIENT}.birthDate"),
    question("phone", "string", extract_value(f"{PATIENT}.telecom.system", valueCode="phone"),
             definition=f"{PATIENT}.telecom.value"),
    question("many", "integer", definition=f"{PATIENT}.multipleBirth[x]"),
]  # fmt: skip


def test_answers_become_the_elements_that_they_are_about(client):
    form = a_form(
        *PATIENT_ITEMS,
        extension=[
            definition_extract(f"{TYPES}Patient", ifNoneExist="'identifier=a|' + '1'"),
            extract_value(f"{PATIENT}.active", valueBoolean=True),
            extract_value(f"{PATIENT}.generalPractitioner", "%resource.author"),
        ],
    )

    entries, issues = extracted(
        client, form,
        answer("name", item=[answer("given", ("valueString", "A"), ("valueString", "B")),
                             answer("family", ("valueString", "C"))]),
        answer("name", item=[answer("family", ("valueString", "D"))]),
        answer("sex", ("valueCoding", {"code": "female"})),
        answer("born", ("valueDate", "1970-01-02")),
        answer("phone", ("valueString", "1")),
        answer("many", ("valueInteger", 2)),
    )  # fmt: skip

    assert issues == []
    assert entries[0]["request"] == {
        "method": "POST", "url": "Patient", "ifNoneExist": "identifier=a|1",
    }  # fmt: skip
    assert [e["resource"] for e in entries] == [{
        "resourceType": "Patient",
        "active": True,
        "generalPractitioner": [{"reference": "Practitioner/2"}],
        "name": [{"given": ["A", "B"], "family": "C"}, {"family": "D"}],
        "gender": "female",
        "birthDate": "1970-01-02",
        "telecom": [{"value": "1", "system": "phone"}],
        "multipleBirthInteger": 2,
    }]  # fmt: skip


def test_a_group_makes_a_resource_for_each_repetition_that_refers_to_another(client):
    condition = f"{TYPES}Condition#Condition"
    form = a_form(
        question("p", "group", definition_extract(f"{TYPES}Patient", fullUrl="%patientId"), item=[
            question("family", "string", definition=f"{PATIENT}.name.family"),
        ]),
        question("c", "group", definition_extract(f"{TYPES}Condition"),
            extract_value(f"{condition}.subject.reference", "%patientId"), repeats=True, item=[
            question("what", "choice", definition=f"{condition}.code"),
        ]),
        extension=[ext("extractAllocateId", "patientId", "valueString")],
    )  # fmt: skip

    entries, issues = extracted(
        client, form,
        answer("p", item=[answer("family", ("valueString", "A"))]),
        answer("c", item=[answer("what", ("valueCoding", {"code": "x"}))]),
        answer("c", item=[answer("what", ("valueCoding", {"code": "y"}))]),
        answer("c"),
    )  # fmt: skip

    assert issues == []
    kinds = [e["resource"]["resourceType"] for e in entries]
    assert kinds == ["Patient", "Condition", "Condition"]
    assert {e["resource"]["subject"]["reference"] for e in entries[1:]} == {entries[0]["fullUrl"]}
    answered = client.post("/fhir", json={
        "resourceType": "Bundle", "type": "transaction", "entry": entries,
    })  # fmt: skip
    assert statuses(done(answered)) == ["201"] * 3


def test_a_profile_gives_what_it_fixes(client):
    url = f"http://hospital.example/StructureDefinition/{ids.new()}"
    fixed = {"system": "http://hospital.example/mrn"}
    profile = {
        "resourceType": "StructureDefinition", "url": url, "name": "Ours", "status": "active",
        "kind": "resource", "abstract": False, "type": "Patient", "derivation": "constraint",
        "baseDefinition": f"{TYPES}Patient",
        "differential": {"element": [
            {"id": "Patient", "path": "Patient"},
            {"id": "Patient.active", "path": "Patient.active", "min": 1, "fixedBoolean": True},
            {"id": "Patient.identifier", "path": "Patient.identifier", "slicing": {
                "rules": "open", "discriminator": [{"type": "value", "path": "system"}]}},
            {"id": "Patient.identifier:mrn", "path": "Patient.identifier", "sliceName": "mrn"},
            {"id": "Patient.identifier:mrn.system", "path": "Patient.identifier.system",
             "min": 1, "fixedUri": fixed["system"]},
        ]},
    }  # fmt: skip
    assert client.post("/fhir/StructureDefinition", json=profile).status_code == 201
    form = a_form(
        question("mrn", "string", definition=f"{url}#Patient.identifier:mrn.value"),
        question("other", "string", definition=f"{PATIENT}.name.text"),
        extension=[definition_extract(url)],
    )

    entries, issues = extracted(
        client, form, answer("mrn", ("valueString", "1")), answer("other", ("valueString", "x"))
    )

    assert issues == []
    assert entries[0]["resource"] == {
        "resourceType": "Patient", "active": True, "identifier": [{**fixed, "value": "1"}],
    }  # fmt: skip


def test_what_is_stored_is_changed_where_the_form_says_so(client):
    stored = a_patient(
        name=[{"family": "Old", "given": ["A"]}], gender="male", birthDate="1970-01-01"
    )
    stored = done(client.post("/fhir/Patient", json=stored), 201)
    query = f"Patient?_id={stored['id']}"
    context = {"language": "application/x-fhir-query", "expression": query}
    form = a_form(
        question("id", "string", definition=f"{PATIENT}.id"),
        *PATIENT_ITEMS,
        extension=[ext("itemExtractionContext", context, "valueExpression")],
    )

    entries, issues = extracted(
        client, form,
        answer("id", ("valueString", stored["id"])),
        answer("name", item=[answer("family", ("valueString", "New"))]),
        answer("sex", ("valueCoding", {"code": "female"})),
    )  # fmt: skip

    assert issues == []
    assert entries[0]["request"] == {"method": "PUT", "url": f"Patient/{stored['id']}"}
    changed = entries[0]["resource"]
    assert changed["name"] == [{"family": "New", "given": ["A"]}]
    assert (changed["gender"], changed["birthDate"]) == ("female", "1970-01-01")


@pytest.mark.parametrize(
    ("definition", "kind", "given"),
    [
        ("Patient.nmae", "string", ("valueString", "x")),
        ("Patient.birthDate", "boolean", ("valueBoolean", True)),
        ("Patient.name.family.more", "string", ("valueString", "x")),
        ("Patient.deceased[x].x", "string", ("valueString", "x")),
    ],
)
def test_a_definition_that_does_not_fit_is_told_with_its_item(client, definition, kind, given):
    form = a_form(
        question("q", kind, definition=f"{TYPES}Patient#{definition}"),
        extension=[definition_extract(f"{TYPES}Patient")],
    )

    entries, issues = extracted(client, form, answer("q", given))

    assert entries[0]["resource"] == {"resourceType": "Patient"}
    assert [place for place, _ in issues] == [at("q")]


def test_a_second_question_about_a_phone_is_about_another_phone(client):
    def phone(link, use):
        return question(
            link, "string", extract_value(f"{PATIENT}.telecom.use", valueCode=use),
            extract_value(f"{PATIENT}.telecom.system", valueCode="phone"),
            definition=f"{PATIENT}.telecom.value",
        )  # fmt: skip

    form = a_form(
        phone("home", "home"), phone("mobile", "mobile"),
        question("born", "date", definition=f"{PATIENT}.birthDate"),
        question("again", "date", definition=f"{PATIENT}.birthDate"),
        extension=[definition_extract(f"{TYPES}Patient")],
    )  # fmt: skip

    entries, issues = extracted(
        client, form, answer("home", ("valueString", "1")), answer("mobile", ("valueString", "2")),
        answer("born", ("valueDate", "1970-01-01")), answer("again", ("valueDate", "1980-01-01")),
    )  # fmt: skip

    assert entries[0]["resource"] == {
        "resourceType": "Patient",
        "telecom": [
            {"value": "1", "use": "home", "system": "phone"},
            {"value": "2", "use": "mobile", "system": "phone"},
        ],
        "birthDate": "1970-01-01",
    }
    assert [place for place, _ in issues] == [at("again")]


def test_a_question_makes_an_observation_of_its_own(client):
    """As in HL7's complex example of a height."""
    weight = f"{TYPES}Observation#Observation"
    form = a_form(question(
        "height", "decimal", definition_extract(f"{TYPES}Observation"),
        extract_value(f"{weight}.status", valueCode="final"),
        extract_value(f"{weight}.code.coding", valueCoding={"system": LOINC, "code": "8302-2"}),
        extract_value(f"{weight}.effective", "(%resource.authored | now()).first()"),
        extract_value(f"{weight}.issued", "(%resource.authored | now()).first()"),
        extract_value(f"{weight}.performer", "%resource.author"),
        extract_value(f"{weight}.value[x]:valueQuantity.unit", valueString="m"),
        extract_value(f"{weight}.derivedFrom.reference", "'QuestionnaireResponse/' + %resource.id"),
        definition=f"{weight}.value[x]:valueQuantity.value",
    ))  # fmt: skip

    entries, issues = extracted(client, form, answer("height", ("valueDecimal", 1.7)), id="r1")

    assert issues == []
    assert [e["resource"] for e in entries] == [{
        "resourceType": "Observation", "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "8302-2"}]},
        "effectiveDateTime": "2024-05-06T07:08:09Z", "issued": "2024-05-06T07:08:09Z",
        "performer": [{"reference": "Practitioner/2"}],
        "valueQuantity": {"value": 1.7, "unit": "m"},
        "derivedFrom": [{"reference": "QuestionnaireResponse/r1"}],
    }]  # fmt: skip


def test_a_resource_that_lacks_something_is_told_with_its_item(client):
    form = a_form(question("c", "group", definition_extract(f"{TYPES}Condition"), item=[
        question("what", "choice", definition=f"{TYPES}Condition#Condition.code"),
    ]))  # fmt: skip

    _, issues = extracted(
        client, form, answer("c", item=[answer("what", ("valueCoding", {"code": "x"}))])
    )

    assert [place for place, _ in issues] == [at("c")]
    assert "Condition.subject" in issues[0][1]


# Template-based


def templated(text, context=None):
    made = [{"url": f"{SDC}templateExtractValue", "valueString": text}] if text else []
    if context:
        made.append({"url": f"{SDC}templateExtractContext", "valueString": context})
    return {"extension": made}


def test_a_template_is_filled_in(client):
    template = {
        "resourceType": "Patient", "id": "t",
        "name": [{
            **templated(None, "item.where(linkId='name')"),
            "_family": templated("item.where(linkId='family').answer.value"),
            "given": ["?", "?"],
            "_given": [templated("item.where(linkId='given').answer.value"), None],
            "use": "official",
        }],
        "_birthDate": templated("item.where(linkId='born').answer.value"),
        "gender": "unknown", "_gender": templated("item.where(linkId='sex').answer.value.code"),
        "managingOrganization": templated("%resource.author.where(false)"),
        "generalPractitioner": [templated("%resource.author")],
    }  # fmt: skip
    del template["name"][0]["given"]
    template["name"][0]["_given"].pop()
    use = {"url": "template", "valueReference": {"reference": "#t"}}
    form = a_form(
        *PATIENT_ITEMS,
        contained=[template],
        extension=[{"url": f"{SDC}templateExtract", "extension": [use]}],
    )

    entries, issues = extracted(
        client, form,
        answer("name", item=[answer("given", ("valueString", "A"), ("valueString", "B")),
                             answer("family", ("valueString", "C"))]),
        answer("name", item=[answer("family", ("valueString", "D"))]),
        answer("born", ("valueDate", "1970-01-02")),
    )  # fmt: skip

    assert issues == []
    assert [e["resource"] for e in entries] == [{
        "resourceType": "Patient",
        "name": [
            {"family": "C", "given": ["A", "B"], "use": "official"},
            {"family": "D", "use": "official"},
        ],
        "birthDate": "1970-01-02",
        "generalPractitioner": [{"reference": "Practitioner/2"}],
    }]  # fmt: skip


def test_a_template_takes_single_values_as_context_and_in_whole_elements(client):
    """As in HL7's complex example: a phone for each answer, and a reference given as a text."""
    template = {
        "resourceType": "Observation", "id": "t", "status": "final",
        "code": templated("answer.value"),
        "subject": templated("'Patient/' + %patient.id"),
        "note": [{
            **templated(None, "answer.item.where(linkId='more').answer.value"),
            "_text": templated("first()"),
        }],
        "effectiveDateTime": "1900-01-01", "_effectiveDateTime": templated("%resource.authored"),
        "_issued": templated("%resource.authored"),
    }  # fmt: skip
    use = {"url": "template", "valueReference": {"reference": "#t"}}
    patient = done(client.post("/fhir/Patient", json=a_patient()), 201)
    launch = {"url": f"{SDC}launchContext", "extension": [
        {"url": "name", "valueCoding": {"code": "patient"}},
        {"url": "type", "valueCode": "Patient"}]}  # fmt: skip
    form = a_form(
        question("what", "choice", {"url": f"{SDC}templateExtract", "extension": [use]},
                 item=[question("more", "string", repeats=True)]),
        contained=[template], extension=[launch],
    )  # fmt: skip
    given = answer("what", ("valueCoding", {"code": "x"}))
    given["answer"][0]["item"] = [answer("more", ("valueString", "A"), ("valueString", "B"))]

    entries, issues = extracted(
        client, form, given, subject={"reference": f"Patient/{patient['id']}"}
    )

    assert issues == []
    assert [e["resource"] for e in entries] == [{
        "resourceType": "Observation", "status": "final",
        "code": {"coding": [{"code": "x"}]},
        "subject": {"reference": f"Patient/{patient['id']}"},
        "note": [{"text": "A"}, {"text": "B"}],
        "effectiveDateTime": "2024-05-06T07:08:09Z", "issued": "2024-05-06T07:08:09Z",
    }]  # fmt: skip


# The call


def test_a_stored_response_is_extracted_by_its_address(client):
    form = a_form(question("w", "integer", ext("observationExtract", True), code=[WEIGHT]))
    done(client.post("/fhir/Questionnaire", json=form), 201)
    response = a_response(form, answer("w", ("valueInteger", 1)))
    stored = done(client.post("/fhir/QuestionnaireResponse", json=response), 201)

    made = done(client.get(f"/fhir/QuestionnaireResponse/{stored['id']}/$extract"))

    (observation,) = resources(made["parameter"][0]["resource"])
    source = f"QuestionnaireResponse/{stored['id']}"
    assert observation["derivedFrom"] == [{"reference": source}]


@pytest.mark.parametrize("status", ["in-progress", "stopped", "entered-in-error"])
def test_an_unfinished_response_gives_nothing(client, status):
    form = a_form(question("w", "integer"))
    given = [{"name": "questionnaire-response", "resource": a_response(form, status=status)},
             {"name": "questionnaire", "resource": form}]  # fmt: skip
    given[0]["resource"].pop("item")
    body = {"resourceType": "Parameters", "parameter": given}

    issue = refused(client.post("/fhir/QuestionnaireResponse/$extract", json=body), 422)

    assert "completed" in issue["diagnostics"]


def test_an_item_that_was_not_asked_for_is_told(client):
    form = a_form(question("w", "integer"))

    _, issues = extracted(client, form, answer("z", ("valueInteger", 1)))

    assert issues[0][0] == "QuestionnaireResponse.descendants().where(linkId='z')"


def test_a_form_that_is_not_here_is_refused(client):
    response = a_response({"url": "http://nowhere.example/form"})
    response.pop("item")

    refused(client.post("/fhir/QuestionnaireResponse/$extract", json=response), 422)
