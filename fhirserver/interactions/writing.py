"""Writing the new versions of changes that have been decided, with all that hangs on them.

https://hl7.org/fhir/R4/http.html#versioning
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

from fhirserver.audit.trail import Trail
from fhirserver.errors import Issue
from fhirserver.interactions.context import Context
from fhirserver.interactions.intents import Done, Intent
from fhirserver.interactions.permitted import refuse_forbidden, shown_again
from fhirserver.interactions.recording import note_change
from fhirserver.interactions.relations import follow
from fhirserver.interactions.search_parameters import put_in_force
from fhirserver.model import json
from fhirserver.search.hashing import reference_self
from fhirserver.search.index import IndexValues, Stamp
from fhirserver.storage import versions as stored
from fhirserver.storage.content import joined, split
from fhirserver.storage.database import Connection
from fhirserver.storage.rows import Method, NewVersion, Version
from fhirserver.storage.writer import write

_METHOD: Final[dict[str, Method]] = {"create": "POST", "update": "PUT", "patch": "PATCH"}
_ACTION: Final = {m: a for a, m in _METHOD.items()} | {"DELETE": "delete"}


def written(
    ctx: Context,
    connection: Connection,
    changes: Mapping[int, Intent | Done],
    old: Mapping[tuple[str, str | None], Version],
) -> dict[int, Done]:
    """The outcomes by number, when all changes have been written."""
    outcomes = {n: c for n, c in changes.items() if isinstance(c, Done)}
    wanted = {n: c for n, c in changes.items() if isinstance(c, Intent)}
    if not wanted:
        return outcomes
    now, keys = stored.reserve(connection, len(wanted))
    new = {
        n: new_version(ctx, c, old.get((c.type, c.id)), now, key)
        for (n, c), key in zip(wanted.items(), keys, strict=True)
    }
    ctx.store.texts.add(entry for v in new.values() for entry in v.index.texts)
    write(connection, list(new.values()))
    for n, v in new.items():
        note(v, old.get((v.type, v.id)), wanted[n].trail)
    follow(ctx, connection, [(wanted[n], v) for n, v in new.items()])
    readable = refuse_forbidden(
        ctx.store.guard,
        connection,
        {n: (wanted[n], v) for n, v in new.items()},
        old,
        ctx.settings.fhir_base,
    )
    put_in_force(ctx, connection, [c for c in wanted.values() if c.type == "SearchParameter"])
    return outcomes | {
        n: shown_again(
            ctx.store.guard,
            done_of(v, old.get((v.type, v.id)), wanted[n].issues, tells=wanted[n].wants_content),
            is_readable=v.key in readable,
        )
        for n, v in new.items()
    }


def new_version(
    ctx: Context, intent: Intent, old: Version | None, now: datetime, fresh_key: int
) -> NewVersion:
    """The version that an intent makes after the one that is there; a new one gets the key."""
    assert intent.id is not None
    number = 1 if old is None else old.version + 1
    updated = stored.following(now, old.updated if old else None)
    meta, content, index, stamp, before = None, None, IndexValues(), Stamp(), None
    sealed = None
    if old is not None and old.content is not None:
        replaced = json.kept(old.content)
        before = ctx.store.extract(replaced), ctx.store.stamp(replaced)
    if intent.action != "delete":
        assert intent.resource is not None
        resource = intent.resource
        if resource.get("id") != intent.id:
            resource = {**resource, "id": intent.id}
        meta, content = split(resource)
        index, stamp = ctx.store.extract(resource), ctx.store.stamp(resource)
        sealed = ctx.store.sealing.sealed(resource, number, stamp)
    return NewVersion(
        type=intent.type,
        id=intent.id,
        self=reference_self(intent.type, intent.id),
        key=old.key if old else fresh_key,
        version=number,
        updated=updated,
        method=_method(intent, old),
        meta=meta,
        content=content,
        index=index,
        stamp=stamp,
        replaces=old.version if old else None,
        before=before,
        sealed=sealed,
    )


def note(new: NewVersion, old: Version | None, trail: Trail | None = None) -> None:
    """For the record; what a deletion took away is among the JSON before."""
    action = _ACTION[new.method]
    before = None if old is None else old.content
    note_change(action, new.type, new.id, new.version, before, new.content, trail=trail)


def _method(intent: Intent, old: Version | None) -> Method:
    return "DELETE" if intent.action == "delete" else _METHOD[intent.action]


def done_of(
    new: NewVersion, old: Version | None, issues: tuple[Issue, ...] = (), *, tells: bool = True
) -> Done:
    """What became of the intent behind a version; `tells`: with its content."""
    # A deleted resource that is brought back to life is created: so says the standard.
    is_created = old is None or old.is_deleted
    status: Literal[200, 201, 204] = 204 if new.content is None else 201 if is_created else 200
    content = None
    if tells and new.content is not None:
        content = joined(new.type, new.id, new.version, new.updated, new.meta, new.content)
    return Done(
        status, new.type, new.id, new.version, new.updated, content, is_change=True, issues=issues
    )
