"""`$export`: all resources of a server, or of some types, as files.

https://hl7.org/fhir/uv/bulkdata/export.html#endpoint---system-level-export
"""

from __future__ import annotations

from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.bulk_jobs import begun, require_async
from fhirserver.interactions.operating.exports import GENERAL, understood
from fhirserver.interactions.operation import BULK, Call, operation


@operation("export", definition=f"{BULK}/export", levels=["system"], parameters=GENERAL)
def export(ctx: Context, call: Call) -> FhirResponse:
    require_async(call)
    return begun(ctx, call, "export", understood(ctx, call, "system").asked())
