"""Subscription/$get-ws-binding-token: by what a websocket is bound to subscriptions.

https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/OperationDefinition-backport-subscription-get-ws-binding-token.html
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from fhirserver import clock
from fhirserver.errors import Invalid, Unprocessable
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.answers import answered
from fhirserver.interactions.operating.reading import read
from fhirserver.interactions.operating.subscription_secret import key_of
from fhirserver.interactions.operating.subscription_standing import owned
from fhirserver.interactions.operation import Call, Parameter, operation
from fhirserver.model.parameters import parameters, value
from fhirserver.notifications.binding import binding_token
from fhirserver.notifications.bundles import instant

LIFETIME: Final = timedelta(minutes=5)
MOST: Final = 100


@operation(
    "get-ws-binding-token",
    definition="http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/"
    "backport-subscription-get-ws-binding-token",
    levels=["type", "instance"],
    types=["Subscription"],
    parameters=[Parameter("id", "id", max=None)],
)
def get_binding_token(ctx: Context, call: Call) -> FhirResponse:
    """Only for who wrote the subscriptions."""
    wanted = [call.id] if call.id is not None else [str(i) for i in call.inputs.all("id")]
    if not wanted or len(wanted) > MOST:
        raise Invalid(f"name up to {MOST} subscriptions by the parameter id")
    for subscription in wanted:
        resource = read(ctx, call.principal, "Subscription", subscription)
        owned(ctx, call.principal, resource)
        if resource["channel"]["type"] != "websocket":
            raise Unprocessable("the channel of the subscription isn't websocket")
    until = clock.now() + LIFETIME
    token = binding_token(key_of(ctx), wanted, int(until.timestamp()))
    return answered(
        parameters(
            [
                value("token", "string", token),
                value("expiration", "dateTime", instant(until)),
                *(value("subscription", "string", s) for s in wanted),
                value("websocket-url", "url", ctx.settings.websocket_address),
            ]
        )
    )
