"""`$versions`: the versions of FHIR that the server speaks.

https://hl7.org/fhir/R4/capabilitystatement-operation-versions.html
"""

from __future__ import annotations

from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operation import HL7, Call, operation
from fhirserver.model import json
from fhirserver.model.parameters import parameters, value


@operation(
    "versions", definition=f"{HL7}/CapabilityStatement-versions", levels=["system"], types=[]
)
def versions(ctx: Context, call: Call) -> FhirResponse:
    """4.0, and nothing else."""
    spoken = [value("version", "code", "4.0"), value("default", "code", "4.0")]
    return FhirResponse(200, json.dump(parameters(spoken)))
