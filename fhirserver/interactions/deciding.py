"""What a change means for the version that is there now: a new one, nothing, or a refusal."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from fhirserver.errors import Gone, NotFound, VersionConflict
from fhirserver.interactions.checking import checked_resource
from fhirserver.interactions.conforming import Conform
from fhirserver.interactions.context import Context
from fhirserver.interactions.intents import Done, Intent, changed
from fhirserver.interactions.linking import Addresses, linked
from fhirserver.interactions.medicating import refuse_broken_life
from fhirserver.interactions.patching import patched
from fhirserver.interactions.permitted import (
    as_permitted,
    is_unrestricted,
    refuse_unpermitted,
    shown_again,
)
from fhirserver.interactions.rights import RECORD, refuse_change_of_record
from fhirserver.interactions.shipped import refuse_supplied
from fhirserver.interactions.subscribing import TYPE as SUBSCRIPTION
from fhirserver.interactions.subscribing import accepted
from fhirserver.model import json
from fhirserver.model.resource import Resource
from fhirserver.storage.guard import Guard, shown
from fhirserver.storage.holding import Held
from fhirserver.storage.rows import Version

_MOST_REMEMBERED: Final = 512


def decide(
    ctx: Context,
    intent: Intent,
    there: Held | None,
    known: Addresses,
    conform: Conform | None,
) -> Intent | Done:
    """What an intent means for the version that is there now: a change, or nothing to do."""
    guard = ctx.store.guard
    refuse_unpermitted(guard, intent, there)
    old = there.version if there is not None and there.is_there else None
    exists = old is not None and not old.is_deleted
    if exists and intent.type == RECORD:
        refuse_change_of_record()
    if intent.must_be_new and exists:
        raise VersionConflict("the resource exists already, and If-None-Match: * forbids that")
    if intent.if_match is not None and not _is_matched(intent.if_match, old):
        raise VersionConflict
    if not exists and intent.action in {"delete", "patch"}:
        refuse_supplied(intent.type, intent.id)
    match intent.action:
        case "delete":
            return intent if exists else Done(204, intent.type, intent.id)
        case "patch":
            if old is None:
                raise NotFound(f"{intent.type}/{intent.id} doesn't exist")
            if old.content is None:
                raise Gone(f"{intent.type}/{intent.id} was deleted")
            # What is hidden from the caller can't be tested by a patch either.
            seen = shown(guard, old)
            resource = patched(ctx, intent, json.parse((seen.content or "").encode()))
            intent = changed(intent, resource=linked(resource, intent.full_url, known))
            if conform is not None:
                intent = conform(intent)
        case _ if intent.combine is not None and old is not None and old.content is not None:
            assert intent.resource is not None
            combined = {**intent.combine(intent.resource, json.kept(old.content)), "id": old.id}
            if _is_done(guard, intent, conform) and is_same(old.content, combined):
                # As most of what messages say of wards, doctors and senders.
                done = Done(200, old.type, old.id, old.version, old.updated, old.content)
                return shown_again(guard, done)
            intent = changed(intent, resource=checked_resource(combined, intent.type))
            if conform is not None:
                intent = conform(intent)
        case _ if intent.is_unchecked:
            checked_resource(intent.resource, intent.type)
        case _:
            pass
    if intent.action != "delete":
        if intent.type == SUBSCRIPTION:
            intent = accepted(ctx, intent, old)
        intent = as_permitted(guard, intent, old)
        refuse_broken_life(ctx.settings, intent, old)
    if old is not None and old.content is not None and is_same(old.content, intent.resource):
        done = Done(200, old.type, old.id, old.version, old.updated, old.content)
        return shown_again(guard, done)
    return intent


def _is_done(guard: Guard, intent: Intent, conform: Conform | None) -> bool:
    """Whether nothing else could make a change of what is there already."""
    return conform is None and intent.type != SUBSCRIPTION and is_unrestricted(guard, intent.type)


def _is_matched(versions: Sequence[str], old: Version | None) -> bool:
    if old is None:
        return False
    return str(old.version) in versions or ("*" in versions and not old.is_deleted)


def is_same(old: str, resource: Resource | None) -> bool:
    """Whether a new version would say nothing new."""
    return resource is not None and _stored_essence(old) == _essence(resource)


def says_the_same(one: Resource, other: Resource) -> bool:
    """Whether two resources differ at most in what the server keeps of their versions."""
    return _essence(one) == _essence(other)


@lru_cache(maxsize=_MOST_REMEMBERED)
def _stored_essence(content: str) -> bytes:
    """That of stored JSON: a feed says the same of the same wards and doctors all day."""
    return _essence(json.kept(content))


def _essence(resource: Resource) -> bytes:
    meta = {
        k: v for k, v in resource.get("meta", {}).items() if k not in {"versionId", "lastUpdated"}
    }
    return json.dump_sorted({**resource, "meta": meta})
