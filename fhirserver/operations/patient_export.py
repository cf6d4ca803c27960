"""`Patient/$export`: what belongs to patients, and what that refers to, as files.

https://hl7.org/fhir/uv/bulkdata/export.html#endpoint---all-patients
"""

from __future__ import annotations

from dataclasses import replace

from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.bulk_jobs import begun, require_async
from fhirserver.interactions.operating.export_patients import named
from fhirserver.interactions.operating.exports import OF_PATIENTS, understood
from fhirserver.interactions.operation import BULK, Call, operation


@operation(
    "export",
    definition=f"{BULK}/patient-export",
    levels=["type"],
    types=["Patient"],
    parameters=OF_PATIENTS,
)
def patient_export(ctx: Context, call: Call) -> FhirResponse:
    """Of all patients that the caller may see, or of those that are named."""
    require_async(call)
    wanted = understood(ctx, call, "patient")
    patients = named(ctx, call)
    if patients is not None:
        wanted = replace(wanted, owners=patients)
    return begun(ctx, call, "export", wanted.asked())
