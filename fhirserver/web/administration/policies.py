"""`/admin/policies` and `/admin/roles`: what is in force, what waits, and deciding about it.

Who approves says by its digest which proposal they have read: one that was changed meanwhile isn't
approved unseen. Proposing and approving are writes of Basic resources through the engine, as any
FHIR client's: the same rules hold, and the same is on record.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response

from fhirserver.access.policy import POWERS, Policy, json_of_policy, policy_of
from fhirserver.access.policy_resource import resource_of
from fhirserver.access.principal import Principal
from fhirserver.access.shipped import shipped_policies
from fhirserver.errors import Conflict, NotFound
from fhirserver.interactions.entitlements import policies_in_force
from fhirserver.interactions.messages import FhirRequest
from fhirserver.storage.policies import StoredPolicy, id_of_source, stored_policies
from fhirserver.web.administration.admission import (
    POLICY,
    Answer,
    Body,
    Desk,
    refuse_unknown,
    text_of,
)
from fhirserver.web.administration.trying_policies import trial
from fhirserver.web.origin import origin


def add_to(admin: Blueprint, desk: Desk) -> None:
    """Add these addresses."""

    @admin.get("/policies")
    def list_policies() -> Response:
        def act(_principal: Principal, _body: Body) -> Answer:
            stored = {s.name: s for s in stored_policies(desk.database)}
            names = sorted({*stored, *shipped_policies()})
            return {
                "policies": [_json(desk, n, stored.get(n)) for n in names],
                "needsApproval": desk.engine.context.settings.policies_need_approval,
                "powers": list(POWERS),
                "types": list(desk.engine.context.definitions.resource_types),
            }, 200

        return desk.serve("list-policies", act)

    @admin.get("/policies/<name>")
    def read_policy(name: str) -> Response:
        return desk.serve("read-policy", lambda _p, _b: (_policy(desk, name), 200))

    @admin.put("/policies/<name>")
    def propose_policy(name: str) -> Response:
        def act(principal: Principal, body: Body) -> Answer:
            wanted = policy_of({"status": "draft", **body, "name": name})
            _write(desk, principal, wanted)
            return _policy(desk, name), 200

        return desk.serve("propose-policy", act, about=POLICY)

    @admin.post("/policies/<name>/trial")
    def try_policy(name: str) -> Response:
        def act(principal: Principal, body: Body) -> Answer:
            desk.admit(principal, is_heavy=True)
            return trial(desk, name, body), 200

        return desk.serve("try-policy", act, about=POLICY)

    @admin.post("/policies/<name>/approve")
    def approve_policy(name: str) -> Response:
        def act(principal: Principal, body: Body) -> Answer:
            refuse_unknown(body, "proposal")
            pending = _pending(desk, name)
            if text_of(body, "proposal", "") != digest_of(pending):
                raise Conflict(
                    "proposal is the digest of what waits: this one has been changed, or not read"
                )
            _write(desk, principal, replace(policy_of(pending), status="active"))
            return _policy(desk, name), 200

        return desk.serve("approve-policy", act, about=POLICY)

    @admin.delete("/policies/<name>/proposal")
    def withdraw_policy(name: str) -> Response:
        def act(principal: Principal, _body: Body) -> Answer:
            _pending(desk, name)
            stored = _stored(desk, name)
            if stored is not None and stored.in_force is not None:
                _write(desk, principal, policy_of(stored.in_force))
            else:
                _delete(desk, principal, stored)
            return {"name": name}, 200

        return desk.serve("withdraw-policy", act, about=POLICY)

    @admin.get("/roles")
    def list_roles() -> Response:
        def act(_principal: Principal, _body: Body) -> Answer:
            found: dict[str, list[str]] = {}
            for policy in policies_in_force(desk.database).values():
                for role in sorted(policy.roles):
                    found.setdefault(role, []).append(policy.name)
            roles = [{"name": r, "policies": found[r]} for r in sorted(found) if r != "*"]
            return {"roles": roles, "ofEveryRole": found.get("*", [])}, 200

        return desk.serve("list-roles", act)


def _write(desk: Desk, principal: Principal, policy: Policy) -> None:
    resource = resource_of(policy)
    stored = _stored(desk, policy.name)
    id_ = None if stored is None else id_of_source(desk.database, stored.source)
    if id_ is None:
        resource = {k: v for k, v in resource.items() if k != "id"}
    else:
        resource = {**resource, "id": id_}
    desk.engine.handle(
        FhirRequest(
            "create" if id_ is None else "update",
            principal,
            type="Basic",
            id=id_,
            body=resource,
            origin=origin(),
        )
    )


def _delete(desk: Desk, principal: Principal, stored: StoredPolicy | None) -> None:
    id_ = None if stored is None else id_of_source(desk.database, stored.source)
    if id_ is not None:
        desk.engine.handle(FhirRequest("delete", principal, type="Basic", id=id_, origin=origin()))


def _pending(desk: Desk, name: str) -> Mapping[str, Any]:
    stored = _stored(desk, name)
    if stored is None or stored.pending is None:
        raise Conflict("nothing of this policy waits for approval")
    return stored.pending


def digest_of(pending: Mapping[str, Any]) -> str:
    """What tells a proposal from another one."""
    return hashlib.sha256(json.dumps(pending, sort_keys=True).encode()).hexdigest()[:32]


def _stored(desk: Desk, name: str) -> StoredPolicy | None:
    return next((s for s in stored_policies(desk.database) if s.name == name), None)


def _policy(desk: Desk, name: str) -> Mapping[str, Any]:
    stored = _stored(desk, name)
    if stored is None and name not in shipped_policies():
        raise NotFound("there is no such policy")
    return _json(desk, name, stored)


def _json(desk: Desk, name: str, stored: StoredPolicy | None) -> dict[str, Any]:
    shipped = shipped_policies().get(name)
    in_force = None if stored is None else stored.in_force
    if in_force is None and shipped is not None:
        in_force = json_of_policy(shipped)
    id_ = None if stored is None else id_of_source(desk.database, stored.source)
    return {
        "name": name,
        "isShipped": stored is None or stored.in_force is None,
        "resource": None if id_ is None else f"Basic/{id_}",
        "inForce": in_force,
        "pending": None if stored is None else stored.pending,
        "proposal": None if stored is None or stored.pending is None else digest_of(stored.pending),
        "proposedBy": None if stored is None else stored.proposed_by,
    }
