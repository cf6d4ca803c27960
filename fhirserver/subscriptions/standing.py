"""How a subscription stands, written into its resource; an administrator hears of what failed.

https://hl7.org/fhir/R4/subscription.html#status
"""

from __future__ import annotations

import logging
from typing import Final
from urllib.parse import urlencode

from fhirserver import clock
from fhirserver.engine import Engine
from fhirserver.errors import FhirError, Gone, NotFound, VersionConflict
from fhirserver.interactions.messages import FhirRequest, etag
from fhirserver.interactions.subscribing import SERVER, TYPE
from fhirserver.model import json
from fhirserver.model.resource import Resource
from fhirserver.storage.current import current
from fhirserver.storage.subscriptions import Subscriber, subscriber

log = logging.getLogger(__name__)

ATTEMPTS: Final = 5
FAILURES: Final = "https://fhirserver.example/identifier/subscription-failure"


def give_status(engine: Engine, held: Subscriber, status: str, error: str | None = None) -> bool:
    """Give a subscription a status, unless its client has written it anew; whether it has it."""
    store = engine.own_context.store
    for _ in range(ATTEMPTS):
        stored = current(store, TYPE, held.id)
        now = subscriber(store.database, held.key)
        if stored is None or stored.content is None or now is None or now.written != held.written:
            return False
        resource = json.parse_object(stored.content.encode())
        if resource["status"] == "off":
            return False
        if (resource["status"], resource.get("error")) == (status, error):
            return True
        wanted = {k: v for k, v in resource.items() if k != "error"} | {"status": status}
        if error is not None:
            wanted["error"] = error
        try:
            engine.handle(
                FhirRequest(
                    "update", SERVER, TYPE, held.id, body=wanted, if_match=etag(stored.version)
                )
            )
        except VersionConflict:
            continue
        except (NotFound, Gone):
            return False
        return True
    return False


def begin_again(engine: Engine, held: Subscriber) -> bool:
    """Let a subscription that failed begin again as it is; whether it does.

    It keeps the rights of who wrote it, and is told of what happens from now on.
    """
    return held.status == "error" and give_status(engine, held, "requested")


def fail(engine: Engine, held: Subscriber, reason: str) -> None:
    """A subscription doesn't work: it says so, and a Task asks somebody to look at it."""
    log.error("subscription_failed", extra={"subscription": held.id, "reason": reason})
    if not give_status(engine, held, "error", reason):
        return
    try:
        engine.handle(_task(held, reason))
    except FhirError as error:
        log.warning(
            "subscription_task_failed", extra={"subscription": held.id, "error": str(error)}
        )


def _task(held: Subscriber, reason: str) -> FhirRequest:
    """Once for each time that the client has asked: a repeated failure is no second Task."""
    identifier = {"system": FAILURES, "value": f"{held.id}-{held.written}"}
    task: Resource = {
        "resourceType": "Task",
        "identifier": [identifier],
        "status": "requested",
        "intent": "order",
        "priority": "urgent",
        "code": {"text": "Look at a subscription that failed"},
        "description": f"Subscription/{held.id} has the status error: {reason}. When its endpoint "
        "works again, set its status to requested.",
        "focus": {"reference": f"Subscription/{held.id}"},
        "authoredOn": clock.now().isoformat(timespec="seconds"),
    }
    condition = urlencode({"identifier": f"{FAILURES}|{identifier['value']}"})
    return FhirRequest("create", SERVER, "Task", body=task, if_none_exist=condition)
