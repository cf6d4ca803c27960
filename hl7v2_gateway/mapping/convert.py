"""A v2 message becomes resources: the one entrance of the package, without input or output.

conversion = convert(parse(raw), sender, message_id="...")
conversion.bundle                      # a transaction that stands alone
finished(conversion, stored)           # the same, merged with what is stored (merging.py)
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from datetime import UTC, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from fhirserver import clock
from fhirserver.model.resource import Resource
from hl7v2_gateway.er7.messages import Message
from hl7v2_gateway.mapping import identity
from hl7v2_gateway.mapping.assembling import Assembly
from hl7v2_gateway.mapping.context import Answers, Context, Restore, pruned
from hl7v2_gateway.mapping.conversion import Conversion, Unmapped, Unsupported, Upsert
from hl7v2_gateway.mapping.datatypes.times import date_time, offset_of
from hl7v2_gateway.mapping.drafts import Draft, merge
from hl7v2_gateway.mapping.eventful import apply_event, event_of, merges_and_moves
from hl7v2_gateway.mapping.finishing import finish
from hl7v2_gateway.mapping.memory import memory
from hl7v2_gateway.mapping.merging import choice
from hl7v2_gateway.mapping.overlays import Overlay, shipped
from hl7v2_gateway.mapping.plans import plan
from hl7v2_gateway.mapping.seeing import seen
from hl7v2_gateway.mapping.snapshots import clear, is_void, snapshots, tag
from hl7v2_gateway.mapping.unmapping import unmapped
from hl7v2_gateway.mapping.views import View
from hl7v2_gateway.partners.sender import Sender

MESSAGES: Final = "urn:fhirserver:hl7v2:message"
# Identities of these are parts of the identities of the others.
_ORDER: Final = (
    "Patient",
    "Encounter",
    "ServiceRequest",
    "DiagnosticReport",
    "Specimen",
    "Immunization",
)


def convert(
    message: Message,
    sender: Sender,
    *,
    message_id: str = "",
    answers: Answers | None = None,
    restore: Restore | None = None,
    overlays: Sequence[Overlay] | None = None,
) -> Conversion:
    """The resources that a message means.

    `message_id` names the stored raw message, for Provenance; `answers` are the codes that somebody
    has translated for this sender; `restore` notes what FHIR has no words for. `overlays`
    stand for those that the sender names, where they aren't all shipped.
    Raises Unsupported for a message that no map knows.
    """
    header = seen(message.segments[0])
    event = event_of(header)
    over = _shipped(sender) if overlays is None else tuple(overlays)
    structure_plan = plan(event.structure, over)
    if structure_plan is None:
        raise Unsupported("201", f"no map for {event.name}")
    if any(o.codes for o in over):
        answers = {**{k: v for o in over for k, v in o.codes.items()}, **(answers or {})}
    ctx = Context(_zone(header, sender), sender.authorities, answers or {}, restore=restore)
    views = [header, *(seen(s) for s in message.segments[1:])]
    void = [v for v in views if v.name in sender.snapshots and is_void(v)]
    said = [v for v in views if v not in void] if void else views
    known = memory(ctx.zone, ctx.authorities, ctx.answers, restore)
    assembly = Assembly(structure_plan, ctx, known)
    assembly.read(said)
    apply_event(assembly, event)
    key = message_id or header.text(10) or str(hash(message.raw))
    _record(assembly, header, sender, event.name, key)
    merges, moves = merges_and_moves(assembly, event, views)
    drafts = _identified(_finished(assembly.drafts.all), sender.id)
    if sender.snapshots:
        tag(drafts, sender)
        clear(drafts, void)
    upserts = tuple(_upsert(d) for d in drafts)
    return Conversion(
        structure=event.structure,
        upserts=upserts,
        unmapped=tuple(Unmapped(p) for p in unmapped(said, assembly.used)),
        provenance={_url(d): tuple(d.made) for d in drafts},
        unknown_codes=tuple(dict.fromkeys(ctx.unknown)),
        merges=merges,
        moves=moves,
        snapshots=snapshots(sender, views, drafts) if sender.snapshots else (),
        answered_codes=tuple(dict.fromkeys(ctx.answered)),
    )


def _shipped(sender: Sender) -> tuple[Overlay, ...]:
    found = [shipped(name) for name in sender.overlays]
    if None in found:
        name = sender.overlays[found.index(None)]
        raise Unsupported("207", f"the sender's overlay {name} is not installed")
    return tuple(o for o in found if o is not None)


def _zone(header: View, sender: Sender) -> tzinfo:
    """The offset of MSH-7 is the default of the message; then the sender's zone."""
    return offset_of(header.text(7)) or (_named(sender.time_zone) if sender.time_zone else UTC)


