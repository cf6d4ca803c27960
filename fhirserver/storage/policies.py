"""Stored access policies, and who a user is among the resources, in a few statements."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from fhirserver.model.json import parse_object
from fhirserver.search.hashing import element, reference_self, salt
from fhirserver.storage.database import Connection, Database, execute
from fhirserver.storage.schema import table
from fhirserver.storage.versions import COLUMNS, version_of


@dataclass(frozen=True, slots=True)
class StoredPolicy:
    """A policy that stands for the shipped one of its name, as compact JSON.

    `in_force` is None until a first version has been approved; `pending` waits for that.
    """

    name: str
    source: int
    in_force: Mapping[str, Any] | None
    version: int | None
    pending: Mapping[str, Any] | None = None
    pending_version: int | None = None
    proposed_by: str | None = None


_COLUMNS: Final = "name, source, in_force, in_force_version, pending, pending_version, proposed_by"


def stored_policies(database: Database) -> list[StoredPolicy]:
    """All stored policies, by name."""
    rows = database.read(f"SELECT {_COLUMNS} FROM access.policy ORDER BY name")
    return [StoredPolicy(*row) for row in rows]


def policy_of_source(connection: Connection, source: int, name: str) -> StoredPolicy | None:
    """The policy that a resource has made, or that has the name; it is locked."""
    rows = execute(
        connection,
        f"SELECT {_COLUMNS} FROM access.policy WHERE source = %s OR name = %s "
        "ORDER BY source = %s DESC FOR UPDATE",
        (source, name, source),
    )
    return StoredPolicy(*rows[0]) if rows else None


def id_of_source(database: Database, source: int) -> str | None:
    """The id of the resource with this key; None when it is deleted."""
    rows = database.read(
        f"SELECT id FROM {table('resource', 'Basic')} WHERE key = %s AND NOT deleted", (source,)
    )
    return rows[0][0] if rows else None


def put_policy(connection: Connection, policy: StoredPolicy) -> None:
    """Write a policy in the place of the one of its source."""
    drop_policy(connection, policy.source)
    execute(
        connection,
        f"INSERT INTO access.policy ({_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (
            policy.name,
            policy.source,
            _text(policy.in_force),
            policy.version,
            _text(policy.pending),
            policy.pending_version,
            policy.proposed_by,
        ),
    )


def drop_policy(connection: Connection, source: int) -> None:
    """Forget the policy of a resource."""
    execute(connection, "DELETE FROM access.policy WHERE source = %s", (source,))


def _text(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else json.dumps(value)


@dataclass(frozen=True, slots=True)
class Bearings:
    """Where somebody stands: addresses such as `Practitioner/1` and `Organization/2`."""

    me: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    patient: str | None = None
    proxied: tuple[str, ...] = ()


def bearings(database: Database, fhir_user: str | None, now: datetime) -> Bearings:
    """Who a user is: their posts, organizations and places, or the patients they stand for."""
    kind, _, id_ = (fhir_user or "").partition("/")
    match kind:
        case "Patient":
            return Bearings((f"Patient/{id_}",), patient=id_)
        case "Practitioner":
            return _practitioner(database, id_, now)
        case "PractitionerRole":
            post = _content(database, "PractitionerRole", id_)
            reference = _reference((post or {}).get("practitioner"))
            if reference and reference.startswith("Practitioner/"):
                return _practitioner(database, reference.partition("/")[2], now)
            return Bearings()
        case "RelatedPerson":
            person = _content(database, "RelatedPerson", id_)
            if person is None or not _is_current(person, now):
                return Bearings()
            patient = _reference(person.get("patient")) or ""
            proxied = (patient.partition("/")[2],) if patient.startswith("Patient/") else ()
            return Bearings((f"RelatedPerson/{id_}",), proxied=proxied)
        case _:
            return Bearings()


def _practitioner(database: Database, id_: str, now: datetime) -> Bearings:
    me = f"Practitioner/{id_}"
    rows = database.read(
        f"SELECT {COLUMNS} FROM {table('resource', 'PractitionerRole')} r "
        "WHERE r.elements @> ARRAY[%s::int8] AND NOT r.deleted ORDER BY r.id",
        (element("practitioner", f"r|{me}"),),
    )
    found = [(row[0], _resource("PractitionerRole", row)) for row in rows]
    posts = [(i, post) for i, post in found if _is_current(post, now)]
    units = [_reference(p.get("organization")) for _, p in posts]
    places = [_reference(place) for _, p in posts for place in p.get("location", ())]
    return Bearings(
        (me, *(f"PractitionerRole/{i}" for i, _ in posts)),
        tuple(dict.fromkeys(u for u in units if u and u.startswith("Organization/"))),
        _within(database, [p for p in places if p and p.startswith("Location/")]),
    )


def _within(database: Database, places: Sequence[str]) -> tuple[str, ...]:
    """The places, and all places that are part of them."""
    if not places:
        return ()
    location = table("resource", "Location")
    rows = database.read(
        f"WITH RECURSIVE below (self, id) AS ("
        f"SELECT self, id FROM {location} WHERE self = ANY(%s::int8[]) AND NOT deleted "
        f"UNION SELECT l.self, l.id FROM below JOIN {location} l "
        "ON l.elements @> ARRAY[below.self # %s::int8] AND NOT l.deleted) "
        "SELECT id FROM below ORDER BY id",
        ([reference_self(*p.split("/", 1)) for p in places], salt("partof")),
    )
    return tuple(dict.fromkeys([*places, *(f"Location/{i}" for (i,) in rows)]))


def _content(database: Database, resource_type: str, id_: str) -> dict[str, Any] | None:
    rows = database.read(
        f"SELECT {COLUMNS} FROM {table('resource', resource_type)} r "
        "WHERE r.self = %s AND r.id = %s AND NOT r.deleted",
        (reference_self(resource_type, id_), id_),
    )
    return _resource(resource_type, rows[0]) if rows else None


def _resource(resource_type: str, row: tuple[Any, ...]) -> dict[str, Any]:
    """The resource of a row of COLUMNS, also where it lies sealed."""
    content = version_of(resource_type, row).content
    return parse_object((content or "{}").encode())


def _reference(value: Any) -> str | None:
    """A reference to a resource here, without its version."""
    reference = (value or {}).get("reference") or ""
    parts = reference.partition("/_history/")[0].split("/")
    return "/".join(parts[-2:]) if len(parts) == 2 else None


def _is_current(resource: Mapping[str, Any], now: datetime) -> bool:
    if resource.get("active") is False:
        return False
    period = resource.get("period") or {}
    today = now.isoformat()
    start, end = period.get("start") or "", period.get("end") or ""
    return start[:10] <= today[:10] and (not end or today[:10] <= _last_day(end))


def _last_day(date: str) -> str:
    """The last day that a date of any precision may mean.

    >>> _last_day("2026-02"), _last_day("2026"), _last_day("2026-02-03T10:00:00Z")
    ('2026-02-31', '2026-12-31', '2026-02-03')
    """
    day = date[:10]
    return day + "0000-12-31"[len(day) :]
