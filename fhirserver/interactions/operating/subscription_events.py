"""What a subscription has been told of, as somebody may see it now.

Each version is read through the one door, with the rights of who is told, and goes on record.
"""

from __future__ import annotations

from collections.abc import Callable

from fhirserver.access.principal import Principal
from fhirserver.errors import Forbidden, Gone, NotFound
from fhirserver.interactions.messages import FhirRequest, FhirResponse
from fhirserver.model import json
from fhirserver.notifications.bundles import Happened
from fhirserver.notifications.subscription import Content
from fhirserver.storage.subscriptions import Event

Handle = Callable[[FhirRequest], FhirResponse]


def happened_of(handle: Handle, caller: Principal, event: Event, content: Content) -> Happened:
    """An event with as much of its resource as is wanted, and may be seen."""
    is_shown, resource = True, None
    if content != "empty":
        body = content_of(handle, caller, event)
        is_shown = body is not None
        if body is not None and content == "full-resource" and event.method != "D":
            resource = json.raw(body)
    return Happened(
        event.number, event.made, event.type, event.id, event.method, is_shown, resource
    )


def content_of(handle: Handle, caller: Principal, event: Event) -> bytes | None:
    """The version, or the last one before a deletion; None when it isn't there for the caller."""
    version = event.version - (event.method == "D")
    request = FhirRequest("vread", caller, event.type, event.id, version=str(version))
    try:
        return handle(request).content
    except (NotFound, Gone, Forbidden):
        return None
