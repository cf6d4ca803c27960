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
    if meaning.get("move") == "identifier":
        # A47: MRG names the same patient, by the identifier that ends.
        for draft in assembly.drafts.all:
            if draft.type == "Patient" and draft.made and draft.made[0].position.startswith("MRG"):
                draft.hints["gone"] = True
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
    if event.meaning.get("unlink"):
        return (), _unlinked(assembly.ctx, [v for v in views if v.name == "PID"])
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
                merges.extend(_renumbered(ctx, str(moving), pid, view, visit))
    return tuple(merges), tuple(moves)


def _unlinked(ctx: Context, pids: list[View]) -> tuple[Move, ...]:
    """A37: the two patients whom A24 linked are two."""
    tokens = [t for pid in pids if (t := _token(ctx, pid, 3, "Patient"))]
    return (Move("link", tokens[0], tokens[1]),) if len(tokens) > 1 else ()


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
    was = _token(ctx, mrg, 1, "Patient")
    if kind == "Encounter":
        of = _token(ctx, visit, 19, "Encounter") or _token(ctx, mrg, 5, "Encounter")
        return [Move("Encounter", of, patient, "Encounter", was)] if of else []
    if kind == "Account":
        of = _token(ctx, pid, 18, "Account") or _token(ctx, mrg, 3, "Account")
        return [Move("Account", of, patient, "Account", was)] if of else []
    if kind == "identifier-to-patient":
        return [Move("identifier", was, patient)] if was else []
    pairs = {
        "identifier": ("Patient", mrg, 1, pid, 3),
        "account-number": ("Account", mrg, 3, pid, 18),
        "visit-number": ("Encounter", mrg, 5, visit, 19),
        "alternate-visit-number": ("Encounter", mrg, 6, visit, 50),
    }
    of_kind, before, old, after, new = pairs[kind]
    ends = _token(ctx, before, old, of_kind)
    begins = _identifier(ctx, after, new, of_kind)
    if not ends or begins is None:
        return []
    to = f"identifier={identity.token(begins)}"
    return [Move("number", ends, to, of_kind, None, begins)] if ends != to else []


def _renumbered(ctx: Context, kind: str, pid: View, mrg: View, visit: View | None) -> list[Merge]:
    """A visit or an account that moves (A45, A44) may have another number from then on."""
    return _merge(ctx, kind, pid, mrg, visit) if kind in {"Encounter", "Account"} else []


def _token(ctx: Context, view: View | None, number: int, kind: str) -> str | None:
    """The identifier in a field as a token search."""
    found = _identifier(ctx, view, number, kind)
    return f"identifier={identity.token(found)}" if found else None


def _identifier(ctx: Context, view: View | None, number: int, kind: str) -> Resource | None:
    if view is None:
        return None
    listed = [i for r in view.field(number) if (i := cx(r, ctx, How()))]
    return identity.chosen(kind, {"identifier": listed}) or (listed[0] if listed else None)