@functools.cache
def _named(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _record(assembly: Assembly, header: View, sender: Sender, event: str, key: str) -> None:
    """One Provenance: all that the message made came from it, from this sender, then."""
    drafts = assembly.drafts
    for draft in drafts.all:
        if draft.type in ("MessageHeader", "Provenance", "Encounter", "Patient"):
            draft.hints["message"] = key
    made = assembly.current.get("Provenance[1]")
    if made is None:
        made = drafts.new("Provenance")
        made.hints["message"] = key
    others = [d for d in drafts.all if d.type == "Provenance" and d is not made]
    for number, other in enumerate(others, 1):
        other.hints["label"] = number
    r = made.resource
    sent = date_time(header.text(7), assembly.ctx.zone)
    precise = sent if sent and len(sent) > 10 else None
    r.setdefault("recorded", precise or clock.now().isoformat(timespec="seconds"))
    if precise and "occurredPeriod" not in r:
        r.setdefault("occurredDateTime", precise)
    for other in others:
        other.resource.setdefault("recorded", r["recorded"])
    r["activity"] = {
        "coding": [
            {
                "system": "http://terminology.hl7.org/CodeSystem/v2-0003",
                "code": event.partition("^")[2] or event,
            }
        ],
        "text": event,
    }
    r.setdefault("agent", []).append(
        {
            "type": {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/provenance-participant-type",
                        "code": "transmitter",
                    }
                ]
            },
            "who": {
                "type": "Device",
                "identifier": {"system": "urn:fhirserver:hl7v2:sender", "value": sender.id},
                "display": sender.name,
            },
        }
    )
    r["agent"] = [a for a in r["agent"] if "who" in a]
    r["entity"] = [{"role": "source", "what": {"identifier": {"system": MESSAGES, "value": key}}}]
    for draft in drafts.all:
        if draft.type == "Device" and not draft.is_linked:
            # SFT: the software that made the message.
            r["entity"].append({"role": "source", "what": made.refer(draft)})
    r["target"] = []
    for draft in drafts.all:
        if not draft.is_linked and draft.type not in ("Provenance", "MessageHeader", "Device"):
            r["target"].append(made.refer(draft))
    if not r["target"]:
        header_draft = assembly.find("MessageHeader[1]")
        if header_draft is not None:
            r["target"].append(made.refer(header_draft))


def _finished(drafts: list[Draft]) -> list[Draft]:
    """The drafts that say something, complete; a link to one that doesn't is taken away."""
    kept = set()
    for draft in drafts:
        # Pruning makes new objects, so it waits.
        says = len(draft.resource) > ("resourceType" in draft.resource)
        if says or draft.hints.get("keep"):
            kept.add(draft.number)
        else:
            draft.hints["nothing"] = True
    for draft in [d for d in drafts if d.number in kept]:
        finish(draft)
    reached = {
        d.number for d in drafts if d.number in kept and not d.is_linked and not d.hints.get("gone")
    }
    todo = [d for d in drafts if d.number in reached]
    while todo:
        for _, target in todo.pop().links:
            if (
                target.number in kept
                and target.number not in reached
                and not target.hints.get("gone")
            ):
                reached.add(target.number)
                todo.append(target)
    return [d for d in drafts if d.number in reached]


def _identified(drafts: list[Draft], sender: str) -> list[Draft]:
    """Give every draft its identity, join those that are one, and write the references."""
    _separate(drafts)
    seen_keys: dict[str, int] = {}
    rank = {t: n for n, t in enumerate(_ORDER)}
    by_key: dict[str, Draft] = {}
    joined: dict[int, Draft] = {}
    for draft in sorted(drafts, key=lambda d: rank.get(d.type, len(rank))):
        draft.identity = identity.key(draft, sender, seen_keys)
        first = by_key.setdefault(draft.identity, draft)
        joined[draft.number] = first
        if first is not draft:
            _join(first.resource, draft.resource)
            first.links.extend(draft.links)
            first.made.extend(draft.made)
            first.is_linked = first.is_linked and draft.is_linked
    result = [d for d in drafts if joined[d.number] is d]
    for draft in result:
        for reference, target in draft.links:
            to = joined.get(target.number)
            if to is None:
                reference.clear()
            else:
                reference["reference"] = _url(to)
    for draft in result:
        draft.resource = pruned(draft.resource) or draft.resource
        _distinct(draft.resource)
    return [d for d in result if d.type != "Provenance" or "target" in d.resource]


def _join(there: Resource, more: Resource) -> None:
    """Two drafts of one resource: an element that may have one of several types has one."""
    kept = {c for name in there if (c := choice(name))}
    merge(there, {k: v for k, v in more.items() if k in there or choice(k) not in kept})


def _separate(drafts: list[Draft]) -> None:
    """Orders or reports that share a number in one message are told apart by their code."""
    seen_numbers: dict[tuple[str, str], list[Draft]] = {}
    for draft in drafts:
        if draft.type in ("ServiceRequest", "DiagnosticReport") and (
            found := identity.search(draft)
        ):
            seen_numbers.setdefault((draft.type, found), []).append(draft)
    for same in seen_numbers.values():
        for n, draft in enumerate(same):
            if len(same) > 1:
                draft.hints["apart"] = n


def _distinct(resource: Resource) -> None:
    """Lists of references name each resource once."""
    for name in (
        "result",
        "specimen",
        "basedOn",
        "generalPractitioner",
        "target",
        "supportingInfo",
        "payor",
    ):
        items = resource.get(name)
        if isinstance(items, list) and len(items) > 1:
            resource[name] = list({repr(item): item for item in items}.values())


def _url(draft: Draft) -> str:
    if not draft.id:
        draft.id = identity.uuid(draft.identity)
    return f"urn:uuid:{draft.id}"


def _upsert(draft: Draft) -> Upsert:
    resource, url = draft.resource, _url(draft)
    if draft.search is None:
        resource = {"resourceType": draft.type, "id": draft.id, **resource}
    is_mention = draft.is_linked or bool(draft.hints.get("mention"))
    return Upsert(url, resource, draft.search, frozenset(draft.cleared), is_mention)


def supported() -> Mapping[str, Resource]:
    """Every event that is converted, with what it means beyond its fields."""
    from hl7v2_gateway.mapping.eventful import events  # noqa: PLC0415

    return events()
