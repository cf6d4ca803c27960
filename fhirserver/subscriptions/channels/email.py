"""email: a message to somebody that something has happened; what, they see when they sign in.

Email isn't encrypted on its way, so it says neither whom it is about nor what.
https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/channels.html#email
"""

from __future__ import annotations

from fhirserver.notifications.subscription import Channel
from fhirserver.sending.email import Email, send
from fhirserver.sending.failures import Never, NotNow
from fhirserver.subscriptions.channels import Notification, Outside, Undelivered, channels


@channels.register("email")
def email(outside: Outside, channel: Channel, notification: Notification) -> None:
    if notification.kind != "event":
        # Nobody wants an email that says that there is nothing to say.
        return
    settings = outside.settings
    text = (
        f"{notification.text}\n\n"
        f"{settings.fhir_base}/Subscription/{notification.subscription}\n\n"
        "To end these messages, set the subscription's status to off."
    )
    made = Email(
        f"{notification.subscription}.{notification.number}",
        channel.endpoint.removeprefix("mailto:"),
        f"{settings.site_name}: notification {notification.number}",
        text,
    )
    try:
        send(settings, made)
    except Never as error:
        raise Undelivered(str(error), is_final=True) from error
    except NotNow as error:
        raise Undelivered(str(error)) from error
