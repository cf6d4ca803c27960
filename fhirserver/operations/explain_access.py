"""`$explain-access`: which rules permit or deny a user a right on a resource, in words.

For privacy officers and auditors. What the scopes of a token leave out isn't part of it: it is
about the person.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, cast, get_args

from fhirserver.access.access import EVERYTHING, NOTHING, Right
from fhirserver.access.compile import EXPLAIN_ACCESS, Applied, Compiler, Granted, Parts
from fhirserver.access.predicates import words_of
from fhirserver.access.principal import Principal, User
from fhirserver.access.scopes import Scope
from fhirserver.errors import Forbidden, Invalid, NotFound
from fhirserver.interactions.context import Context
from fhirserver.interactions.entitlements import Entitlements
from fhirserver.interactions.messages import FhirResponse
from fhirserver.interactions.operating.answers import answered
from fhirserver.interactions.operation import OURS, Call, Parameter, operation
from fhirserver.model.parameters import parameters, parts, value
from fhirserver.model.resource import Resource
from fhirserver.search.query import Condition
from fhirserver.search.types.reference import local
from fhirserver.storage import epoch
from fhirserver.storage.explaining import met_by
from fhirserver.storage.users import Account, user_by_id, user_by_name

_ALL: Final = (Scope("user", "*", frozenset("cruds")),)
_DOING: Final = {"c": "create", "r": "read", "u": "change", "d": "delete", "s": "find"}


@operation(
    "explain-access",
    definition=f"{OURS}/explain-access",
    levels=["system"],
    parameters=[
        Parameter("user", min=1),
        Parameter("resource", min=1),
        Parameter("right", "code"),
    ],
)
def explain_access(ctx: Context, call: Call) -> FhirResponse:
    _refuse_others(ctx)
    account = _account(ctx, call)
    resource_type, resource_id = _resource(ctx, call)
    right = _right(call)
    compiler = _compiler(ctx, account)
    found = compiler.parts(resource_type, right)
    steps = list(_steps(found))
    met = met_by(
        ctx.store.database,
        resource_type,
        resource_id,
        [found.condition, *(s.condition for s in steps)],
    )
    if met is None:
        raise NotFound(f"{resource_type}/{resource_id} doesn't exist")
    is_allowed, *holds = met
    if not account.is_active:
        is_allowed = False
    told = [s.told(is_so) for s, is_so in zip(steps, holds, strict=True)]
    what = f"{account.name} may{'' if is_allowed else ' not'} {_DOING[right]} this {resource_type}"
    because = _because(account, steps, holds, is_allowed=is_allowed)
    return answered(
        parameters(
            [
                value("allowed", "boolean", is_allowed),
                value("explanation", "string", f"{what}: {because}"),
                *told,
            ]
        )
    )


@dataclass(frozen=True, slots=True)
class _Step:
    """Something that was looked at."""

    kind: str
    condition: Condition
    text: str
    policy: str | None = None
    rule: str | None = None

    def told(self, holds: bool) -> Resource:
        return parts(
            "step",
            [
                value("kind", "code", self.kind),
                value("policy", "string", self.policy) if self.policy else None,
                value("rule", "string", self.rule) if self.rule else None,
                value("holds", "boolean", holds),
                value("text", "string", self.text),
            ],
        )


def _steps(found: Parts) -> Iterator[_Step]:
    for applied in found.permits:
        yield _of_rule("permit", applied)
    for applied in found.client_permits or ():
        yield _of_rule("client-permit", applied)
    for applied in found.denies:
        yield _of_rule("deny", applied)
    if found.labels != EVERYTHING:
        yield _Step("label", found.labels, "their clearances cover its security labels")
    if found.very_restricted != EVERYTHING:
        yield _Step(
            "very-restricted", found.very_restricted, "it isn't labelled V, or a consent names them"
        )
    if found.consent != EVERYTHING:
        yield _Step("consent", found.consent, "no consent of the patient keeps it from them")
    if found.own != NOTHING:
        yield _Step("own", found.own, "it is in their own record, whatever consent and labels say")
    if found.broken_glass != NOTHING:
        yield _Step(
            "emergency", found.broken_glass, "they have broken the glass, and the time isn't over"
        )


def _of_rule(kind: str, applied: Applied) -> _Step:
    rule, policy = applied.rule, applied.policy
    text = f"{rule.effect} when {words_of(rule.where)}"
    return _Step(kind, applied.condition, text, policy.name, rule.name or None)


def _because(account: Account, steps: list[_Step], holds: list[bool], *, is_allowed: bool) -> str:
    so = {n for n, h in enumerate(holds) if h}
    permits = [s for n, s in enumerate(steps) if s.kind == "permit" and n in so]
    if is_allowed:
        return f"the policy {permits[0].policy} permits it ({permits[0].text})"
    if not account.is_active:
        return "the account is disabled"
    denies = [s for n, s in enumerate(steps) if s.kind == "deny" and n in so]
    if denies:
        return f"the policy {denies[0].policy} denies it ({denies[0].text})"
    if not permits:
        return "no rule of their policies permits it"
    missing = [
        s for n, s in enumerate(steps)
        if n not in so and s.kind in ("label", "very-restricted", "consent")
    ]  # fmt: skip
    return f"it isn't so that {missing[0].text}" if missing else "no rule permits it"


def _refuse_others(ctx: Context) -> None:
    guard = ctx.store.guard
    if isinstance(guard, Granted) and EXPLAIN_ACCESS not in guard.powers:
        raise Forbidden("$explain-access is for privacy officers and auditors")
    if not isinstance(guard, Granted) and guard.condition("AuditEvent", "r") != EVERYTHING:
        raise Forbidden("$explain-access takes a token that may read what is on record of all")


def _account(ctx: Context, call: Call) -> Account:
    name = call.inputs.text("user") or ""
    found = user_by_id(ctx.store.database, name) or user_by_name(ctx.store.database, name)
    if found is None:
        raise NotFound("there is no such user")
    return found


def _resource(ctx: Context, call: Call) -> tuple[str, str]:
    found = local(call.inputs.text("resource") or "", ctx.site)
    if found is None or not ctx.definitions.is_resource(found[0]):
        raise Invalid("resource is an address such as Observation/1",
                      expression=call.inputs.place("resource"))  # fmt: skip
    return found


def _right(call: Call) -> Right:
    right = call.inputs.text("right") or "r"
    if right not in get_args(Right):
        raise Invalid("right is c, r, u, d or s", expression=call.inputs.place("right"))
    return cast("Right", right)


def _compiler(ctx: Context, account: Account) -> Compiler:
    user = User(account.id, account.name, account.fhir_user, account.roles, account.clearances)
    principal = Principal(account.name, _ALL, user=user)
    database = ctx.store.database
    entitlements = Entitlements(database, ctx.added, ctx.site)
    caller = entitlements.caller(principal, epoch.current(database))
    return Compiler(caller, ctx.parameters, ctx.site)
