"""`QuestionnaireResponse/$extract`: what was filled in, as the resources that the form makes of it.

http://hl7.org/fhir/uv/sdc/OperationDefinition/QuestionnaireResponse-extract
"""

from __future__ import annotations

from typing import Any

from fhirserver.errors import Invalid
from fhirserver.forms.expressions import Expressions
from fhirserver.forms.extracting import extracted
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.answers import answered
from fhirserver.interactions.operating.form_inputs import Asking, by_canonical, given_response
from fhirserver.interactions.operation import Call, Parameter, operation
from fhirserver.model.outcome import outcome
from fhirserver.model.parameters import parameters, resource
from fhirserver.model.resource import Resource


@operation(
    "extract",
    definition="http://hl7.org/fhir/uv/sdc/OperationDefinition/QuestionnaireResponse-extract",
    levels=["type", "instance"],
    types=["QuestionnaireResponse"],
    parameters=[
        Parameter("questionnaire-response", "QuestionnaireResponse"),
        Parameter("questionnaire", "*"),
    ],
)
def extract(ctx: Context, call: Call) -> FhirResponse:
    """A transaction Bundle, and what nothing could be made of and why. Nothing is stored."""
    response = given_response(ctx, call)
    questionnaire = _questionnaire(ctx, call, response)
    asking = Asking(ctx, call)
    expressions = Expressions(asking.query, asking.resolve, asking.terminology)

    def find(canonical: str) -> Resource | None:
        return ctx.conformance.find("StructureDefinition", canonical)

    made = extracted(questionnaire, response, expressions, find)
    issues = expressions.issues
    return answered(
        parameters(
            [
                resource("return", made),
                resource("issues", outcome(issues)) if issues else None,
            ]
        )
    )


def _questionnaire(ctx: Context, call: Call, response: Resource) -> Resource:
    """The form: sent along, contained in the response, or stored here."""
    sent: Any = call.inputs.one("questionnaire")
    if isinstance(sent, str):
        return by_canonical(ctx, call, sent)
    if sent is not None:
        if not isinstance(sent, dict) or sent.get("resourceType") != "Questionnaire":
            raise Invalid("questionnaire must be a Questionnaire or the canonical address of one")
        return sent
    canonical = response.get("questionnaire")
    if not canonical:
        raise Invalid("the response names no questionnaire: send it along as questionnaire",
                      expression="QuestionnaireResponse.questionnaire")  # fmt: skip
    if canonical.startswith("#"):
        for contained in response.get("contained", ()):
            if contained.get("id") == canonical[1:]:
                found: Resource = contained
                return found
        raise Invalid("the response doesn't contain its questionnaire",
                      expression="QuestionnaireResponse.questionnaire")  # fmt: skip
    return by_canonical(ctx, call, canonical)
