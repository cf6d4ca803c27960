"""https://hl7.org/fhir/uv/sdc/extraction.html#definition-based-extraction"""

from __future__ import annotations

import pytest

from fhirserver import ids
from tests.answers import done, statuses
from tests.builders import a_patient
from tests.operations.extract.forms import (
    LOINC,
    PATIENT,
    PATIENT_ITEMS,
    SDC,
    TYPES,
    a_form,
    answer,
    at,
    ext,
    extract_value,
    extracted,
    question,
)


def definition_extract(canonical, **more):
    parts = [{"url": "definition", "valueCanonical": canonical}]
    parts += [{"url": k, "valueString": v} for k, v in more.items()]
    return {"url": f"{SDC}definitionExtract", "extension": parts}


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
