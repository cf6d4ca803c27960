"""Notifications of topic-based subscriptions: a Bundle whose first entry says how it stands.

https://hl7.org/fhir/uv/subscriptions-backport/STU1.1/notifications.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from fhirserver import clock, ids
from fhirserver.model.parameters import parameters, parts, value
from fhirserver.model.resource import Resource
from fhirserver.notifications.subscription import BACKPORT, Content

PROFILE: Final = f"{BACKPORT}backport-subscription-notification-r4"
STATUS: Final = f"{BACKPORT}backport-subscription-status-r4"
Kind = Literal["handshake", "heartbeat", "event-notification", "query-status", "query-event"]

_REQUEST: Final = {"C": "POST", "U": "PUT", "P": "PUT", "D": "DELETE"}
_RESPONSE: Final = {"C": "201", "U": "200", "P": "200", "D": "204"}


@dataclass(frozen=True, slots=True)
class Standing:
    """How a subscription stands; `count` is how many events it has had, None if that isn't told."""

    id: str
    status: str
    topic: str | None = None
    count: int | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Happened:
    """An event. `is_shown`: whether the reader may know what it is about.

    `resource` is the version, where it is sent; raw JSON will do.
    """

    number: int
    when: datetime
    type: str
    id: str
    method: str
    is_shown: bool = True
    resource: Any = None


def notification(
    base: str, standing: Standing, kind: Kind, content: Content, events: Sequence[Happened] = ()
) -> Resource:
    """A notification Bundle, of what the subscription's payload content says."""
    status_id = ids.new()
    status = {
        "fullUrl": f"urn:uuid:{status_id}",
        "resource": {"id": status_id, **status_of(base, standing, kind, content, events)},
        "request": {"method": "GET", "url": f"{base}/Subscription/{standing.id}/$status"},
        "response": {"status": "200"},
    }
    shown = [] if content == "empty" else [_entry(base, e, content) for e in events if e.is_shown]
    return {
        "resourceType": "Bundle",
        "id": ids.new(),
        "meta": {"profile": [PROFILE]},
        "type": "history",
        "timestamp": instant(clock.now()),
        "entry": [status, *shown],
    }


def status_of(
    base: str,
    standing: Standing,
    kind: Kind,
    content: Content = "empty",
    events: Sequence[Happened] = (),
) -> Resource:
    """The Parameters that say how a subscription stands, and what has happened."""
    is_named = standing.topic is not None and (content != "empty" or kind == "query-status")
    subscription = {"reference": f"{base}/Subscription/{standing.id}"}
    made = parameters(
        [
            value("subscription", "Reference", subscription),
            value("topic", "canonical", standing.topic) if is_named else None,
            value("status", "code", standing.status),
            value("type", "code", kind),
            None if standing.count is None
            else value("events-since-subscription-start", "string", str(standing.count)),
            *(_event(base, e, content) for e in events),
            None if standing.error is None
            else value("error", "CodeableConcept", {"text": standing.error}),
        ]
    )  # fmt: skip
    return {**made, "meta": {"profile": [STATUS]}}


def _event(base: str, event: Happened, content: Content) -> Resource:
    has_focus = content != "empty" and event.is_shown
    focus = {"reference": f"{base}/{event.type}/{event.id}"}
    return parts(
        "notification-event",
        [
            value("event-number", "string", str(event.number)),
            value("timestamp", "instant", instant(event.when)),
            value("focus", "Reference", focus) if has_focus else None,
        ],
    )


def _entry(base: str, event: Happened, content: Content) -> Resource:
    name = f"{event.type}/{event.id}"
    has_resource = content == "full-resource" and event.resource is not None
    return {
        "fullUrl": f"{base}/{name}",
        **({"resource": event.resource} if has_resource else {}),
        "request": {
            "method": _REQUEST[event.method],
            "url": event.type if event.method == "C" else name,
        },
        "response": {"status": _RESPONSE[event.method]},
    }


def message(base: str, endpoint: str, event: str, focus: Resource | None, about: str) -> Resource:
    """A FHIR message that carries a notification: its Bundle, the resource, or nothing.

    `about` is Type/id where the focus is a resource of the server.
    https://hl7.org/fhir/R4/messaging.html
    """
    header: Resource = {
        "resourceType": "MessageHeader",
        "id": ids.new(),
        "eventUri": event,
        "destination": [{"endpoint": endpoint}],
        "source": {"endpoint": base},
    }
    entries = [{"fullUrl": f"urn:uuid:{header['id']}", "resource": header}]
    if focus is not None:
        url = f"{base}/{about}" if about else f"urn:uuid:{focus['id']}"
        header["focus"] = [{"reference": url}]
        entries.append({"fullUrl": url, "resource": focus})
    return {
        "resourceType": "Bundle",
        "id": ids.new(),
        "type": "message",
        "timestamp": instant(clock.now()),
        "entry": entries,
    }


def instant(when: datetime) -> str:
    """As FHIR writes it, to the millisecond."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
