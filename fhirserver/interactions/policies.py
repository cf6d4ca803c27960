"""Access policies that are written take effect: with the transaction that writes them.

Four eyes: a user proposes a policy as a draft, and another user approves it by writing it as
active. What is in force stays in force until then. A token that speaks for a system (the operator's
command line) needs no second pair of eyes, nor does anybody when FHIRSERVER_POLICIES_NEED_APPROVAL
is false.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fhirserver.access.access import Access
from fhirserver.access.checking import check_policy
from fhirserver.access.compile import Granted
from fhirserver.access.policy import Policy, json_of_policy
from fhirserver.access.policy_resource import is_policy, placed, policy_of_resource
from fhirserver.errors import Conflict, FhirError, Forbidden
from fhirserver.interactions.context import Context
from fhirserver.interactions.intents import Intent
from fhirserver.storage import epoch
from fhirserver.storage.database import Connection
from fhirserver.storage.policies import StoredPolicy, drop_policy, policy_of_source, put_policy
from fhirserver.storage.rows import NewVersion

ADMINISTER = "administer"


def put_policies_in_force(
    ctx: Context, connection: Connection, written: Sequence[tuple[Intent, NewVersion]]
) -> None:
    """Let these versions of Basic count, as far as they are policies."""
    for intent, version in written:
        resource = intent.resource if version.content is not None else None
        try:
            _put(ctx, connection, resource, version)
        except FhirError as error:
            if not intent.place:
                raise
            raise error.inside(f"{intent.place}.resource") from error


def _put(
    ctx: Context, connection: Connection, resource: dict[str, Any] | None, version: NewVersion
) -> None:
    wanted = _wanted(ctx, resource)
    held = policy_of_source(connection, version.key, wanted.name if wanted else "")
    if wanted is None:
        if held is not None:
            _take_away(ctx, connection, held)
        return
    _refuse_others(ctx)
    if held is not None and held.source != version.key:
        raise Conflict(f"another resource is the policy {wanted.name!r} already: change that one")
    content = json_of_policy(wanted)
    in_force = None if held is None else held.in_force
    put_policy(
        connection,
        StoredPolicy(
            wanted.name,
            version.key,
            in_force,
            None if held is None else held.version,
            content,
            version.version,
            _user(ctx),
        )
        if wanted.status == "draft"
        else _approved(ctx, held, content, wanted.name, version),
    )
    epoch.bump(connection)


def _wanted(ctx: Context, resource: dict[str, Any] | None) -> Policy | None:
    if resource is None or not is_policy(resource):
        return None
    policy = policy_of_resource(resource)
    try:
        check_policy(policy, ctx.parameters, ctx.site)
    except FhirError as error:
        raise placed(error, resource) from error
    return policy


def _approved(
    ctx: Context,
    held: StoredPolicy | None,
    content: dict[str, Any],
    name: str,
    version: NewVersion,
) -> StoredPolicy:
    """The policy in force with this content, if a second user agrees."""
    is_same = held is not None and held.in_force == content
    if _needs_approval(ctx) and not is_same:
        pending = None if held is None else held.pending
        if pending is None or {**pending, "status": "active"} != content:
            raise Forbidden(
                "a policy is proposed first, with the status draft; it becomes active when "
                "another administrator writes the same with the status active"
            )
        if held is not None and held.proposed_by == _user(ctx):
            raise Forbidden("you have proposed this policy: another administrator approves it")
    return StoredPolicy(name, version.key, content, version.version)


def _take_away(ctx: Context, connection: Connection, held: StoredPolicy) -> None:
    _refuse_others(ctx)
    if _needs_approval(ctx) and held.in_force is not None:
        raise Forbidden(
            "a policy that is in force isn't deleted: propose it with no rules, and have it "
            "approved"
        )
    drop_policy(connection, held.source)
    epoch.bump(connection)


def _refuse_others(ctx: Context) -> None:
    guard = ctx.store.guard
    if isinstance(guard, Granted) and ADMINISTER not in guard.powers:
        raise Forbidden("only those who administer access may write access policies")
    if isinstance(guard, Access) and not isinstance(guard, Granted) and not _is_operator(guard):
        raise Forbidden("access policies take a token that may change every type")


def _is_operator(guard: Access) -> bool:
    """Whether a token that names nobody may do everything, as the operator's may."""
    return all(guard.allowed(t, r) is not None for t in ("Basic", "Patient") for r in ("u", "d"))


def _needs_approval(ctx: Context) -> bool:
    return ctx.settings.policies_need_approval and _user(ctx) is not None


def _user(ctx: Context) -> str | None:
    guard = ctx.store.guard
    user = guard.caller.user if isinstance(guard, Granted) else None
    return None if user is None else user.id
