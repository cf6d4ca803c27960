"""What a write about medicines is held to: its life cycle, and the prescription behind it.

The rules themselves are in `fhirserver/prescribing`; here is where they get what they look at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fhirserver.errors import Issue, Unprocessable
from fhirserver.interactions.context import Context
from fhirserver.interactions.intents import Done, Intent, changed
from fhirserver.interactions.medicine_record import by_store
from fhirserver.interactions.signing import signed
from fhirserver.model import json
from fhirserver.model.references import parse_reference
from fhirserver.model.resource import Resource
from fhirserver.prescribing.life_cycle import CYCLES, life_cycle_issues
from fhirserver.prescribing.renewing import PLACE, renewal_issues, renews
from fhirserver.prescribing.supplying import TYPES, counts, rests_on, supply_issues
from fhirserver.settings import Settings
from fhirserver.storage.database import Connection
from fhirserver.storage.holding import held, lock_current
from fhirserver.storage.rows import Version

Changes = Mapping[int, Intent | Done]
Old = Mapping[tuple[str, str | None], Version]


def is_held(settings: Settings, intent: Intent) -> bool:
    """Whether who writes is held to the rules of prescribing."""
    match settings.prescription_rules:
        case "people":
            return intent.writer == "person"
        case "everyone":
            return intent.writer is not None
        case _:
            return False


def needs_locks(settings: Settings, intent: Intent) -> bool:
    """Whether a change must wait for others: two dispenses mustn't both take what is left."""
    return intent.type in TYPES and is_held(settings, intent)


def refuse_broken_life(settings: Settings, intent: Intent, old: Version | None) -> None:
    """Raise Unprocessable for a version of a prescription, dispense or administration that can't
    follow the one that is there.
    """
    if intent.type not in CYCLES or intent.resource is None or not is_held(settings, intent):
        return
    refuse(life_cycle_issues(_before(old), intent.resource))


def medicated(
    ctx: Context, changes: Changes, old: Old, connection: Connection | None = None
) -> dict[int, Intent | Done]:
    """The changes as they may be written: raises Unprocessable for what no prescription allows.

    With a connection the prescriptions stay locked until its transaction ends.
    """
    found = dict(changes)
    kept = {n: c for n, c in found.items() if isinstance(c, Intent) and _matters(ctx, c)}
    if not kept:
        # Most writes are about no medicines, and cost nothing here.
        return found
    if connection is None:
        return found | _medicated(ctx, kept, changes, old, None)
    with ctx.store.database.reading_inside():
        return found | _medicated(ctx, kept, changes, old, connection)


def _medicated(
    ctx: Context,
    kept: Mapping[int, Intent],
    changes: Changes,
    old: Old,
    connection: Connection | None,
) -> dict[int, Intent]:
    together = _together(changes)
    before = {n: _before(old.get((c.type, c.id))) for n, c in kept.items()}
    told: dict[int, Intent] = {}
    for number, intent in kept.items():
        if intent.type in TYPES:
            issues = list(_unfounded(ctx, intent, before[number], together, connection))
        else:
            issues = list(_false_renewal(ctx, intent, before[number], together))
        try:
            refuse(issues)
        except Unprocessable as error:
            raise (error.inside(intent.place) if intent.place else error) from error
        if issues and intent.wants_issues:
            told[number] = changed(intent, issues=(*intent.issues, *issues))
    return told | signed(ctx, kept, before, together)


def refuse(issues: Iterable[Issue]) -> None:
    """Raise Unprocessable when one of the issues is an error."""
    found = list(issues)
    if any(i.severity == "error" for i in found):
        raise Unprocessable(issues=found)


def _matters(ctx: Context, intent: Intent) -> bool:
    return intent.type in CYCLES and intent.resource is not None and is_held(ctx.settings, intent)


def _before(old: Version | None) -> Resource | None:
    if old is None or old.content is None:
        return None
    before: Resource = json.kept(old.content)
    return before


def _together(changes: Changes) -> dict[str, Resource]:
    """What is written at the same time, by reference."""
    return {
        f"{c.type}/{c.id}": {**c.resource, "id": c.id}
        for c in changes.values()
        if isinstance(c, Intent) and c.resource is not None and c.action != "delete"
    }


def _local(ctx: Context, reference: str, kind: str) -> str | None:
    """The id in a reference to a resource of a type here; None for any other."""
    parsed = parse_reference(reference, ctx.settings.fhir_base)
    return parsed.id if parsed.is_local and parsed.type == kind else None


def _request(
    ctx: Context, request_id: str, together: Mapping[str, Resource], connection: Connection | None
) -> Resource | None:
    """A prescription as it is now, if the caller sees it."""
    there = together.get(f"MedicationRequest/{request_id}")
    if there is not None:
        return there
    if connection is None:
        row = held(ctx.store, "MedicationRequest", request_id)
    else:
        row = lock_current(connection, ctx.store.guard, "MedicationRequest", [request_id]).get(
            request_id
        )
    return _before(row.version) if row is not None and row.is_there else None


def _unfounded(
    ctx: Context,
    intent: Intent,
    before: Resource | None,
    together: Mapping[str, Resource],
    connection: Connection | None,
) -> Iterable[Issue]:
    resource = {**(intent.resource or {}), "id": intent.id}
    if not counts(resource) or (before is not None and before.get("status") == "completed"):
        return
    for reference in rests_on(resource):
        request_id = _local(ctx, reference, "MedicationRequest")
        if request_id is None:
            continue
        request = _request(ctx, request_id, together, connection)
        if request is None:
            yield Issue("error", "not-found", "the prescription isn't here", intent.type)
            continue
        earlier: list[Resource] = []
        if intent.type == "MedicationDispense":
            earlier = _earlier(ctx, request_id, together, intent.id)
        yield from supply_issues(resource, request, earlier)


def _earlier(
    ctx: Context, request_id: str, together: Mapping[str, Resource], own: str | None
) -> list[Resource]:
    """The other dispenses of a prescription that the caller sees, with those of this moment."""
    name = f"MedicationRequest/{request_id}"
    found = by_store(ctx)("MedicationDispense", (("prescription", name),))
    dispenses = {f"MedicationDispense/{d['id']}": d for d in (found[0] if found else ())}
    for reference, resource in together.items():
        if resource["resourceType"] == "MedicationDispense":
            dispenses.pop(reference, None)
            ids = {_local(ctx, r, "MedicationRequest") for r in rests_on(resource)}
            if request_id in ids:
                dispenses[reference] = resource
    dispenses.pop(f"MedicationDispense/{own}", None)
    return list(dispenses.values())


def _false_renewal(
    ctx: Context, intent: Intent, before: Resource | None, together: Mapping[str, Resource]
) -> Iterable[Issue]:
    resource = intent.resource or {}
    reference = renews(resource)
    if reference is None or (before is not None and renews(before) == reference):
        return
    prior_id = _local(ctx, reference, "MedicationRequest")
    if prior_id is None:
        return
    prior = _request(ctx, prior_id, together, None) if prior_id != intent.id else None
    if prior is None:
        yield Issue("error", "not-found", "the prescription before this one isn't here", PLACE)
    else:
        yield from renewal_issues(resource, prior)
