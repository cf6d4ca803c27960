"""Whether a change is one that the caller may make: of what is there, and of what comes of it.

The condition of the right must hold for the row before and after. Of a row that isn't there for
the caller, nothing is said: it is answered as if it were absent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final, Literal

from msgspec.structs import replace

from fhirserver import fhirpath
from fhirserver.access.access import Access, Allowed
from fhirserver.access.sharing import is_share
from fhirserver.errors import Forbidden, NotFound
from fhirserver.fhirpath import Env
from fhirserver.interactions.intents import Done, Intent, changed
from fhirserver.model import json
from fhirserver.model.references import parse_reference, references
from fhirserver.model.resource import Resource
from fhirserver.storage.database import Connection
from fhirserver.storage.guard import Guard, is_whole, without, without_mark
from fhirserver.storage.holding import Held, meeting, there
from fhirserver.storage.rows import NewVersion, Version

_RIGHT: Final[dict[str, Literal["c", "u", "d"]]] = {
    "create": "c",
    "update": "u",
    "patch": "u",
    "delete": "d",
}
_DOING: Final = {"c": "create", "u": "change", "d": "delete"}
_KEPT_BY_THE_SERVER: Final = frozenset({"id", "meta", "resourceType"})
_MOST_STEPS: Final = 20_000


def is_unrestricted(guard: Guard, resource_type: str) -> bool:
    """Whether the caller's rights on a type, those there are, hold for every row and element.

    And whether what they write may refer to whomever it will.
    """
    return not isinstance(guard, Access) or guard.is_plain(resource_type)


def refuse_unpermitted(guard: Guard, intent: Intent, held: Held | None) -> None:
    """Raise for a change by id of what the caller may not change."""
    if intent.action == "create":
        # A conditional update that finds nothing creates, too.
        if isinstance(guard, Access) and guard.allowed(intent.type, "c") is None:
            raise Forbidden(f"you may not create {intent.type}")
        return
    if is_unrestricted(guard, intent.type):
        return
    if held is None or not held.is_there:
        if intent.action == "update" and not is_whole(guard.touching(intent.type)):
            # The same for an id that is taken by what the caller doesn't see: only who sees every
            # row of a type creates by an id of their own, also where a condition matches nobody.
            raise NotFound(f"{intent.type}/{intent.id} doesn't exist")
        return
    may = held.may_delete if intent.action == "delete" else held.may_update
    if not may:
        doing = _DOING[_RIGHT[intent.action]]
        raise Forbidden(f"you may not {doing} {intent.type}/{intent.id}")


def as_permitted(guard: Guard, intent: Intent, old: Version | None) -> Intent:
    """The intent with what is hidden from the caller left as it is.

    Raises Forbidden for a change of elements that the caller may not change.
    """
    allowed = _allowed(guard, intent)
    if allowed is None or allowed.is_plain or intent.resource is None:
        return intent
    before: Resource = {}
    if old is not None and old.content is not None:
        before = json.kept(old.content)
    after = _with_hidden(guard.hidden(intent.type), intent, before)
    if allowed.changes is not None:
        for name in {*before, *after} - _KEPT_BY_THE_SERVER:
            if name not in allowed.changes and before.get(name) != after.get(name):
                raise Forbidden(
                    f"you may change only {', '.join(sorted(allowed.changes))} of {intent.type}"
                )
    for text in allowed.constraints:
        _refuse_unless(text, before, after)
    return changed(intent, resource=after)


def _with_hidden(hidden: frozenset[str], intent: Intent, before: Resource) -> Resource:
    resource = intent.resource or {}
    if not hidden:
        return resource
    resource = without_mark(resource)
    if any(k.removeprefix("_") in hidden for k in resource):
        raise Forbidden(f"you may not set {', '.join(sorted(hidden))} of {intent.type}")
    kept = {k: v for k, v in before.items() if k.removeprefix("_") in hidden}
    return {**resource, **kept}


def _refuse_unless(text: str, before: Resource, after: Resource) -> None:
    kind = after["resourceType"]
    env = Env(variables={"before": before or None, "after": after}, max_steps=_MOST_STEPS)
    values = [value for _, value, _ in fhirpath.compile(text, kind)(after, env)]
    if values != [True]:
        raise Forbidden(f"your access policy allows no such change of {kind}")


def refuse_forbidden(
    guard: Guard,
    connection: Connection,
    written: Mapping[int, tuple[Intent, NewVersion]],
    old: Mapping[tuple[str, str | None], Version],
    base: str,
) -> set[int]:
    """Raise Forbidden when something has been written that the caller may not leave so.

    Returns the keys of what the caller may read of it. `old` are the versions that were replaced,
    by type and id; `base` is the FHIR base.
    """
    intents = [intent for intent, _ in written.values()]
    _refuse_references(guard, connection, intents, old, base)
    readable: set[int] = set()
    groups: dict[tuple[str, Literal["c", "u", "d"]], list[tuple[Intent, int]]] = defaultdict(list)
    for intent, version in written.values():
        readable.add(version.key)
        if not is_unrestricted(guard, intent.type):
            groups[intent.type, _RIGHT[intent.action]].append((intent, version.key))
    for (resource_type, right), group in groups.items():
        keys = [key for _, key in group]
        if right != "d":
            condition = guard.condition(resource_type, right)
            left = set(keys)
            if not is_whole(condition):
                left = meeting(connection, resource_type, keys, condition, is_settled=True)
            for intent, key in group:
                if key not in left:
                    error = Forbidden(
                        f"you may not {_DOING[right]} a {resource_type} that says this: it would "
                        "belong to somebody else, or be of another kind than your access allows"
                    )
                    raise error.inside(intent.place) if intent.place else error
        readable.difference_update(keys)
        readable |= meeting(
            connection, resource_type, keys, guard.reading(resource_type), is_settled=False
        )
    return readable


def _refuse_references(
    guard: Guard,
    connection: Connection,
    intents: Sequence[Intent],
    old: Mapping[tuple[str, str | None], Version],
    base: str,
) -> None:
    """Raise Forbidden for a reference to a Patient whom the caller doesn't see.

    A Patient keeps the links it had: a record that another one was merged into says so, and
    whoever cares for the patient goes on changing it.
    """
    condition = guard.referable()
    if is_whole(condition):
        return
    places: dict[str, tuple[Intent, str]] = {}
    for intent in intents:
        if _gives_nothing(intent):
            continue
        named = _patients_in(intent.resource, base)
        before = old.get((intent.type, intent.id)) if named and intent.type == "Patient" else None
        if before is not None and before.content is not None:
            for patient in _patients_in(json.kept(before.content), base):
                named.pop(patient, None)
        for patient, place in named.items():
            places.setdefault(patient, (intent, place))
    for patient in places.keys() - there(connection, "Patient", places, condition):
        intent, place = places[patient]
        error = Forbidden(
            "you may refer only to patients whose records you may see", expression=place
        )
        raise error.inside(intent.place) if intent.place else error


def _gives_nothing(intent: Intent) -> bool:
    """Whether a change makes nobody see more, whomever it refers to.

    Who shared a document ends that also when the patient isn't theirs any more.
    """
    resource = intent.resource or {}
    ends_share = resource.get("resourceType") == "Consent" and resource.get("status") == "inactive"
    return intent.action == "delete" or (ends_share and is_share(resource))


def _patients_in(resource: Resource | None, base: str) -> dict[str, str]:
    """The ids of the patients that a resource refers to, and where it does first."""
    found: dict[str, str] = {}
    for link in references(resource or {}):
        parsed = parse_reference(link.text, base)
        if parsed.is_local and parsed.type == "Patient" and parsed.id is not None:
            found.setdefault(parsed.id, link.expression)
    return found


def shown_again(guard: Guard, done: Done, *, is_readable: bool = True) -> Done:
    """The outcome of a change with as much content as the caller may read."""
    if done.content is None:
        return done
    may_read = not isinstance(guard, Access) or guard.allowed(done.type, "r") is not None
    if not (may_read and is_readable):
        return replace(done, content=None)
    hidden = guard.hidden(done.type)
    return replace(done, content=without(done.content, hidden)) if hidden else done


def _allowed(guard: Guard, intent: Intent) -> Allowed | None:
    return guard.allowed(intent.type, _RIGHT[intent.action]) if isinstance(guard, Access) else None
