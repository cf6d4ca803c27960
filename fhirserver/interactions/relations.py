"""What else changes when some resources do: who cares for whom, what consents say and share, whose
a Provenance is. All of it in the transaction of the resource.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Final

from fhirserver.access import care, consent
from fhirserver.access.compile import Granted
from fhirserver.errors import Forbidden
from fhirserver.interactions.context import Context
from fhirserver.interactions.intents import Intent
from fhirserver.interactions.policies import put_policies_in_force
from fhirserver.interactions.sharing import put_what_is_shared, share_rows
from fhirserver.interactions.subscribing import TYPE as SUBSCRIPTION
from fhirserver.interactions.subscribing import follow_subscriptions
from fhirserver.model.resource import Resource
from fhirserver.search.site import Site
from fhirserver.storage import epoch, target_owners
from fhirserver.storage.care import (
    CareRow,
    DirectiveRow,
    patients_meeting,
    put_care,
    put_directives,
    sources_of,
    there_already,
)
from fhirserver.storage.database import Connection
from fhirserver.storage.rows import NewVersion
from fhirserver.storage.sharing import put_shares
from fhirserver.storage.store import Store

_WHO_SOMEBODY_IS: Final = frozenset(["Person", "PractitionerRole", "RelatedPerson"])
FOLLOWED: Final = care.TYPES | _WHO_SOMEBODY_IS | {"Basic", "Consent", SUBSCRIPTION}
"""The types whose changes change something else."""

REBUILT_AT_ONCE: Final = 500

Written = tuple[Intent, NewVersion]


def follow(ctx: Context, connection: Connection, written: Sequence[Written]) -> None:
    """Bring in step what depends on these versions, which have just been written."""
    for intent, version in written:
        resource = _resource(intent, version) if version.type in target_owners.TYPES else None
        if resource is not None and version.stamp.owner is None:
            target_owners.inherit(
                connection, ctx.store.guard.reading, version.type, version.key, resource, ctx.site
            )
    followed = [w for w in written if w[1].type in FOLLOWED]
    caring = [w for w in followed if w[1].type in care.TYPES or w[1].type == "Consent"]
    if caring:
        _care(ctx, connection, caring)
    consents = [w for w in caring if w[1].type == "Consent"]
    if consents:
        put_directives(
            connection,
            [v.key for _, v in consents],
            [r for i, v in consents for r in _directives(v.key, _resource(i, v), ctx.site)],
        )
        put_what_is_shared(ctx, connection, [(i, v.key, _resource(i, v)) for i, v in consents])
    if any(v.type in _WHO_SOMEBODY_IS for _, v in followed):
        epoch.bump(connection)
    follow_subscriptions(ctx, connection, [w for w in followed if w[1].type == SUBSCRIPTION])
    put_policies_in_force(ctx, connection, [w for w in followed if w[1].type == "Basic"])


def _care(ctx: Context, connection: Connection, caring: Sequence[Written]) -> None:
    rows = {v.key: list(_rows(v.key, _resource(i, v), ctx.site)) for i, v in caring}
    for intent, version in caring:
        _refuse_own(ctx, connection, intent, version.key, rows[version.key])
    put_care(connection, list(rows), [row for group in rows.values() for row in group])


def _refuse_own(
    ctx: Context, connection: Connection, intent: Intent, key: int, rows: Iterable[CareRow]
) -> None:
    """Nobody takes a patient into their own care whom they couldn't see before."""
    guard = ctx.store.guard
    if not isinstance(guard, Granted) or guard.caller.user is None:
        return
    ours = frozenset(guard.caller.actor.everyone)
    gained = [r for r in rows if r.actor in ours]
    if not gained:
        return
    held = there_already(connection, [key])
    gained = [r for r in gained if (key, r.patient, r.actor, r.kind, False) not in held]
    patients = {r.patient for r in gained if r.kind != care.MEMBER}
    error = None
    if patients - patients_meeting(connection, patients, guard.lasting):
        error = Forbidden(
            f"this {intent.type} would bring a patient into your care whom you may not see: "
            "somebody else has to do that, or break the glass in an emergency"
        )
    elif gained and not patients and not (intent.resource or {}).get("subject"):
        # What was shared with a team of no one patient reaches whoever is in it.
        error = Forbidden("nobody adds themselves to a team: somebody else has to do that")
    if error is not None:
        raise error.inside(intent.place) if intent.place else error


def _resource(intent: Intent, version: NewVersion) -> Resource | None:
    if version.content is None or intent.resource is None:
        return None
    return {**intent.resource, "id": version.id}


def _rows(key: int, resource: Resource | None, site: Site) -> Iterable[CareRow]:
    if resource is None:
        return
    is_consent = resource["resourceType"] == "Consent"
    for r in consent.named_by(resource, site) if is_consent else care.relations(resource, site):
        yield CareRow(key, r.patient, r.actor, r.kind, r.starts, r.ends)


def _directives(key: int, resource: Resource | None, site: Site) -> Iterable[DirectiveRow]:
    if resource is None:
        return
    for directive in consent.directives(resource, site):
        yield DirectiveRow(source=key, **asdict(directive))


def rebuild(store: Store, site: Site) -> int:
    """Make the care relationships and directives of all that is stored; how many resources it took.

    For what was stored before there were any. It may run while the server works.
    """
    count = 0
    for resource_type in sorted(care.TYPES | {"Consent"}):
        last, is_end = 0, False
        while not is_end:
            with store.database.transaction() as connection:
                resources = sources_of(connection, resource_type, last, REBUILT_AT_ONCE)
                put_care(
                    connection,
                    list(resources),
                    [row for key, r in resources.items() for row in _rows(key, r, site)],
                )
                if resource_type == "Consent":
                    rows = [
                        row for key, r in resources.items() for row in _directives(key, r, site)
                    ]
                    put_directives(connection, list(resources), rows)
                    shared = [row for k, r in resources.items() for row in share_rows(k, r, site)]
                    put_shares(connection, list(resources), shared)
            count += len(resources)
            is_end = len(resources) < REBUILT_AT_ONCE
            last = max(resources, default=last)
    return count
