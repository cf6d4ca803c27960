"""Conditional changes and references: finding the one resource that is meant, safely in a race.

Everybody who looks for the same thing takes the same advisory lock first, so two feeds with one
identifier can't both find nothing and both create.
https://hl7.org/fhir/R4/http.html#ccreate
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import unquote

from fhirserver import ids
from fhirserver.errors import Conflict, Invalid, MultipleMatches, NotFound, Unprocessable
from fhirserver.interactions.context import Context
from fhirserver.interactions.intents import Done, Intent, at, changed
from fhirserver.interactions.pairs import pairs_in
from fhirserver.interactions.permitted import is_unrestricted
from fhirserver.interactions.rights import refuse_forbidden_chains
from fhirserver.interactions.routing import is_id
from fhirserver.search.hashing import digest
from fhirserver.search.parameters import Parameters
from fhirserver.search.parse import parse
from fhirserver.search.query import Condition, Query
from fhirserver.search.results import RESULTS
from fhirserver.search.site import Site
from fhirserver.storage.current import current
from fhirserver.storage.database import Connection
from fhirserver.storage.searches import element_of, having_each, matches
from fhirserver.storage.versions import lock_conditions

# Locks are shared memory: a transaction never holds more than this many, or else one for all.
MOST_LOCKS = 1_000
# Fewer conditions are looked up one by one.
_FEW = 2
# What a condition says is worked out once: a feed names the same wards and doctors all day.
_MOST_REMEMBERED = 8_192


class Conditions:
    """The conditions of one transaction; each distinct one is looked up once."""

    def __init__(self, ctx: Context, connection: Connection) -> None:
        self._ctx = ctx
        self._connection = connection
        self._found: dict[str, str] = {}
        self._planned: dict[_Key, tuple[int, Intent]] = {}
        self._foreseen: dict[tuple[str, str], list[str]] = {}
        self._deleted: set[tuple[str, str]] = set()
        self.met: set[tuple[str, str]] = set()
        """What was found, by type and id: unless that is locked, it may be gone by now."""

    def begin(self, intents: Sequence[Intent]) -> None:
        """Hold the locks of the conditions until the transaction ends, and look them up.

        A lock keeps two from finding nothing and both creating. Mentions and updates are found,
        most of them: those aren't locked, or all who name one ward would wait for each other. Of
        those who change one resource the lock on its row keeps the order; where it is gone by
        then, everything begins anew (`met`).
        """
        if not any(i.action == "delete" for i in intents):
            self.foresee([i for i in intents if _is_most_likely_there(i)], least=1)
        left = [i for i in intents if not self._is_found(i)]
        self.lock(left)
        for intent in left:
            # What was seen before the lock says nothing: somebody may have created it meanwhile.
            self._foreseen.pop((intent.type, intent.criteria or ""), None)
        if not any(i.action == "delete" for i in intents):
            self.foresee(left)

    def _is_found(self, intent: Intent) -> bool:
        found = self._foreseen.get((intent.type, intent.criteria or ""), ())
        return _is_most_likely_there(intent) and len(found) == 1

    def lock(self, intents: Sequence[Intent]) -> None:
        """Hold the locks of all conditions of these intents until the transaction ends."""
        keys = [
            k for i in intents if i.criteria is not None for k in _lock_keys(i.type, i.criteria)
        ]
        if keys:
            lock_conditions(self._connection, keys, most=MOST_LOCKS)

    def foresee(self, intents: Sequence[Intent], *, least: int = _FEW) -> None:
        """Look up the conditions of many intents at once, unless any deletes something.

        Those that one element of the index answers; the others wait for `settle`.
        """
        conditional = [i for i in intents if i.criteria is not None]
        if len(conditional) < least or any(i.action == "delete" for i in intents):
            return
        queries: dict[str, dict[str, Condition]] = defaultdict(dict)
        for intent in conditional:
            if intent.criteria is not None and intent.criteria not in queries[intent.type]:
                query = at(intent, lambda i: _parsed(self._ctx, i.type, i.criteria or ""))
                queries[intent.type][intent.criteria] = query.condition
        for resource_type, asked in queries.items():
            elements = {c: e for c, condition in asked.items() if (e := element_of(condition))}
            found = having_each(self._ctx.store, resource_type, elements.values(), limit=2)
            for criteria, element in elements.items():
                self._foreseen[resource_type, criteria] = found.get(element, [])

    def settle(self, intent: Intent, part: int = 0) -> Intent | Done:
        """What a conditional intent means: an intent by id, or nothing to do.

        Deletions are to be settled first: what they delete, the other conditions don't match.
        `part` is the transaction that it belongs to, where there are several.
        """
        settled: Intent | Done = intent
        if intent.criteria is not None:
            settled = self._settled(intent, intent.criteria, part)
        if isinstance(settled, Intent) and settled.action == "delete" and settled.id is not None:
            self._deleted.add((settled.type, settled.id))
        return settled

    def _settled(self, intent: Intent, criteria: str, part: int) -> Intent | Done:
        planner, planned = self._planned.get(_key(intent.type, criteria), (part, None))
        if planned is not None and intent.action in {"create", "update"}:
            if planner != part and intent.action == "update":
                return _updating(intent, planned.id)
            if planner == part and intent.action != planned.action:
                raise Invalid("another entry creates the resource that this condition means")
            # The same conditional create twice in one transaction is one resource.
            if intent.action == "create":
                return Done(200, intent.type, planned.id)
            raise Invalid("another entry updates the resource that this condition means")
        found = self._foreseen.get((intent.type, criteria))
        if found is None:
            found = self._matches(intent.type, criteria)
        if len(found) > 1:
            raise MultipleMatches
        if found:
            self.met.add((intent.type, found[0]))
            return self._settle_found(intent, found[0])
        settled = self._settle_none(intent)
        if isinstance(settled, Intent):
            # Remembered as what was asked for: an update that creates is no conditional create.
            asked_for = changed(settled, action=intent.action)
            self._planned[_key(intent.type, criteria)] = part, asked_for
        return settled

    def reference(self, link: str) -> str:
        """The reference by id that a conditional reference such as `Patient?identifier=1` means."""
        resource_type, _, criteria = link.partition("?")
        if link not in self._found:
            found = self._matches(resource_type, criteria)
            if len(found) != 1:
                many = "more than one resource" if found else "no resource"
                raise Unprocessable(
                    f"a conditional reference to {resource_type} matches {many}: "
                    "it must match exactly one"
                )
            self._found[link] = f"{resource_type}/{found[0]}"
        return self._found[link]

    def _settle_found(self, intent: Intent, found: str) -> Intent | Done:
        if intent.action == "create":
            version = current(self._ctx.store, intent.type, found)
            if version is None:
                return Done(200, intent.type, found)
            return Done(200, intent.type, found, version.version, version.updated, version.content)
        return _updating(intent, found)

    def _settle_none(self, intent: Intent) -> Intent | Done:
        match intent.action:
            case "create":
                return _with_new_id(intent)
            case "update":
                given = (intent.resource or {}).get("id")
                return self._update_as_create(intent, given) if given else _with_new_id(intent)
            case "delete":
                return Done(204, intent.type, None)
            case _:
                raise NotFound("no resource matches the condition")

    def _update_as_create(self, intent: Intent, given: str) -> Intent:
        place = f"{intent.type}.id"
        if not is_id(given):
            raise Invalid("the id can't be one", expression=place)
        there = current(self._ctx.store, intent.type, given)
        if there is not None and not there.is_deleted:
            # R4 is silent; like R5 we don't overwrite what the condition says isn't meant.
            raise Conflict(
                "no resource matches the condition, and another one has the id in the resource",
                expression=place,
            )
        return changed(intent, id=given)

    def _matches(self, resource_type: str, criteria: str) -> list[str]:
        """The ids of at most two matches that this transaction doesn't delete."""
        query = _parsed(self._ctx, resource_type, criteria)
        gone = {i for t, i in self._deleted if t == resource_type}
        found = matches(self._ctx.store, resource_type, query.condition, limit=2 + len(gone))
        return [i for i in found if i not in gone][:2]


