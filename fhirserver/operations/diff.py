"""$diff: what changed between two versions of a resource, or between two resources.

The server's own operation, as HAPI FHIR has it. The answer is a FHIRPath Patch, which carried out
on the first gives the second. https://hl7.org/fhir/R4/fhirpatch.html
"""

from __future__ import annotations

from fhirserver.errors import Invalid, Issue, NotFound
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirRequest, FhirResponse
from fhirserver.interactions.operating.answers import answered
from fhirserver.interactions.operating.reading import instance
from fhirserver.interactions.operation import ANY, OURS, Call, Parameter, operation
from fhirserver.model import json
from fhirserver.model.differences import differences
from fhirserver.model.parameters import parameters
from fhirserver.model.references import parse_reference
from fhirserver.model.resource import Resource


@operation(
    "diff",
    definition=f"{OURS}/Resource-diff",
    levels=["system", "instance"],
    types=[ANY],
    parameters=[
        Parameter("from", "uri"),
        Parameter("to", "uri"),
        Parameter("fromVersion", "string"),
        Parameter("includeMeta", "boolean"),
    ],
)
def diff(ctx: Context, call: Call) -> FhirResponse:
    if call.id is None:
        _refuse(call, "fromVersion")
        old, new = _named(ctx, call, "from"), _named(ctx, call, "to")
    else:
        _refuse(call, "from", "to")
        new = instance(ctx, call)
        old = _before(ctx, call, new)
    if old["resourceType"] != new["resourceType"]:
        raise Invalid("the resources are of different types", expression=call.inputs.place("to"))
    leave_out = () if call.inputs.is_true("includeMeta") else ("meta",)
    return answered(parameters(differences(old, new, leave_out=leave_out)))


def _refuse(call: Call, *names: str) -> None:
    for name in names:
        if name in call.inputs:
            raise Invalid(
                f"$diff takes no {name} at this address", expression=call.inputs.place(name)
            )


def _before(ctx: Context, call: Call, new: Resource) -> Resource:
    """The version that is named, or the one before the current one."""
    assert call.type is not None
    assert call.id is not None
    number = call.inputs.text("fromVersion")
    if number is None:
        current = int(new["meta"]["versionId"])
        if current == 1:
            raise NotFound("the resource has only one version")
        number = str(current - 1)
    return _version(ctx, call, call.type, call.id, number)


def _named(ctx: Context, call: Call, name: str) -> Resource:
    """The resource that a parameter refers to, in the version that it names."""
    text = call.inputs.text(name)
    if text is None:
        raise Invalid(issues=[Issue("error", "required", f"$diff needs the parameter {name}")])
    found = parse_reference(text, ctx.settings.fhir_base)
    if not found.is_local or found.type is None or found.id is None:
        raise Invalid(f"{name} must be a reference such as Patient/1 or Patient/1/_history/2",
                      expression=call.inputs.place(name))  # fmt: skip
    return _version(ctx, call, found.type, found.id, found.version)


def _version(
    ctx: Context, call: Call, resource_type: str, resource_id: str, version: str | None
) -> Resource:
    request = FhirRequest(
        "read" if version is None else "vread",
        call.principal,
        type=resource_type,
        id=resource_id,
        version=version,
    )
    return json.parse_object(ctx.handle(request).content or b"{}")
