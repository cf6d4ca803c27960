"""message: a FHIR message to the subscriber's endpoint, with the notification as its focus.

https://hl7.org/fhir/R4/messaging.html
https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/channels.html#messaging
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from fhirserver.model import json
from fhirserver.notifications.bundles import message
from fhirserver.notifications.subscription import Channel
from fhirserver.subscriptions.channels import Notification, Outside, Undelivered, channels
from fhirserver.subscriptions.channels.rest_hook import sent

EVENT: Final = "https://fhirserver.example/message-event/subscription-notification"


@channels.register("message")
def send_message(outside: Outside, channel: Channel, notification: Notification) -> None:
    focus = None if notification.body is None else json.parse_object(notification.body)
    made = message(
        outside.settings.fhir_base, channel.endpoint, EVENT, focus, notification.about or ""
    )
    status = sent(outside, channel, replace(notification, body=json.dump(made)), "POST")
    if not 200 <= status < 300:
        raise Undelivered(f"the endpoint answered {status}")
