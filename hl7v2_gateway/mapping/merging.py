"""A conversion and what is stored already: the transaction that is to be run.

A v2 message says what its fields say and no more, so an update keeps what it doesn't speak of.
Where a field gives the whole of an element (names, addresses), the message replaces it; where it
gives one of many (identifiers, participants by their type, results of a report), it adds to them.

    finished(conversion, stored)        # stored: full_url of an upsert -> the resource found for it
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from fhirserver.model.resource import Resource
from hl7v2_gateway.mapping.conversion import Conversion, Upsert
from hl7v2_gateway.mapping.memory import copied

_CHOICES: Final = (
    "value",
    "effective",
    "occurrence",
    "performed",
    "onset",
    "deceased",
    "multipleBirth",
    "medication",
    "abatement",
)
_WITHDRAWN: Final = frozenset({"AllergyIntolerance", "Condition"})
_SERVERS: Final = frozenset({"id", "meta", "text", "resourceType"})


def finished(conversion: Conversion, stored: Mapping[str, Resource]) -> Resource:
    """The transaction: merged with what is stored, without entries that would change nothing."""
    known = {
        u.full_url: f"{u.type}/{stored[u.full_url]['id']}"
        for u in conversion.upserts
        if u.full_url in stored
    }
    entries = []
    for upsert in conversion.upserts:
        before = stored.get(upsert.full_url)
        resource = pointed(upsert.resource, known)
        if before is None:
            url = (
                f"{upsert.type}?{upsert.search}"
                if upsert.search
                else f"{upsert.type}/{resource['id']}"
            )
            entries.append(_entry(upsert, resource, url))
            continue
        after = merged(before, resource, upsert.cleared, is_mention=upsert.is_mention)
        if after == before:
            continue
        entry = _entry(upsert, after, f"{upsert.type}/{before['id']}")
        version = before.get("meta", {}).get("versionId")
        if version:
            entry["request"]["ifMatch"] = f'W/"{version}"'
        entries.append(entry)
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def _entry(upsert: Upsert, resource: Resource, url: str) -> Resource:
    request = {"method": "PUT", "url": url}
    return {"fullUrl": upsert.full_url, "resource": resource, "request": request}


def pointed(value: Any, known: Mapping[str, str]) -> Any:
    """The same, with references to entries that are stored naming what is stored."""
    if isinstance(value, dict):
        return {
            k: known.get(v, v) if k == "reference" and isinstance(v, str) else pointed(v, known)
            for k, v in value.items()
        }
    if isinstance(value, list):
        return [pointed(v, known) for v in value]
    return value


def merged(
    before: Resource,
    update: Resource,
    cleared: frozenset[str] = frozenset(),
    *,
    is_mention: bool = False,
) -> Resource:
    """The stored resource after the message."""
    after = {k: copied(v) for k, v in before.items()}
    for path in cleared:
        _clear(after, path)
    for name, value in update.items():
        if name in _SERVERS:
            continue
        there = after.get(name)
        how = _LISTS.get((update["resourceType"], name)) or _LISTS.get(("*", name))
        if is_mention and name == "extension" and isinstance(there, list):
            # Else two senders who name somebody differently would change them in turn for ever.
            known = {e.get("url") for e in there}
            after[name] = [*there, *(e for e in value if e.get("url") not in known)]
        elif isinstance(value, list) and isinstance(there, list) and how is not None:
            after[name] = how(there, value)
        elif there is None:
            if not (is_mention and _has_choice(after, name)):
                _drop_choices(after, name)
                after[name] = value
        elif is_mention:
            continue
        elif isinstance(value, dict) and isinstance(there, dict) and not _is_whole(value):
            after[name] = _deep(there, value)
        else:
            after[name] = value
    if update["resourceType"] in _WITHDRAWN and _is_withdrawn(after):
        # con-5, ait-2: what was never true has no clinical status; what is told again is true.
        after.pop("clinicalStatus" if "verificationStatus" in update else "verificationStatus", "")
    if tags := update.get("meta", {}).get("tag"):
        there = after.get("meta", {}).get("tag", ())
        after["meta"] = {**after.get("meta", {}), "tag": _by(_coded)([*there], tags)}
    return after


def _is_withdrawn(resource: Resource) -> bool:
    codings = resource.get("verificationStatus", {}).get("coding", ())
    return any(c.get("code") == "entered-in-error" for c in codings)


def _coded(item: Resource) -> Any:
    return (item.get("system"), item.get("code"))


def _is_whole(value: Resource) -> bool:
    """A code, a quantity or a reference is replaced, never mixed with another."""
    return bool(
        value.keys() & {"coding", "text", "code", "value", "reference", "identifier", "display"}
    )


def _deep(there: Resource, more: Resource) -> Resource:
    result = dict(there)
    for name, value in more.items():
        inner = result.get(name)
        if isinstance(inner, dict) and isinstance(value, dict) and not _is_whole(value):
            result[name] = _deep(inner, value)
        else:
            result[name] = value
    return result


def choice(name: str) -> str | None:
    """The element of a choice of types that a property belongs to."""
    return next((c for c in _CHOICES if name.startswith(c) and name[len(c) :][:1].isupper()), None)


def _drop_choices(after: Resource, name: str) -> None:
    """Another type of the same element ends where a new one begins."""
    element = choice(name)
    if element:
        for other in [n for n in after if choice(n) == element]:
            del after[other]


def _has_choice(after: Resource, name: str) -> bool:
    element = choice(name)
    return element is not None and any(choice(n) == element for n in after)


def _by(key: Callable[[Resource], Any]) -> Callable[[list[Any], list[Any]], list[Any]]:
    """Items are known by a key: new ones replace those with the same, others stay."""

    def join(there: list[Any], more: list[Any]) -> list[Any]:
        keys = [key(item) for item in more]
        first: dict[Any, list[Any]] = {}
        for k, item in zip(keys, more, strict=True):
            first.setdefault(k, []).append(item)
        result = []
        for item in there:
            k = key(item)
            if k in first:
                result.extend(first.pop(k))
            elif k not in keys:
                result.append(item)
        for items in first.values():
            result.extend(items)
        return result

    return join


def _identifier(item: Resource) -> Any:
    return (item.get("system"), item.get("value"))


def _participant(item: Resource) -> Any:
    codes = [c.get("code") for t in item.get("type", ()) for c in t.get("coding", ())]
    return codes[0] if codes else repr(item.get("individual") or item.get("actor"))


def _reference(item: Resource) -> Any:
    return item.get("reference") or repr(item)


def _locations(there: list[Any], more: list[Any]) -> list[Any]:
    """Where somebody was stays on record: the active location before this one is completed."""
    new = {repr(i.get("location")) for i in more}
    has_active = any(i.get("status") == "active" for i in more)
    kept = []
    for item in there:
        if repr(item.get("location")) in new:
            continue
        if has_active and item.get("status") == "active":
            kept.append({**item, "status": "completed"})
        elif item.get("status") not in ("planned", "reserved"):
            kept.append(item)
    return [*kept, *more]


_LISTS: Final[Mapping[tuple[str, str], Callable[[list[Any], list[Any]], list[Any]]]] = {
    ("*", "identifier"): _by(_identifier),
    ("*", "extension"): _by(lambda e: e.get("url")),
    ("Encounter", "participant"): _by(_participant),
    ("Encounter", "location"): _locations,
    ("Encounter", "diagnosis"): _by(lambda d: _reference(d.get("condition", {}))),
    ("DiagnosticReport", "result"): _by(_reference),
    ("DiagnosticReport", "basedOn"): _by(_reference),
    ("DiagnosticReport", "specimen"): _by(_reference),
    ("ServiceRequest", "supportingInfo"): _by(_reference),
    ("ServiceRequest", "reasonReference"): _by(_reference),
    ("ServiceRequest", "specimen"): _by(_reference),
    ("Patient", "link"): _by(lambda link: _reference(link.get("other", {}))),
    ("Patient", "generalPractitioner"): _by(_reference),
    ("Account", "guarantor"): _by(lambda g: _reference(g.get("party", {}))),
}


def _clear(after: Resource, path: str) -> None:
    """Take away what a null deletes: `birthDate`, `period.end`, `telecom[use=home]`."""
    if path.startswith("extension:"):
        url = path.removeprefix("extension:")
        after["extension"] = [e for e in after.get("extension", ()) if e.get("url") != url]
        if not after["extension"]:
            del after["extension"]
        return
    head, _, rest = path.partition(".")
    if "[" in path:
        head, _, condition = path.partition("[")
        where, _, value = condition.rstrip("]").partition("=")
        kept = [i for i in after.get(head, ()) if value not in _found(i, where.split("."))]
        if kept:
            after[head] = kept
        else:
            after.pop(head, None)
        return
    there = after.get(head)
    if rest and isinstance(there, dict):
        _clear(there, rest)
        if not there:
            del after[head]
    elif head != "identifier":
        after.pop(head, None)
        after.pop(f"_{head}", None)


def _found(value: Any, steps: list[str]) -> list[Any]:
    if isinstance(value, list):
        return [x for v in value for x in _found(v, steps)]
    if not steps:
        return [value]
    return (
        _found(value[steps[0]], steps[1:]) if isinstance(value, dict) and steps[0] in value else []
    )
