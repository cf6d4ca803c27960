"""`ValueSet/$expand`: the codes of a value set.

https://hl7.org/fhir/R4/valueset-operation-expand.html
"""

from __future__ import annotations

from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.terminology_inputs import (
    COMMON,
    OF_VALUE_SET,
    answer,
    options_of,
    shelf_of,
    value_set_of,
)
from fhirserver.interactions.operation import Call, Parameter, operation


@operation(
    "expand",
    definition="http://hl7.org/fhir/OperationDefinition/ValueSet-expand",
    levels=["type", "instance"],
    types=["ValueSet"],
    parameters=[
        *OF_VALUE_SET,
        *COMMON,
        Parameter("contextDirection", "code"),
        Parameter("filter", "string"),
        Parameter("offset", "integer"),
        Parameter("count", "integer"),
        Parameter("includeDesignations", "boolean"),
        Parameter("designation", "string", max=None),
        Parameter("includeDefinition", "boolean"),
        Parameter("excludeNested", "boolean"),
        Parameter("excludeNotForUI", "boolean"),
        # No code system here has post-coordinated codes.
        Parameter("excludePostCoordinated", "boolean"),
        Parameter("exclude-system", "canonical", max=None),
        Parameter("property", "string", max=None),
    ],
    is_open=True,
    searches=False,
)
def expand(ctx: Context, call: Call) -> FhirResponse:
    """The value set with its expansion."""
    shelf = shelf_of(ctx, call)
    options = options_of(call)
    value_set = value_set_of(ctx, call, shelf)
    return answer(ctx.terminology.expand(shelf, value_set, options))
