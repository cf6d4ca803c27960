"""`CodeSystem/$validate-code`: is it a code of its code system?

https://hl7.org/fhir/R4/codesystem-operation-validate-code.html
"""

from __future__ import annotations

from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.terminology_inputs import answer
from fhirserver.interactions.operating.validate_code import SYSTEM_PARAMETERS, validate_in_system
from fhirserver.interactions.operation import Call, operation


@operation(
    "validate-code",
    definition="http://hl7.org/fhir/OperationDefinition/CodeSystem-validate-code",
    levels=["type", "instance"],
    types=["CodeSystem"],
    parameters=SYSTEM_PARAMETERS,
    is_open=True,
    searches=False,
)
def validate_code(ctx: Context, call: Call) -> FhirResponse:
    """Whether the code is right, with all there is to say about it."""
    return answer(validate_in_system(ctx, call).parameters())
