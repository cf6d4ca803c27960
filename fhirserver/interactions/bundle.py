"""FHIR batch and transaction: many requests in one Bundle.

https://hl7.org/fhir/R4/http.html#transaction
"""

from __future__ import annotations

from fhirserver.errors import Invalid, TooLarge
from fhirserver.interactions.batch import batch
from fhirserver.interactions.context import Context
from fhirserver.interactions.interaction import interactions
from fhirserver.interactions.messages import FhirRequest, FhirResponse
from fhirserver.interactions.transaction import transaction


@interactions.register("bundle")
def process(ctx: Context, request: FhirRequest) -> FhirResponse:
    """Carry out a `batch` (each entry by itself) or a `transaction` (all or nothing)."""
    body = request.body
    if not isinstance(body, dict) or body.get("resourceType") != "Bundle":
        raise Invalid("the base address takes a Bundle of type batch or transaction")
    entries, most = body.get("entry"), ctx.settings.max_bundle_entries
    if most and isinstance(entries, list) and len(entries) > most:
        raise TooLarge(f"the Bundle has more than {most:,} entries: send it in parts")
    match body.get("type"):
        case "transaction":
            return transaction(ctx, request, body)
        case "batch":
            return batch(ctx, request, body)
        case _:
            raise Invalid(
                "the Bundle's type must be batch or transaction", expression="Bundle.type"
            )
