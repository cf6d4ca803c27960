"""An access policy: who it holds for, and its rules, as data.

The compact JSON below is what people review (`profiles/policies/`); policy_resource.py makes a FHIR
resource of it and back.

    {"name": "nurse", "title": "Nurse", "status": "active",
     "roles": ["nurse"], "clients": [], "powers": ["break-glass"],
     "rules": [{"name": "Patients of the unit", "effect": "permit", "types": ["Patient"],
                "rights": "rsu", "where": {"care": ["unit"]}, "changes": ["telecom"]}]}
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from fhirserver.access.predicates import EVERYTHING, Predicate, json_of, predicate_of
from fhirserver.errors import Invalid

POWERS: Final = (
    "administer",
    "approve-export",
    "break-glass",
    "explain-access",
    "operate-interfaces",
)
"""What isn't a right on rows: to administer users and policies, to approve a bulk export, to break
the glass, and to ask why somebody sees something."""
ALL_TYPES: Final = "*"
PATIENTS: Final = "Patient/*"
"""In `types`: every type of the patient compartment."""
RIGHTS: Final = "cruds"
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,58}")


@dataclass(frozen=True, slots=True)
class Rule:
    """What is permitted or denied.

    `hidden`, `changes`, `readonly` are top-level elements: not shown, the only ones that may be
    changed (empty: all), never to be changed. `constraints` are FHIRPath with %before and %after.
    """

    types: tuple[str, ...]
    rights: frozenset[str]
    where: Predicate = EVERYTHING
    effect: Literal["permit", "deny"] = "permit"
    name: str = ""
    hidden: tuple[str, ...] = ()
    readonly: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()

    def is_about(self, resource_type: str, right: str, in_compartment: bool) -> bool:
        """Whether a right on a type is the rule's matter; `in_compartment`: of patients."""
        return right in self.rights and (
            resource_type in self.types
            or ALL_TYPES in self.types
            or (in_compartment and PATIENTS in self.types)
        )


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules for those who have one of the roles (`*`: any), or who use one of the clients."""

    name: str
    rules: tuple[Rule, ...] = ()
    roles: frozenset[str] = frozenset()
    clients: frozenset[str] = frozenset()
    powers: frozenset[str] = frozenset()
    title: str = ""
    description: str = ""
    status: Literal["active", "draft"] = "active"
    version: str = field(default="", compare=False)


_POLICY_MEMBERS: Final = frozenset(
    ["name", "title", "description", "status", "roles", "clients", "powers", "rules"]
)
_RULE_MEMBERS: Final = frozenset(
    ["name", "effect", "types", "rights", "where", "hidden", "readonly", "changes", "constraints"]
)


def policy_of(value: Any, place: str = "policy") -> Policy:
    """The policy of its JSON. Raises Invalid, with the place, for what can't be used."""
    if not isinstance(value, Mapping):
        raise Invalid("a policy is an object", expression=place)
    _refuse_unknown(value, _POLICY_MEMBERS, place)
    name = value.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise Invalid("a policy's name is lower case letters, digits and hyphens",
                      expression=f"{place}.name")  # fmt: skip
    status = value.get("status", "active")
    if status not in ("active", "draft"):
        raise Invalid("status is active or draft", expression=f"{place}.status")
    powers = _texts(value, "powers", place)
    for power in powers:
        if power not in POWERS:
            raise Invalid(f"a power is one of {', '.join(POWERS)}", expression=f"{place}.powers")
    rules = value.get("rules", [])
    if not isinstance(rules, Sequence) or isinstance(rules, str):
        raise Invalid("rules are a list", expression=f"{place}.rules")
    roles, clients = _texts(value, "roles", place), _texts(value, "clients", place)
    if not roles and not clients:
        raise Invalid("a policy is for at least one role or client", expression=f"{place}.roles")
    return Policy(
        name,
        tuple(_rule(r, f"{place}.rules[{n}]") for n, r in enumerate(rules)),
        frozenset(roles),
        frozenset(clients),
        frozenset(powers),
        _text(value, "title", place),
        _text(value, "description", place),
        status,
    )


def _rule(value: Any, place: str) -> Rule:
    if not isinstance(value, Mapping):
        raise Invalid("a rule is an object", expression=place)
    _refuse_unknown(value, _RULE_MEMBERS, place)
    effect = value.get("effect", "permit")
    if effect not in ("permit", "deny"):
        raise Invalid("effect is permit or deny", expression=f"{place}.effect")
    rights = value.get("rights")
    if not isinstance(rights, str) or not rights or not set(rights) <= set(RIGHTS):
        raise Invalid(f"rights are letters of {RIGHTS}", expression=f"{place}.rights")
    types = _texts(value, "types", place)
    if not types:
        raise Invalid("a rule names at least one type", expression=f"{place}.types")
    where = value.get("where")
    made = Rule(
        types,
        frozenset(rights),
        EVERYTHING if where is None else predicate_of(where, f"{place}.where"),
        effect,
        _text(value, "name", place),
        **{m: _texts(value, m, place) for m in ("hidden", "readonly", "changes", "constraints")},
    )
    if made.effect == "deny" and (made.hidden or made.readonly or made.changes or made.constraints):
        raise Invalid("a rule that denies has no hidden, readonly, changes or constraints",
                      expression=place)  # fmt: skip
    return made


def json_of_policy(policy: Policy) -> dict[str, Any]:
    """The JSON of a policy: `policy_of` makes the same of it."""
    return {
        "name": policy.name,
        **({"title": policy.title} if policy.title else {}),
        **({"description": policy.description} if policy.description else {}),
        "status": policy.status,
        **_lists(policy, "roles", "clients", "powers"),
        "rules": [_json_of_rule(r) for r in policy.rules],
    }


def _json_of_rule(rule: Rule) -> dict[str, Any]:
    where = {} if rule.where == EVERYTHING else {"where": json_of(rule.where)}
    return {
        **({"name": rule.name} if rule.name else {}),
        "effect": rule.effect,
        "types": list(rule.types),
        "rights": "".join(r for r in RIGHTS if r in rule.rights),
        **where,
        **{
            member: list(getattr(rule, member))
            for member in ("hidden", "readonly", "changes", "constraints")
            if getattr(rule, member)
        },
    }


def _lists(policy: Policy, *members: str) -> dict[str, list[str]]:
    return {m: sorted(getattr(policy, m)) for m in members if getattr(policy, m)}


def _refuse_unknown(value: Mapping[str, Any], known: frozenset[str], place: str) -> None:
    if unknown := sorted(set(value) - known):
        raise Invalid(f"{unknown[0][:40]!r} is none of {', '.join(sorted(known))}",
                      expression=place)  # fmt: skip


def _text(value: Mapping[str, Any], member: str, place: str) -> str:
    found = value.get(member, "")
    if not isinstance(found, str):
        raise Invalid("a text is needed", expression=f"{place}.{member}")
    return found


def _texts(value: Mapping[str, Any], member: str, place: str) -> tuple[str, ...]:
    found = value.get(member, ())
    if (
        not isinstance(found, Sequence)
        or isinstance(found, str)
        or not all(isinstance(v, str) and v for v in found)
    ):
        raise Invalid("a list of texts is needed", expression=f"{place}.{member}")
    return tuple(found)
