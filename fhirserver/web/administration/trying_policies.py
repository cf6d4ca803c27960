"""`POST /admin/policies/NAME/trial`: what a policy would change, before anybody proposes it.

    {"policy": {"roles": ["nurse"], "rules": [...]}, "user": "ID"}

It says whom the policy is for, and of a user which rights on which types would change, and how many
resources they would find.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, get_args

from fhirserver.access.access import Access, Right
from fhirserver.access.checking import check_policy
from fhirserver.access.policy import Policy, policy_of
from fhirserver.access.principal import Principal, User
from fhirserver.access.scopes import Scope
from fhirserver.errors import Invalid
from fhirserver.interactions.entitlements import EVERY_ROLE, policies_in_force
from fhirserver.interactions.interaction import interactions
from fhirserver.interactions.messages import FhirRequest
from fhirserver.model import json
from fhirserver.storage import account_lists
from fhirserver.storage.account_lists import Wanted
from fhirserver.storage.users import Account
from fhirserver.web.administration.admission import Body, Desk, refuse_unknown, text_of

MOST_TYPES: Final = 40
"""Types of which resources are counted."""
MOST_ACCOUNTS: Final = 1_000
_COUNT: Final = (("_summary", "count"),)
_EVERYTHING: Final = (Scope("user", "*", frozenset("cruds")),)


def trial(desk: Desk, name: str, body: Body) -> Mapping[str, Any]:
    """What would change. Raises Invalid and Unprocessable for a policy that can't be used."""
    refuse_unknown(body, "policy", "user")
    wanted = _wanted(desk, name, body.get("policy"))
    user = None if body.get("user") is None else text_of(body, "user")
    return {"accounts": _count_of_accounts(desk, wanted), **(_for(desk, wanted, user) or {})}


def _wanted(desk: Desk, name: str, given: object) -> Policy:
    if not isinstance(given, Mapping):
        raise Invalid("policy is a JSON object", expression="policy")
    wanted = policy_of({**given, "name": name, "status": "active"})
    context = desk.engine.context
    check_policy(wanted, context.parameters, context.site)
    return wanted


def _count_of_accounts(desk: Desk, wanted: Policy) -> int:
    """How many people it is for, or was for; at most a thousand of a role are counted."""
    before = policies_in_force(desk.database).get(wanted.name)
    roles = wanted.roles | (frozenset() if before is None else before.roles)
    asked = [None] if EVERY_ROLE in roles else sorted(roles)
    found = {
        account.id
        for role in asked
        for account in account_lists.accounts(
            desk.database, Wanted(role=role, is_active=True), limit=MOST_ACCOUNTS
        )
    }
    return len(found)


def _for(desk: Desk, wanted: Policy, user: str | None) -> Mapping[str, Any] | None:
    if user is None:
        return None
    principal = _principal(desk.account(user))
    before, after = desk.engine.entitled(principal), desk.engine.entitled(principal, wanted)
    changed = [
        t
        for t in sorted(desk.engine.context.definitions.resource_types)
        if _told(before.access, t) != _told(after.access, t)
    ]
    return {
        "types": [
            {
                "type": t,
                "before": {"rights": _rights(before.access, t), "count": _count(desk, before, t)},
                "after": {"rights": _rights(after.access, t), "count": _count(desk, after, t)},
            }
            for t in changed[:MOST_TYPES]
        ],
        "isCut": len(changed) > MOST_TYPES,
    }


def _principal(account: Account) -> Principal:
    user = User(account.id, account.name, account.fhir_user, account.roles, account.clearances)
    return Principal(account.name, _EVERYTHING, user=user)


def _told(access: Access, resource_type: str) -> tuple[object, ...]:
    """All that the rights on a type come to."""
    return tuple(access.allowed(resource_type, right) for right in get_args(Right))


def _rights(access: Access, resource_type: str) -> str:
    return "".join(r for r in get_args(Right) if access.allowed(resource_type, r) is not None)


def _count(desk: Desk, principal: Principal, resource_type: str) -> int:
    """How many resources somebody finds; beside the door, as nobody looks at any of them."""
    if principal.access.allowed(resource_type, "s") is None:
        return 0
    request = FhirRequest("search-type", principal, type=resource_type, query=_COUNT)
    answer = interactions["search-type"](desk.engine.seen_by(principal), request)
    return int(json.parse_object(answer.content or b"{}").get("total", 0))
