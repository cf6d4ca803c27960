"""$meta-delete: takes profiles, tags and security labels off a resource.

https://hl7.org/fhir/R4/resource-operation-meta-delete.html
"""

from __future__ import annotations

from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.answers import answered
from fhirserver.interactions.operating.changing import changed
from fhirserver.interactions.operation import ANY, HL7, Call, Parameter, operation
from fhirserver.model.labels import removed
from fhirserver.model.parameters import parameters, value


@operation(
    "meta-delete",
    definition=f"{HL7}/Resource-meta-delete",
    levels=["instance"],
    types=[ANY],
    parameters=[Parameter("meta", "Meta", min=1)],
    right="u",
    affects_state=True,
)
def meta_delete(ctx: Context, call: Call) -> FhirResponse:
    meta = call.inputs.one("meta")
    stored = changed(ctx, call, lambda resource: removed(resource, meta))
    return answered(parameters([value("return", "Meta", stored["meta"])]))
