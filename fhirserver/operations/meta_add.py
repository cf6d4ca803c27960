"""$meta-add: adds profiles, tags and security labels to a resource.

https://hl7.org/fhir/R4/resource-operation-meta-add.html
"""

from __future__ import annotations

from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.answers import answered
from fhirserver.interactions.operating.changing import changed
from fhirserver.interactions.operation import ANY, HL7, Call, Parameter, operation
from fhirserver.model.labels import added
from fhirserver.model.parameters import parameters, value


@operation(
    "meta-add",
    definition=f"{HL7}/Resource-meta-add",
    levels=["instance"],
    types=[ANY],
    parameters=[Parameter("meta", "Meta", min=1)],
    right="u",
    affects_state=True,
)
def meta_add(ctx: Context, call: Call) -> FhirResponse:
    meta = call.inputs.one("meta")
    stored = changed(ctx, call, lambda resource: added(resource, meta))
    return answered(parameters([value("return", "Meta", stored["meta"])]))
