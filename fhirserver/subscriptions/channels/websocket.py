"""websocket: nothing is sent from here.

Who listens is told by `fhirserver push` (web/push/sockets.py), which reads the numbered events.

https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/channels.html#websockets
"""

from __future__ import annotations

from fhirserver.notifications.subscription import Channel
from fhirserver.subscriptions.channels import Notification, Outside, channels


@channels.register("websocket")
def websocket(outside: Outside, channel: Channel, notification: Notification) -> None:
    del outside, channel, notification
