"""http://hl7.org/fhir/uv/sdc/OperationDefinition/QuestionnaireResponse-extract"""

from __future__ import annotations

import pytest

from tests.answers import done, refused, resources
from tests.operations.extract.forms import (
    WEIGHT,
    a_form,
    a_response,
    answer,
    ext,
    extracted,
    question,
)


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
