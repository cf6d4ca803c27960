"""What a trigger event means beyond the fields: statuses, merges, moves (`overlay/events.json`)."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fhirserver.model.resource import Resource
from hl7v2_gateway.mapping import identity
from hl7v2_gateway.mapping.assembling import Assembly
from hl7v2_gateway.mapping.context import Context, How
from hl7v2_gateway.mapping.conversion import Merge, Move, Unsupported
from hl7v2_gateway.mapping.datatypes.identifiers import cx
from hl7v2_gateway.mapping.drafts import Draft
from hl7v2_gateway.mapping.views import View
from hl7v2_gateway.mapping.vocabulary import loaded

# Observations of a visit's past are no news of its state (A08, A31): PV1 alone says it then.
_KEEPS: Final = frozenset({"finished", "cancelled", "entered-in-error"})


@dataclass(frozen=True, slots=True)
class Event:
    """A trigger event: its name (`ADT^A01`), the structure of its messages, its meaning."""

    name: str
    structure: str
    meaning: Mapping[str, Any] = field(default_factory=dict)


@functools.cache
def events() -> Mapping[str, Resource]:
    """All events with a map."""
    found: Mapping[str, Resource] = loaded("overlay", "events")["events"]
    return found


def event_of(header: View) -> Event:
    """The event of a message header. Raises Unsupported (200: the type, 201: the event)."""
    kind, code = header.text(9, 1).upper(), header.text(9, 2).upper()
    name = f"{kind}^{code}" if code else kind
    meaning = events().get(name) or (events()["ACK"] if kind == "ACK" else None)
    if meaning is None:
        known = {n.partition("^")[0] for n in events()}
        raise Unsupported("201" if kind in known else "200", f"no map for {name}")
    return Event(name, str(meaning["structure"]), meaning)


def apply_event(assembly: Assembly, event: Event) -> None:
    """Set what the event says of the visit, the appointment, the patient, the document."""
    meaning = event.meaning
    for draft in assembly.drafts.all:
        if draft.is_linked:
            continue
        if draft.type == "Encounter":
            _encounter(draft, meaning)
        elif draft.type == "Appointment":
            if status := meaning.get("appointment"):
                if status != "booked" or "status" not in draft.resource:
                    draft.resource["status"] = status
            else:
                draft.resource.setdefault("status", "booked")
        elif draft.type == "DocumentReference" and meaning.get("document"):
            if meaning["document"] == "entered-in-error":
                draft.resource["status"] = "entered-in-error"
        elif draft.type in ("Condition", "Goal") and meaning.get("problem"):
            _withdraw(draft)
        elif draft.type == "ServiceRequest" and meaning.get("referral"):
            draft.resource["status"] = meaning["referral"]
        elif draft.type == "Account" and meaning.get("account"):
            draft.resource["status"] = meaning["account"]
    if meaning.get("link"):
        _link([d for d in assembly.drafts.all if d.type == "Patient" and not d.is_linked])
    if meaning.get("patient_inactive"):
        patient = assembly.find("Patient[1]")
        if patient is not None:
            patient.resource["active"] = False


def _encounter(draft: Draft, meaning: Mapping[str, Any]) -> None:
    r = draft.resource
    if meaning.get("no_encounter") and not r.get("identifier"):
        draft.hints["gone"] = True
        return
    status = meaning.get("encounter")
    if status:
        r["status"] = status
    elif r.get("period", {}).get("end") and r.get("status") not in _KEEPS:
        r["status"] = "finished"
    draft.cleared.update(meaning.get("clear", ()))
    if "period.end" in meaning.get("clear", ()):
        r.get("period", {}).pop("end", None)


def _link(patients: list[Draft]) -> None:
    """Two records of one person (A24): each names the other."""
    for one in patients:
        for other in patients:
            if other is not one:
                one.resource.setdefault("link", []).append(
                    {"other": one.refer(other), "type": "seealso"}
                )


def _withdraw(draft: Draft) -> None:
    if draft.type == "Goal":
        draft.resource["lifecycleStatus"] = "entered-in-error"
        return
    draft.resource.pop("clinicalStatus", None)
    draft.resource["verificationStatus"] = {
        "coding": [
            {
                "system": "http://terminology.hl7.org/CodeSystem/condition-ver-status",
                "code": "entered-in-error",
            }
        ]
    }


def merges_and_moves(
    assembly: Assembly, event: Event, views: list[View]
) -> tuple[tuple[Merge, ...], tuple[Move, ...]]:
    """What MRG says: the identities that end, and where what they had goes."""
    merging, moving = event.meaning.get("merge"), event.meaning.get("move")
    if not merging and not moving:
        return (), ()
    merges: list[Merge] = []
    moves: list[Move] = []
    pid: View | None = None
    pv1 = [v for v in views if v.name == "PV1"]
    for view in views:
        if view.name == "PID":
            pid = view
        elif view.name == "MRG" and pid is not None:
            ctx = assembly.ctx
            visit = next((v for v in pv1 if v.index > view.index), None)
            if merging:
                for kind in str(merging).split():
                    merges.extend(_merge(ctx, kind, pid, view, visit))
            else:
                moves.extend(_move(ctx, str(moving), pid, view, visit))
    return tuple(merges), tuple(moves)


def _merge(ctx: Context, kind: str, pid: View, mrg: View, visit: View | None) -> list[Merge]:
    fields = {"Patient": (pid, 3, 1), "Account": (pid, 18, 3), "Encounter": (visit, 19, 5)}
    source, into, prior = fields[kind]
    survivor = _token(ctx, source, into, kind) if source is not None else None
    retired = _token(ctx, mrg, prior, kind)
    if not survivor or not retired or survivor == retired:
        return []
    return [Merge(kind, survivor, retired)]  # type: ignore[arg-type]


def _move(ctx: Context, kind: str, pid: View, mrg: View, visit: View | None) -> list[Move]:
    patient = _token(ctx, pid, 3, "Patient")
    if not patient:
        return []
    if kind == "Encounter":
        of = _token(ctx, mrg, 5, "Encounter") or _token(ctx, visit, 19, "Encounter")
        return [Move("Encounter", of, patient)] if of else []
    if kind == "Account":
        of = _token(ctx, pid, 18, "Account") or _token(ctx, mrg, 3, "Account")
        return [Move("Account", of, patient)] if of else []
    if kind == "identifier-to-patient":
        of = _token(ctx, mrg, 1, "Patient")
        return [Move("identifier", of, patient)] if of else []
    pairs = {
        "identifier": (mrg, 1, pid, 3),
        "account-number": (mrg, 3, pid, 18),
        "visit-number": (mrg, 5, visit, 19),
        "alternate-visit-number": (mrg, 6, visit, 50),
    }
    before, old, after, new = pairs[kind]
    was = _token(ctx, before, old, "Patient")
    now = _token(ctx, after, new, "Patient") if after is not None else None
    return [Move("identifier", was, now)] if was and now and was != now else []


def _token(ctx: Context, view: View | None, number: int, kind: str) -> str | None:
    """The identifier in a field as a token search."""
    if view is None:
        return None
    listed = [i for r in view.field(number) if (i := cx(r, ctx, How()))]
    found = identity.chosen(kind, {"identifier": listed}) or (listed[0] if listed else None)
    return f"identifier={identity.token(found)}" if found else None
