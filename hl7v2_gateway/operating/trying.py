"""What would change if the messages of a sender were converted with another overlay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from fhirserver.messages import Message
from fhirserver.model.differences import differences
from hl7v2_gateway.mapping.conversion import Conversion, Unsupported
from hl7v2_gateway.mapping.convert import convert
from hl7v2_gateway.mapping.overlays import Overlay
from hl7v2_gateway.operating.conversions import NotConverted
from hl7v2_gateway.operating.converting import Converter
from hl7v2_gateway.operating.overlays import Overlays

_LEFT_OUT: Final = ("id", "meta", "text")
_ITS_OWN: Final = frozenset({"Provenance", "MessageHeader"})


def trial(
    converter: Converter, overlays: Overlays, candidate: Overlay, messages: Iterable[Message]
) -> list[dict[str, Any]]:
    """For each message that would change, what: nothing is written."""
    found = []
    for message in messages:
        changed = _compared(converter, overlays, candidate, message)
        if changed:
            found.append({"message": message.head.id, "event": message.head.event, **changed})
    return found


def _compared(
    converter: Converter, overlays: Overlays, candidate: Overlay, message: Message
) -> dict[str, Any]:
    try:
        parsed, sender = converter.read(message)
    except NotConverted as error:
        return {"reason": str(error)}
    now = [overlays.named(name) for name in sender.overlays]
    then = [candidate if o.name == candidate.name else o for o in now]
    if candidate.name not in sender.overlays:
        then.append(candidate)
    sender = replace(sender, overlays=())
    try:
        before, after = (
            convert(parsed, sender, message_id=str(message.head.id), overlays=some)
            for some in (now, then)
        )
    except Unsupported as error:
        return {"reason": f"{error.code} {error}"}
    told = {
        "resources": list(_resources(before, after)),
        "unmapped": _listed(
            [u.position for u in before.unmapped], [u.position for u in after.unmapped]
        ),
        "unknownCodes": _listed(*([f"{c.position} {c.code}" for c in m.unknown_codes]
                                  for m in (before, after))),
    }  # fmt: skip
    return {name: value for name, value in told.items() if value}


def _resources(before: Conversion, after: Conversion) -> Iterable[dict[str, Any]]:
    old, new = ({u.full_url: u for u in c.upserts if u.type not in _ITS_OWN}
                for c in (before, after))  # fmt: skip
    for url, upsert in new.items():
        if url not in old:
            yield {"more": upsert.type}
            continue
        found = differences(old[url].resource, upsert.resource, leave_out=_LEFT_OUT)
        if found:
            yield {
                "changed": upsert.type,
                "patch": {"resourceType": "Parameters", "parameter": found},
            }
    yield from ({"less": upsert.type} for url, upsert in old.items() if url not in new)


def _listed(before: Sequence[str], after: Sequence[str]) -> Mapping[str, list[str]]:
    told = {
        "less": sorted(set(before) - set(after)),
        "more": sorted(set(after) - set(before)),
    }
    return {name: places for name, places in told.items() if places}
