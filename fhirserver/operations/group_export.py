"""`Group/[id]/$export`: what belongs to the patients of a group, as files.

https://hl7.org/fhir/uv/bulkdata/export.html#endpoint---group-of-patients
"""

from __future__ import annotations

from dataclasses import replace

from fhirserver.errors import Invalid
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.bulk_jobs import begun, require_async
from fhirserver.interactions.operating.export_patients import group, members, named
from fhirserver.interactions.operating.exports import OF_PATIENTS, understood
from fhirserver.interactions.operation import BULK, Call, operation


@operation(
    "export",
    definition=f"{BULK}/group-export",
    levels=["instance"],
    types=["Group"],
    parameters=OF_PATIENTS,
)
def group_export(ctx: Context, call: Call) -> FhirResponse:
    """The members are those of now, whoever joins later."""
    require_async(call)
    wanted = understood(ctx, call, "group")
    patients = members(ctx, group(ctx, call))
    asked = named(ctx, call)
    if asked is not None:
        if not asked <= patients:
            raise Invalid("patient: not all of them are members of the group",
                          expression=call.inputs.place("patient"))  # fmt: skip
        patients = asked
    return begun(ctx, call, "export", replace(wanted, owners=patients).asked())
