"""Questionnaires with the extensions of SDC, and answers to them."""

from __future__ import annotations

from fhirserver import ids
from tests.answers import done

SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-"


TYPES = "http://hl7.org/fhir/StructureDefinition/"


LOINC = "http://loinc.org"


WEIGHT = {"system": LOINC, "code": "29463-7", "display": "Body weight"}


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
