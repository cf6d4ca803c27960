"""rest-hook: an HTTP request to the subscriber.

Of R4's own kind, a POST without a body, or a PUT of the resource below the endpoint where a payload
is asked for; of the Backport, a POST of the notification Bundle.
https://hl7.org/fhir/R4/valueset-subscription-channel-type.html
"""

from __future__ import annotations

import http.client
from typing import Final

from fhirserver.egress import CannotReach
from fhirserver.notifications.signature import signed
from fhirserver.notifications.subscription import Channel
from fhirserver.subscriptions.channels import (
    LONGEST_TIMEOUT,
    Notification,
    Outside,
    Undelivered,
    channels,
)

_GONE: Final = 410
_MOST_BYTES: Final = 65_536


@channels.register("rest-hook")
def rest_hook(outside: Outside, channel: Channel, notification: Notification) -> None:
    method, suffix = ("PUT", f"/{notification.about}") if notification.about else ("POST", "")
    status = sent(outside, channel, notification, method, suffix)
    if not 200 <= status < 300:
        raise Undelivered(f"the endpoint answered {status}", is_final=status == _GONE)


def sent(
    outside: Outside, channel: Channel, notification: Notification, method: str, suffix: str = ""
) -> int:
    """Send a request to the endpoint; the status of the answer, which isn't read any further."""
    seconds = min(channel.timeout or outside.settings.subscription_timeout_seconds, LONGEST_TIMEOUT)
    try:
        parts = outside.egress.checked(channel.endpoint)
        with outside.egress.connected(parts, seconds) as connected:
            connection = http.client.HTTPConnection(parts.netloc, timeout=seconds)
            connection.sock = connected
            path = parts.path.rstrip("/") + suffix if suffix else parts.path or "/"
            target = path + (f"?{parts.query}" if parts.query else "")
            connection.request(
                method, target, notification.body, _headers(outside, channel, notification)
            )
            return connection.getresponse().status
    except CannotReach as error:
        raise Undelivered(f"the endpoint can't be called: {error}") from error
    except (OSError, http.client.HTTPException) as error:
        raise Undelivered(f"the endpoint doesn't answer ({type(error).__name__})") from error


def _headers(outside: Outside, channel: Channel, notification: Notification) -> dict[str, str]:
    body = notification.body or b""
    headers = dict(channel.headers)
    if notification.body is not None:
        headers["Content-Type"] = channel.payload or "application/fhir+json"
    headers["X-Subscription"] = f"Subscription/{notification.subscription}"
    if notification.number is not None:
        headers["X-Event-Number"] = str(notification.number)
    headers["X-Signature"] = signed(
        outside.secret(notification.subscription),
        notification.subscription,
        notification.number,
        body,
    )
    headers["Connection"] = "close"
    return headers
