"""`/admin/subscriptions`: how they stand, and letting one that failed begin again.

It tells of channels, not of secrets nor of what is searched for: headers, and all of an address or
of criteria that follows a question mark, stay in the Subscription.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from flask import Blueprint, Response, request

from fhirserver.access.principal import Principal
from fhirserver.errors import Conflict, Invalid, NotFound
from fhirserver.interactions.subscribing import QUEUE
from fhirserver.storage.subscriptions import Subscriber, listed, subscriber_named
from fhirserver.subscriptions.standing import begin_again
from fhirserver.web.administration.admission import (
    OPERATES,
    Answer,
    Body,
    Desk,
    refuse_unknown,
)

MOST: Final = 200
_STATES: Final = ("requested", "active", "error", "off")


def add_to(admin: Blueprint, desk: Desk) -> None:
    """Add these addresses."""

    @admin.get("/subscriptions")
    def list_subscriptions() -> Response:
        def act(_principal: Principal, _body: Body) -> Answer:
            after = request.args.get("after", "0")
            if not after.isdecimal() or len(after) > 18:
                raise Invalid("after is the key of a subscription")
            status = request.args.get("status") or None
            if status is not None and status not in _STATES:
                raise Invalid(f"status is one of {', '.join(_STATES)}")
            found = listed(desk.database, QUEUE, limit=MOST + 1, after=int(after), status=status)
            return {
                "subscriptions": [_shown(held, waiting) for held, waiting in found[:MOST]],
                "isCut": len(found) > MOST,
            }, 200

        return desk.serve("list-subscriptions", act, also=OPERATES)

    @admin.post("/subscriptions/<id_>/restart")
    def restart_subscription(id_: str) -> Response:
        def act(_principal: Principal, body: Body) -> Answer:
            refuse_unknown(body)
            held = subscriber_named(desk.database, id_)
            if held is None:
                raise NotFound("there is no subscription with this id")
            if not begin_again(desk.engine, held):
                raise Conflict("only a subscription that failed can begin again")
            return {"id": id_, "status": "requested"}, 200

        return desk.serve("restart-subscription", act, also=OPERATES, about="subscription")


def _shown(held: Subscriber, waiting: int) -> Mapping[str, Any]:
    channel = held.content.get("channel", {})
    members = {
        "key": held.key,
        "id": held.id,
        "status": held.status,
        "error": held.error,
        "reason": held.content.get("reason"),
        "criteria": _criteria(str(held.content.get("criteria", ""))),
        "channel": channel.get("type"),
        "endpoint": _place(str(channel.get("endpoint", ""))) or None,
        "by": held.holder.client or held.holder.subject,
        "events": held.last_event,
        "waiting": waiting,
        "ends": held.ends and held.ends.isoformat(timespec="seconds"),
    }
    return {name: value for name, value in members.items() if value is not None}


def _criteria(text: str) -> str:
    """A topic as it is; of a search the type and what is searched by.

    >>> _criteria("Observation?patient=Patient/1&code=1234-5")
    'Observation by patient, code'
    >>> _criteria("https://fhirserver.example/SubscriptionTopic/encounter-start")
    'https://fhirserver.example/SubscriptionTopic/encounter-start'
    """
    kind, _, query = text.partition("?")
    names = dict.fromkeys(name for name, _ in parse_qsl(query, keep_blank_values=True))
    return f"{kind} by {', '.join(names)}" if names else kind


def _place(address: str) -> str:
    """An address without user, password and query.

    >>> _place("https://ann:secret@renal.example/fhir?token=6af0")
    'https://renal.example/fhir'
    """
    url = urlsplit(address)
    host = url.netloc.rpartition("@")[2]
    return f"{url.scheme}://{host}{url.path}" if host else address.partition("?")[0]
