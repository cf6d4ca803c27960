"""Bringing in step what Consents share, and refusing to share what isn't one's own to share.

A document is shared by who sees it by right of their work: not by whom it was only shared with, nor
through broken glass, nor with oneself, nor in somebody else's name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from fhirserver.access.compile import Granted
from fhirserver.access.sharing import Share, givers, shares
from fhirserver.errors import FhirError, Forbidden, Unprocessable
from fhirserver.interactions.context import Context
from fhirserver.interactions.intents import Intent
from fhirserver.model.resource import Resource
from fhirserver.search.hashing import reference_self
from fhirserver.search.site import Site
from fhirserver.storage.database import Connection
from fhirserver.storage.sharing import ShareRow, added, put_shares, shareable

_ITSELF = "Consent"


def put_what_is_shared(
    ctx: Context, connection: Connection, consents: Sequence[tuple[Intent, int, Resource | None]]
) -> None:
    """Make these Consents, with their keys, share what they say; None is one that is deleted.

    Raises Forbidden or Unprocessable for what may not be shared so.
    """
    rows: list[ShareRow] = []
    for intent, key, consent in consents:
        found = frozenset[Share]() if consent is None else shares(consent, ctx.site)
        made = {_row(key, share): share for share in found}
        if made and consent is not None:
            new = {made[row] for row in added(connection, list(made))}
            error = _refusal(ctx, connection, consent, new)
            if error is not None:
                raise error.inside(intent.place) if intent.place else error
        rows += made
    put_shares(connection, [key for _, key, _ in consents], rows)


def share_rows(key: int, consent: Resource, site: Site) -> Iterable[ShareRow]:
    """What a stored Consent shares."""
    return (_row(key, share) for share in shares(consent, site))


def _row(key: int, share: Share) -> ShareRow:
    target = reference_self(share.type, share.id)
    return ShareRow(key, target, share.actor, share.starts, share.ends)


def _refusal(
    ctx: Context, connection: Connection, consent: Resource, new: Iterable[Share]
) -> FhirError | None:
    """Why these may not be shared, if they may not."""
    guard = ctx.store.guard
    wanted: dict[tuple[str, int], dict[int, str]] = defaultdict(dict)
    for share in new:
        if share.type != _ITSELF:
            wanted[share.type, share.patient][reference_self(share.type, share.id)] = share.id
    for (resource_type, patient), targets in wanted.items():
        if isinstance(guard, Granted):
            may = guard.giving(resource_type)
        else:
            may = guard.reading(resource_type)
        left = shareable(connection, resource_type, patient, list(targets), may)
        if targets.keys() - left:
            missing = next(id_ for target, id_ in targets.items() if target not in left)
            return Unprocessable(
                f"{resource_type}/{missing} can't be shared: it isn't there, isn't of the "
                "consent's patient, or isn't yours to share",
                expression="Consent.provision.data",
            )
    if not wanted or not isinstance(guard, Granted) or guard.caller.user is None:
        return None
    actor = guard.caller.actor
    named = givers(consent, ctx.site)
    if not named or named - frozenset(actor.me):
        return Forbidden("you share in your own name only: Consent.performer is you")
    if any(share.actor in actor.persons for share in new):
        return Forbidden("you can't share a document with yourself")
    return None
