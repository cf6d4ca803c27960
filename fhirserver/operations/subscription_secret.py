"""Subscription/$signing-secret: by what the subscriber checks that a notification is from us.

The server's own operation; see notifications/signature.py.
"""

from __future__ import annotations

from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.answers import answered
from fhirserver.interactions.operating.reading import instance
from fhirserver.interactions.operating.subscription_secret import secret_of
from fhirserver.interactions.operating.subscription_standing import owned
from fhirserver.interactions.operation import OURS, Call, operation
from fhirserver.model.parameters import parameters, value


@operation(
    "signing-secret",
    definition=f"{OURS}/Subscription-signing-secret",
    levels=["instance"],
    types=["Subscription"],
    parameters=[],
)
def signing_secret(ctx: Context, call: Call) -> FhirResponse:
    """Only for who wrote the subscription."""
    held = owned(ctx, call.principal, instance(ctx, call))
    return answered(parameters([value("secret", "string", secret_of(ctx, held.id).decode())]))
