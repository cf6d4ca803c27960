"""From a change to the message that a receiver gets of it, if it gets any."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Final
from uuid import UUID

from fhirserver import clock, ids
from fhirserver.engine import Engine
from fhirserver.model.resource import Resource
from fhirserver.queues import Item
from fhirserver.reactions.written import Written, authors, written
from fhirserver.sent_messages import Outgoing
from hl7v2_gateway.outbound.assembling import assembled, for_version
from hl7v2_gateway.outbound.composing import composed
from hl7v2_gateway.outbound.events import Trigger, events
from hl7v2_gateway.partners import Receiver
from hl7v2_gateway.sending.directory import Directory
from hl7v2_gateway.sending.reading import Reading, principal_of

CONTROL_ID_CHARACTERS: Final = 20
"""Of MSH-10 before version 2.7."""
_OPEN: Final = "arrived,triaged,in-progress,onleave"


def message_for(
    engine: Engine, directory: Directory, receiver: Receiver, item: Item
) -> Outgoing | None:
    """The message about a change; None when there is nothing to tell this receiver.

    Raises Unsendable, and errors.Invalid where the receiver names what can't be used.
    """
    content = item.content
    change = written(engine, content["type"], content["key"], content["version"])
    if change is None:
        return None
    found = events(change.before, change.resource)
    if not found:
        return None
    reading = Reading(engine, principal_of(engine, receiver), engine.context.settings.fhir_base)
    if not _may_see(reading, change) or _is_echo(engine, receiver, change):
        return None
    wishes = directory.wishes(receiver)
    trigger = _during_visit(found[0], reading)
    event = for_version(trigger.event, wishes)
    if not (receiver.wants(event) or receiver.wants(trigger.event)):
        return None
    control = _control_id()
    segments = assembled(trigger, wishes, reading, control_id=control, time=clock.now())
    return Outgoing(
        item=item.id,
        receiver=receiver.id,
        control=control,
        event=event,
        about=change.reference,
        version=change.version,
        raw=composed(segments, wishes),
        patient=_patient(change),
    )


def _may_see(reading: Reading, change: Written) -> bool:
    """Whether the receiver may see the version, and the resource as it is by now."""
    number = change.version if change.method != "D" else change.version - 1
    if reading.version(change.type, change.id, str(number)) is None:
        return False
    # One that has been deleted since was one that it might see.
    return reading.read(change.reference) is not None or reading.is_gone(change.type, change.id)


def _is_echo(engine: Engine, receiver: Receiver, change: Written) -> bool:
    """Whether the change came from the system that the receiver is."""
    if receiver.sender is None:
        return False
    return f"hl7v2:{receiver.sender}" in authors(engine, change)


def _during_visit(trigger: Trigger, reading: Reading) -> Trigger:
    """While the patient is here, a change of the person is one of the visit."""
    if trigger.during_visit is None:
        return trigger
    patient = f"Patient/{trigger.focus['id']}"
    found = reading.search("Encounter", [("patient", patient), ("status", _OPEN)])
    visits = sorted(found, key=lambda visit: str(visit.get("period", {}).get("start", "")))
    if not visits:
        return trigger
    return replace(trigger, event=trigger.during_visit, focus=visits[-1], before=None)


def _control_id() -> str:
    """A control id that is never used again, in the order of time: 20 letters and digits."""
    text = base64.b32hexencode(UUID(ids.new()).bytes).decode()
    return text[:CONTROL_ID_CHARACTERS]


def _patient(change: Written) -> str | None:
    resource: Resource = change.resource or change.before or {}
    if change.type == "Patient":
        return change.id
    named = [resource.get("subject"), resource.get("patient")]
    named += [p.get("actor") for p in resource.get("participant", ()) if isinstance(p, dict)]
    for reference in named:
        text = (reference or {}).get("reference", "")
        if text.startswith("Patient/"):
            return str(text.partition("/")[2])
    return None
