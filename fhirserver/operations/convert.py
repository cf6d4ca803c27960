"""`$convert`: a resource from JSON to XML or back.

https://hl7.org/fhir/R4/resource-operation-convert.html
"""

from __future__ import annotations

from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operation import HL7, Call, Parameter, operation
from fhirserver.model import json


@operation(
    "convert",
    definition=f"{HL7}/Resource-convert",
    levels=["system"],
    parameters=[Parameter("input", "Resource", min=1)],
)
def convert(ctx: Context, call: Call) -> FhirResponse:
    """The resource itself: Content-Type said how to read it, Accept says how to write it."""
    return FhirResponse(200, json.dump(call.inputs.one("input")))
