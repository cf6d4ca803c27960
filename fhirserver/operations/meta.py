"""$meta: the profiles, tags and security labels of a resource, a type, or everything.

https://hl7.org/fhir/R4/resource-operation-meta.html
"""

from __future__ import annotations

from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.answers import answered
from fhirserver.interactions.operating.reading import instance
from fhirserver.interactions.operation import ANY, HL7, Call, operation
from fhirserver.model.parameters import parameters, value
from fhirserver.storage.labels import labels_in_use
from fhirserver.storage.searches import types_in_use


@operation(
    "meta",
    definition=f"{HL7}/Resource-meta",
    levels=["system", "type", "instance"],
    types=[ANY],
    right="r",
)
def meta(ctx: Context, call: Call) -> FhirResponse:
    if call.id is not None:
        return _answer(instance(ctx, call)["meta"])
    types = (
        (call.type,)
        if call.type
        else types_in_use(ctx.store.database, ctx.definitions.resource_types)
    )
    return _answer(dict(labels_in_use(ctx.store, types)))


def _answer(found: dict[str, object]) -> FhirResponse:
    return answered(parameters([value("return", "Meta", found) if found else None]))
