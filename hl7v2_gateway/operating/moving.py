"""What belongs to somebody else from now on, or has another number (A44, A45, A47, A49, A50, A37).

It may be done again for the same message: what has moved is where it should be already.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from fhirserver.access.principal import Principal
from fhirserver.engine import Engine
from fhirserver.errors import NotFound
from fhirserver.model.references import rewrite
from fhirserver.model.resource import Resource
from hl7v2_gateway.operating.conversions import Moving
from hl7v2_gateway.operating.finding import active, found
from hl7v2_gateway.operating.joining import join, renumber
from hl7v2_gateway.operating.merging import merge
from hl7v2_gateway.operating.repointing import referring_to, write

_WHOSE: Final = ("subject", "patient", "for", "beneficiary")
"""Where a resource says whose it is."""


def renumber_first(engine: Engine, principal: Principal, moves: Sequence[Moving]) -> list[str]:
    """Give what has another number now that number, before the message is written."""
    return [
        note
        for move in moves
        if move.what == "number" and move.number is not None
        for note in renumber(engine, principal, move.kind, move.of, move.to, move.number)
    ]


def carry_out_moves(engine: Engine, principal: Principal, moves: Sequence[Moving]) -> list[str]:
    """Move, in order; what there is to say about it, without patient data."""
    notes: list[str] = []
    for move in moves:
        if move.what == "identifier" or (move.what == "number" and move.kind == "Patient"):
            notes += _same_patient(engine, principal, move)
        elif move.what == "number":
            notes += _same_thing(engine, principal, move)
        elif move.what == "link":
            notes += _unlinked(engine, principal, move)
        else:
            notes += _moved(engine, principal, move)
    return notes


def _same_patient(engine: Engine, principal: Principal, move: Moving) -> list[str]:
    """Whoever had an identifier is the patient who is found by the other one."""
    before, after = (found(engine, principal, "Patient", s) for s in (move.of, move.to))
    if not before or not after:
        return ["nobody was known by the identifier that ends, or by the new one"]
    target = active(after)
    for source in before:
        if source["id"] != target["id"]:
            merge(engine, principal, source, target)
    return []


def _same_thing(engine: Engine, principal: Principal, move: Moving) -> list[str]:
    """Two visits or accounts, where both numbers were in use, are one."""
    before, after = (found(engine, principal, move.kind, s) for s in (move.of, move.to))
    if {r["id"] for r in before} <= {r["id"] for r in after}:
        return [] if before else [f"no {move.kind} was known by the number that ends"]
    return join(engine, principal, move.kind, move.of, move.to)


def _unlinked(engine: Engine, principal: Principal, move: Moving) -> list[str]:
    """Two patients no longer name each other; a merge stays what it is."""
    sides = [found(engine, principal, "Patient", s) for s in (move.of, move.to)]
    changed = []
    for one, other in (sides, sides[::-1]):
        names = {f"Patient/{p['id']}" for p in other}
        for patient in one:
            kept = [k for k in patient.get("link", ()) if not _is_link(k, names)]
            if len(kept) == len(patient.get("link", ())):
                continue
            rest = {k: v for k, v in patient.items() if k != "link"}
            changed.append({**rest, "link": kept} if kept else rest)
    write(engine, principal, changed)
    return [] if changed else ["the two patients weren't linked"]


def _is_link(link: Resource, names: set[str]) -> bool:
    return link.get("type") == "seealso" and link.get("other", {}).get("reference") in names


def _moved(engine: Engine, principal: Principal, move: Moving) -> list[str]:
    things = found(engine, principal, move.what, move.of)
    patients = found(engine, principal, "Patient", move.to)
    if not patients:
        raise NotFound("the patient that it goes to isn't there")
    if not things:
        return [f"no {move.what} was known by the number that moves"]
    target = f"Patient/{active(patients)['id']}"
    was = found(engine, principal, "Patient", move.was) if move.was else []
    before = {f"Patient/{p['id']}" for p in was} - {target}
    for thing in things:
        write(engine, principal, _with_all(engine, thing, before, target))
    return []


def _with_all(engine: Engine, thing: Resource, before: set[str], target: str) -> list[Resource]:
    """A visit or account and all that refers to it, of another patient.

    The message itself may have told the visit whose it is now; what belongs to it follows, the
    visits of an account with all of theirs.
    """
    changed: dict[str, Resource] = {}
    todo = [thing]
    seen: set[str] = set()
    while todo:
        one = todo.pop()
        name = f"{one['resourceType']}/{one['id']}"
        if name in seen:
            continue
        seen.add(name)
        links = dict.fromkeys(before | (_owners(one) - {target}), target)
        new = _owned(rewrite(one, links.get))
        if new != one:
            changed[name] = new
        if one is thing or one["resourceType"] == "Encounter":
            todo += [r for r in referring_to(engine, name) if r["resourceType"] != "Account"]
    return list(changed.values())


def _owners(resource: Resource) -> set[str]:
    found: set[str] = set()
    for element in _WHOSE:
        listed: Any = resource.get(element)
        for one in listed if isinstance(listed, list) else [listed]:
            reference = one.get("reference", "") if isinstance(one, dict) else ""
            if reference.startswith("Patient/"):
                found.add(reference)
    return found


def _owned(resource: Resource) -> Resource:
    """An account that named both patients names one of them once."""
    subject = resource.get("subject")
    if not isinstance(subject, list):
        return resource
    return {**resource, "subject": list({repr(s): s for s in subject}.values())}
