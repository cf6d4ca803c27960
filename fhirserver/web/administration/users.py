"""`/admin/users`: who may sign in and as what, and their sessions.

    GET /admin/users?text=ada&role=nurse&isActive=true&_count=100&after=ID
    GET /admin/users?id=ID,ID&fhirUser=Practitioner/1

The second names accounts, such as those of events in the audit trail.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from flask import Blueprint, Response, request

from fhirserver.access.labels import CLEARANCES
from fhirserver.access.principal import Principal
from fhirserver.errors import Forbidden, Invalid, NotFound
from fhirserver.storage import account_lists, credentials, sessions, users
from fhirserver.storage.account_lists import Wanted
from fhirserver.storage.sessions import Limits, Session
from fhirserver.storage.users import Account
from fhirserver.web.administration.admission import (
    ACCOUNT,
    Answer,
    Body,
    Desk,
    refuse_unknown,
    text_of,
    texts_of,
)

USUAL: Final = 100
MOST: Final = 500
_MEMBERS: Final = ("display", "fhirUser", "roles", "clearances", "isActive")


def add_to(admin: Blueprint, desk: Desk) -> None:
    """Add these addresses."""
    database = desk.database
    settings = desk.engine.context.settings
    limits = Limits(settings.session_idle_seconds, settings.session_absolute_seconds)

    @admin.get("/users")
    def list_users() -> Response:
        return desk.serve("list-users", lambda _p, _b: (_listed(desk, request.args), 200))

    @admin.get("/clearances")
    def list_clearances() -> Response:
        return desk.serve("list-clearances", lambda _p, _b: ({"clearances": [*CLEARANCES]}, 200))

    @admin.post("/users")
    def create_user() -> Response:
        return desk.serve(
            "create-user", lambda _p, body: (_json(_created(desk, body)), 201), about=ACCOUNT
        )

    @admin.get("/users/<user_id>")
    def read_user(user_id: str) -> Response:
        return desk.serve(
            "read-user", lambda _p, _b: (_json(desk.account(user_id)), 200), about=ACCOUNT
        )

    @admin.patch("/users/<user_id>")
    def change_user(user_id: str) -> Response:
        def act(principal: Principal, body: Body) -> Answer:
            return _json(_changed(desk, principal, user_id, body)), 200

        return desk.serve("change-user", act, about=ACCOUNT)

    @admin.get("/users/<user_id>/sessions")
    def list_sessions(user_id: str) -> Response:
        def act(_principal: Principal, _body: Body) -> Answer:
            found = sessions.sessions_of(database, desk.account(user_id).id, limits)
            return {"sessions": [_json_of_session(s) for s in found]}, 200

        return desk.serve("list-sessions", act, about=ACCOUNT)

    @admin.delete("/users/<user_id>/sessions")
    def end_sessions(user_id: str) -> Response:
        def act(_principal: Principal, _body: Body) -> Answer:
            return {"ended": sessions.end_all(database, desk.account(user_id).id)}, 200

        return desk.serve("end-sessions", act, about=ACCOUNT)

    @admin.delete("/users/<user_id>/sessions/<session_id>")
    def end_session(user_id: str, session_id: str) -> Response:
        def act(_principal: Principal, _body: Body) -> Answer:
            if not sessions.end(database, session_id, desk.account(user_id).id):
                raise NotFound("there is no such session")
            return {"ended": 1}, 200

        return desk.serve("end-session", act, about=ACCOUNT)


def _created(desk: Desk, body: Body) -> Account:
    refuse_unknown(body, "name", "password", *_MEMBERS[:-1])
    name, display = text_of(body, "name"), text_of(body, "display", "")
    password = body.get("password")
    hashed = None
    if password is not None:
        hashed = desk.password_hash(text_of(body, "password"), (name, display))
    account = users.add(
        desk.database,
        name,
        display=display,
        fhir_user=_fhir_user(body),
        roles=texts_of(body, "roles"),
        clearances=_clearances(body),
    )
    if hashed is not None:
        credentials.set_password(desk.database, account.id, hashed)
    return account


def _changed(desk: Desk, principal: Principal, user_id: str, body: Body) -> Account:
    refuse_unknown(body, *_MEMBERS, "updated")
    account = desk.account(user_id)
    if principal.user is not None and principal.user.id == account.id:
        raise Forbidden("nobody changes their own rights: another administrator has to")
    columns: dict[str, object] = {}
    if "display" in body:
        columns["display"] = text_of(body, "display")
    if "fhirUser" in body:
        columns["fhir_user"] = _fhir_user(body)
    if "roles" in body:
        columns["roles"] = sorted(texts_of(body, "roles"))
    if "clearances" in body:
        columns["clearances"] = sorted(_clearances(body))
    if "isActive" in body:
        is_active = body["isActive"]
        if not isinstance(is_active, bool):
            raise Invalid("isActive is true or false", expression="isActive")
        columns["is_active"] = is_active
    if not columns:
        raise Invalid(f"say what to change: {', '.join(_MEMBERS)}")
    users.change(desk.database, account.id, columns, as_read=_as_read(body))
    return desk.account(user_id)


def _as_read(body: Body) -> datetime | None:
    if body.get("updated") is None:
        return None
    try:
        return datetime.fromisoformat(text_of(body, "updated"))
    except ValueError as error:
        raise Invalid("updated is as it was read", expression="updated") from error


def _listed(desk: Desk, given: Mapping[str, str]) -> dict[str, Any]:
    count = given.get("_count", str(USUAL))
    if not count.isdecimal() or len(count) > 6:
        raise Invalid("_count is a number")
    states = {"true": True, "false": False, "": None}
    is_active = given.get("isActive", "")
    if is_active not in states:
        raise Invalid("isActive is true or false")
    wanted = Wanted(
        words=given.get("text", "").split(),
        role=given.get("role") or None,
        is_active=states[is_active],
        ids=[i for i in given.get("id", "").split(",") if i],
        people=[p for p in given.get("fhirUser", "").split(",") if p],
    )
    limit = min(max(int(count), 1), MOST)
    after = given.get("after") or None
    found = account_lists.accounts(desk.database, wanted, limit=limit + 1, after=after)
    shown = found[:limit]
    return {
        "users": [_json(u) for u in shown],
        # The id to go on after.
        **({"next": shown[-1].id} if len(found) > limit else {}),
    }


def _fhir_user(body: Body) -> str | None:
    return None if body.get("fhirUser") is None else text_of(body, "fhirUser")


def _clearances(body: Body) -> tuple[str, ...]:
    found = texts_of(body, "clearances")
    if unknown := [c for c in found if c not in CLEARANCES]:
        raise Invalid(f"{unknown[0][:40]!r} is none of {', '.join(CLEARANCES)}",
                      expression="clearances")  # fmt: skip
    return found


def _json(account: Account) -> dict[str, Any]:
    return {
        "id": account.id,
        "name": account.name,
        "display": account.display,
        "fhirUser": account.fhir_user,
        "roles": sorted(account.roles),
        "clearances": sorted(account.clearances),
        "isActive": account.is_active,
        "created": account.created.isoformat(),
        "updated": account.updated.isoformat(),
    }


def _json_of_session(session: Session) -> dict[str, Any]:
    return {
        "id": session.id,
        "methods": list(session.methods),
        "started": session.started.isoformat(),
        "seen": session.seen.isoformat(),
        "authenticated": session.authenticated.isoformat(),
        "address": session.address,
        "agent": session.agent,
    }
