"""Encounter/$everything: what was done and found in one encounter, and whose it is.

https://hl7.org/fhir/R4/encounter-operation-everything.html
"""

from __future__ import annotations

from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.everything import PARAMETERS, everything
from fhirserver.interactions.operating.reading import instance
from fhirserver.interactions.operation import HL7, Call, operation


@operation(
    "everything",
    definition=f"{HL7}/Encounter-everything",
    levels=["instance"],
    types=["Encounter"],
    parameters=[p for p in PARAMETERS if p.name not in {"start", "end"}],
    right="r",
    is_paged=True,
)
def encounter_everything(ctx: Context, call: Call) -> FhirResponse:
    encounter = instance(ctx, call)
    return everything(ctx, call, ctx.store.stamp(encounter).owner)
