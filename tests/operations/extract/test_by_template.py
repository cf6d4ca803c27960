"""https://hl7.org/fhir/uv/sdc/extraction.html#template-based-extraction"""

from __future__ import annotations

from tests.answers import done
from tests.builders import a_patient
from tests.operations.extract.forms import PATIENT_ITEMS, SDC, a_form, answer, extracted, question


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
