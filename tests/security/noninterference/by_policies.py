"""A caller's rules as an access policy, compiled by the server: the other way to conditions."""

from __future__ import annotations

from fhirserver.access import compile as compiling
from fhirserver.access.access import EVERYTHING, Access
from fhirserver.access.actor import Actor
from fhirserver.access.compile import Compiler
from fhirserver.access.policy import policy_of
from fhirserver.access.principal import Principal, Scope
from fhirserver.engine import Engine
from tests.security.noninterference.evaluator import Caller


def can_be_policy(caller: Caller) -> bool:
    """Whether the rules say nothing of consents, which aren't a policy's matter, nor of groups.

    To a policy a Group is nobody's, whoever is its first member.
    """
    about_groups = any("Group" in rule["types"] for rule in caller.rules)
    return "consent denies" not in str(caller.rules) and not about_groups


def principal(caller: Caller, engine: Engine) -> Principal:
    """A client with these rules as its policy. Without a user, labels are the rules' own matter."""
    policy = policy_of({"name": "suite", "roles": ["suite"], "rules": list(caller.rules)})
    actor = Actor(me=caller.me, units=caller.units, patient=caller.patient)
    known = compiling.Caller((policy,), lambda kind, right: EVERYTHING, None, actor)
    compiler = Compiler(known, engine.context.parameters, engine.context.site)
    scopes = (Scope("user", "*", frozenset("cruds")),)
    return Principal(caller.name, scopes, given_access=Access(compiler.allowed))
