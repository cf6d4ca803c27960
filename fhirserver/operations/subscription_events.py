"""Subscription/$events: what a subscription has been told of, again.

https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/OperationDefinition-backport-subscription-events.html
"""

from __future__ import annotations

from typing import Final

from fhirserver.errors import Invalid
from fhirserver.interactions.context import Context
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.answers import answered
from fhirserver.interactions.operating.reading import instance
from fhirserver.interactions.operating.subscription_events import happened_of
from fhirserver.interactions.operating.subscription_standing import owned, standing
from fhirserver.interactions.operation import Call, Parameter, operation
from fhirserver.notifications.bundles import notification
from fhirserver.notifications.subscription import CONTENTS, asked
from fhirserver.storage.subscriptions import events

MOST: Final = 200
"""So many events come at once; the next call goes on after the last of them."""
_LONGEST: Final = 18


@operation(
    "events",
    definition="http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/"
    "backport-subscription-events",
    levels=["instance"],
    types=["Subscription"],
    parameters=[
        Parameter("eventsSinceNumber"),
        Parameter("eventsUntilNumber"),
        Parameter("content", "code"),
    ],
)
def events_again(ctx: Context, call: Call) -> FhirResponse:
    """Only for who wrote the subscription, with the rights of the call."""
    resource = instance(ctx, call)
    held = owned(ctx, call.principal, resource)
    content = call.inputs.text("content")
    if content is not None and content not in CONTENTS:
        raise Invalid(
            f"content is one of {', '.join(CONTENTS)}", expression=call.inputs.place("content")
        )
    wanted = next(
        (c for c in CONTENTS if c == content), asked(resource).channel.content or "id-only"
    )
    low, high = _number(call, "eventsSinceNumber"), _number(call, "eventsUntilNumber")
    found = events(
        ctx.store.database,
        held.key,
        low=1 if low is None else low,
        high=held.last_event if high is None else high,
        limit=MOST,
    )
    told = [happened_of(ctx.handle, call.principal, e, wanted) for e in found]
    base = ctx.settings.fhir_base
    return answered(
        notification(base, standing(ctx, call.principal, resource), "query-event", wanted, told)
    )


def _number(call: Call, name: str) -> int | None:
    text = call.inputs.text(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= _LONGEST):
        raise Invalid(f"{name} is the number of an event", expression=call.inputs.place(name))
    return int(text)
