"""Carrying out changes: one, or all those of a transaction, as a whole.

A single change by id needs no lock: it reads, computes and writes in one statement that holds
only if nobody was faster; otherwise it is tried again under locks. Everything else runs in one
database transaction: locks for the conditions, then matches, references, locks on the rows that
change, new versions, and one statement for each type that writes them all.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from fhirserver.errors import Conflict
from fhirserver.interactions.clashing import may_clash
from fhirserver.interactions.conforming import Conform, conformer
from fhirserver.interactions.context import Context
from fhirserver.interactions.dangling import refuse_dangling
from fhirserver.interactions.deciding import decide
from fhirserver.interactions.intents import Done, Intent, at, identified
from fhirserver.interactions.linking import linked_with_conditions
from fhirserver.interactions.medicating import medicated, needs_locks
from fhirserver.interactions.permitted import is_unrestricted, shown_again
from fhirserver.interactions.recording import begin, rows
from fhirserver.interactions.relations import FOLLOWED
from fhirserver.interactions.search_parameters import settle
from fhirserver.interactions.together import Part, refuse_apart, together
from fhirserver.interactions.writing import done_of, new_version, note
from fhirserver.storage import versions as stored
from fhirserver.storage.database import Stale
from fhirserver.storage.holding import held
from fhirserver.storage.writer import write

ATTEMPTS: Final = 12


def commit(
    ctx: Context, intents: Sequence[Intent], *, then: Callable[[], None] | None = None
) -> list[Done]:
    """Carry out all intents or none; the outcomes are in the same order.

    `then` runs after the writing in the same database transaction, and sees what was written; if
    it raises, nothing is kept.

    The resources have been checked against the definitions. Raises errors.FhirError with the place
    of the intent that can't be done.
    """
    [outcomes] = commit_together(ctx, [Part(intents)], then=then)
    return outcomes


def commit_together(
    ctx: Context, parts: Sequence[Part], *, then: Callable[[], None] | None = None
) -> list[list[Done]]:
    """Carry out several transactions at once, all or none.

    What is stored in the end is what they would have made one after the other. Raises
    together.Apart where that isn't so, and FhirError when one of them can't be done: each may go
    by itself then.
    """
    refuse_apart(parts)
    conform = conformer(ctx, [i for p in parts for i in p.intents])
    if conform is not None:
        # A patch has its resource later.
        parts = [
            replace(p, intents=[i if i.action == "patch" else at(i, conform) for i in p.intents])
            for p in parts
        ]
    for attempt in range(ATTEMPTS):
        if attempt:
            ctx.added.now()
        try:
            if attempt == 0 and then is None and _is_simple(ctx, parts):
                return [_alone(ctx, parts[0].intents[0], conform)]
            outcomes = together(ctx, parts, then, conform)
        except Stale:
            # Somebody else was faster; the second time the rows are locked before they are read.
            time.sleep(random.random() * 0.002 * attempt**2)  # noqa: S311 - jitter
        else:
            if any(d.type == "SearchParameter" and d.is_change for o in outcomes for d in o):
                settle(ctx)
            return outcomes
    raise Conflict("other changes to the same resource kept coming first: try again")


def _is_simple(ctx: Context, parts: Sequence[Part]) -> bool:
    """Whether it is one change that nothing has to be looked up for."""
    intents = parts[0].intents
    return (
        len(parts) == 1
        and parts[0].trail is None
        and len(intents) == 1
        and intents[0].type != "SearchParameter"
        and intents[0].type not in FOLLOWED
        and intents[0].criteria is None
        and not needs_locks(ctx.settings, intents[0])
        and not may_clash(ctx.settings, intents[0])
        and is_unrestricted(ctx.store.guard, intents[0].type)
        and not linked_with_conditions(
            intents[0].resource or {}, None, {}, ctx.definitions.is_resource
        )[1]
    )


def _alone(ctx: Context, intent: Intent, conform: Conform | None) -> list[Done]:
    database = ctx.store.database
    there = None if intent.id is None else held(ctx.store, intent.type, intent.id)
    old = None if there is None else there.version
    change = decide(ctx, identified(intent), there, {}, conform)
    if isinstance(change, Done):
        return [change]
    refuse_dangling(ctx, [change])
    known = {} if old is None else {(change.type, change.id): old}
    change = medicated(ctx, {0: change}, known)[0]
    assert isinstance(change, Intent)
    now, keys = stored.reserve(database, 1)
    new = new_version(ctx, change, old, now, keys[0])
    ctx.store.texts.add(new.index.texts)
    begin()
    note(new, old)
    write(database, [new], rows())
    return [shown_again(ctx.store.guard, done_of(new, old, change.issues))]
