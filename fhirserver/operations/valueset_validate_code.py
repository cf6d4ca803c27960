"""`ValueSet/$validate-code`: is a code in a value set?

https://hl7.org/fhir/R4/valueset-operation-validate-code.html
"""

from __future__ import annotations

from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.validate_code import PARAMETERS, validate_in_value_set
from fhirserver.interactions.operation import Call, operation


@operation(
    "validate-code",
    definition="http://hl7.org/fhir/OperationDefinition/ValueSet-validate-code",
    levels=["type", "instance"],
    types=["ValueSet"],
    parameters=PARAMETERS,
    is_open=True,
    searches=False,
)
def validate_code(ctx: Context, call: Call) -> FhirResponse:
    """Whether the code is in the value set, with all there is to say about it."""
    return FhirResponse(200, validate_in_value_set(ctx, call).text)
