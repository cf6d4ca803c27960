"""`$import`: stores the resources in files of NDJSON, many at a time.

https://github.com/smart-on-fhir/bulk-import
"""

from __future__ import annotations

from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.bulk_jobs import begun, require_async
from fhirserver.interactions.operating.imports import PARAMETERS, understood
from fhirserver.interactions.operation import OURS, Call, operation


@operation(
    "import",
    definition=f"{OURS}/import",
    levels=["system"],
    parameters=PARAMETERS,
    affects_state=True,
)
def import_files(ctx: Context, call: Call) -> FhirResponse:
    """A resource with an id is updated or made under it, one without is created."""
    require_async(call)
    return begun(ctx, call, "import", understood(ctx, call))