def _is_most_likely_there(intent: Intent) -> bool:
    return intent.is_mention or intent.action == "update"


def _updating(intent: Intent, found: str | None) -> Intent:
    given = (intent.resource or {}).get("id") if intent.action == "update" else None
    if given is not None and given != found:
        raise Invalid(
            "the id in the resource is not that of the resource that the condition matches",
            expression=f"{intent.type}.id",
        )
    return changed(intent, id=found)


def _with_new_id(intent: Intent) -> Intent:
    return changed(intent, id=ids.new(), action="create")


def _parsed(ctx: Context, resource_type: str, criteria: str) -> Query:
    """Conditions are always strict: an ignored parameter could match the wrong patient.

    For the same reason nothing but what selects will do: `DELETE Patient?_count=1` means nobody.
    """
    if identifiers_of(criteria) and is_unrestricted(ctx.store.guard, resource_type):
        return _by_identifiers(ctx.parameters, ctx.site, resource_type, criteria)
    pairs = pairs_in(criteria)
    for name, _ in pairs:
        if name.partition(":")[0] in RESULTS:
            raise Invalid(f"a condition can't have {name[:60]}: it doesn't select resources")
    query = parse(
        resource_type,
        pairs,
        parameters=ctx.parameters,
        site=ctx.site,
        hidden=ctx.store.guard.hidden,
    )
    refuse_forbidden_chains(query.condition, ctx.store.guard)
    if not query.used:
        raise Invalid("a condition needs at least one search parameter")
    return query


@lru_cache(maxsize=_MOST_REMEMBERED)
def _by_identifiers(parameters: Parameters, site: Site, resource_type: str, criteria: str) -> Query:
    """The search of a condition on nothing but identifiers, for whom no element is hidden."""
    return parse(resource_type, pairs_in(criteria), parameters=parameters, site=site)


_Key = tuple[str, tuple[tuple[str, str], ...]]


@lru_cache(maxsize=_MOST_REMEMBERED)
def _key(resource_type: str, criteria: str) -> _Key:
    """The same for conditions that say the same in another order."""
    return resource_type, tuple(sorted(pairs_in(criteria)))


@lru_cache(maxsize=_MOST_REMEMBERED)
def _lock_keys(resource_type: str, criteria: str) -> Sequence[int]:
    """What to lock: the identifiers looked for, or else the whole condition."""
    _, pairs = _key(resource_type, criteria)
    values = [v for name, value in pairs if name.startswith("identifier") for v in value.split(",")]
    spelled = [
        f"{resource_type}|identifier|{unquote(v).rpartition('|')[2].lower()}" for v in values
    ]
    return [digest(text) for text in spelled or [f"{resource_type}?{pairs}"]]


@lru_cache(maxsize=_MOST_REMEMBERED)
def identifiers_of(criteria: str) -> Sequence[str]:
    """The values without their systems, where a condition is nothing but one on identifiers.

    Those with escaped characters are nothing of the kind.

    >>> identifiers_of("identifier=urn:a%7C1,urn:b%7C2"), identifiers_of("family=Doe")
    (['1', '2'], [])
    """
    pairs = pairs_in(criteria)
    if not all(name == "identifier" and "\\" not in value for name, value in pairs):
        return []
    return [v.rpartition("|")[2] for _, value in pairs for v in value.split(",")]
