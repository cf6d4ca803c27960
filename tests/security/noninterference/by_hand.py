"""A caller's rules as conditions on rows, put together by hand: what storage is to obey."""

from __future__ import annotations

from typing import Any

from fhirserver.access.access import EVERYTHING, Access, Allowed, Right
from fhirserver.access.principal import Principal, Scope
from fhirserver.search.folding import fold_code
from fhirserver.search.hashing import element, reference_self, salt
from fhirserver.search.query import (
    And,
    AnyElement,
    CaredFor,
    Condition,
    ConsentDenies,
    Ids,
    InUnits,
    Labelled,
    Not,
    Or,
    OwnedBy,
    Selves,
    Shared,
    Unowned,
)
from tests.security.noninterference.evaluator import Caller, Judge
from tests.security.noninterference.parameters import PARAMETERS

PURPOSE = "TREAT"


def principal(caller: Caller) -> Principal:
    """A signed-in user with these rules."""
    scopes = (Scope("user", "*", frozenset("cruds")),)
    return Principal(caller.name, scopes, given_access=Access(lambda t, r: _allowed(caller, t, r)))


def _allowed(caller: Caller, kind: str, right: Right) -> Allowed | None:
    if not Judge(caller).has(right, kind):
        return None
    about = [r for r in caller.rules if right in r["rights"] and _is_about(r, kind)]
    permits = [_condition(caller, r["where"], kind) for r in about if r["effect"] == "permit"]
    denials = [Not(_condition(caller, r["where"], kind)) for r in about if r["effect"] == "deny"]
    if EVERYTHING in permits and not denials:
        return Allowed()
    return Allowed(And((Or(tuple(permits)), *denials)))


def _is_about(rule: Any, kind: str) -> bool:
    return kind in rule["types"] or "*" in rule["types"]


def selves(addresses: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(reference_self(*a.split("/")) for a in addresses)


def label(text: str) -> int:
    """The digest of a label that is written SYSTEM|CODE."""
    system, _, code = text.rpartition("|")
    return element("_security", f"s|{system}|{fold_code(code)}")


def _condition(caller: Caller, predicate: dict[str, Any], kind: str) -> Condition:
    (key, value), *more = predicate.items()
    match key:
        case "everything":
            return And(())
        case "own":
            owner = caller.patient
            return Or(()) if owner is None else OwnedBy(reference_self("Patient", owner))
        case "self":
            return Selves(selves(caller.me))
        case "care":
            return CaredFor(selves((*caller.me, *caller.units)), tuple(value))
        case "shared":
            return Shared(selves(caller.me))
        case "unit":
            return InUnits(selves(caller.units))
        case "refers":
            to = dict(more).get("to", "me")
            named = {"me": caller.me, "units": caller.units}.get(to, (*caller.me, *caller.units))
            known = [code for code in value if code in PARAMETERS[kind]]
            return AnyElement(tuple(s ^ salt(code) for code in known for s in selves(named)))
        case "search":
            return And(tuple(_searched(*pair.split("=", 1)) for pair in value.split("&")))
        case "labels":
            return Labelled(tuple(label(v) for v in value))
        case "unowned":
            return Unowned()
        case "ids":
            return Ids(tuple(value))
        case "all":
            return And(tuple(_condition(caller, p, kind) for p in value))
        case "any":
            return Or(tuple(_condition(caller, p, kind) for p in value))
        case "not":
            return Not(_condition(caller, value, kind))
        case "consent denies":
            return ConsentDenies(selves((*caller.me, *caller.units)), PURPOSE)
    raise ValueError(key)


def _searched(key: str, value: str) -> Condition:
    code, _, modifier = key.partition(":")
    system, bar, wanted = value.rpartition("|")
    spelling = f"s|{system}|{fold_code(wanted)}" if bar else f"c|{fold_code(wanted)}"
    found = AnyElement((element(code, spelling),))
    return Not(found) if modifier == "not" else found
