"""Patient/$everything: the whole record of one patient.

https://hl7.org/fhir/R4/patient-operation-everything.html
"""

from __future__ import annotations

from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.everything import PARAMETERS, everything
from fhirserver.interactions.operating.reading import instance
from fhirserver.interactions.operation import HL7, Call, operation
from fhirserver.search.hashing import reference_self


@operation(
    "everything",
    definition=f"{HL7}/Patient-everything",
    levels=["instance"],
    types=["Patient"],
    parameters=PARAMETERS,
    right="r",
    is_paged=True,
)
def patient_everything(ctx: Context, call: Call) -> FhirResponse:
    patient = instance(ctx, call)
    return everything(ctx, call, reference_self("Patient", patient["id"]))
