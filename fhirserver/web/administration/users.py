"""`/admin/users`: who may sign in and as what, and their sessions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from flask import Blueprint, Response

from fhirserver.access.labels import CLEARANCES
from fhirserver.access.principal import Principal
from fhirserver.errors import Forbidden, Invalid, NotFound
from fhirserver.storage import credentials, sessions, users
from fhirserver.storage.sessions import Limits, Session
from fhirserver.storage.users import Account
from fhirserver.web.administration.admission import (
    Answer,
    Body,
    Desk,
    refuse_unknown,
    text_of,
    texts_of,
)

_MEMBERS: Final = ("display", "fhirUser", "roles", "clearances", "isActive")


def add_to(admin: Blueprint, desk: Desk) -> None:
    """Add these addresses."""
    database = desk.database
    settings = desk.engine.context.settings
    limits = Limits(settings.session_idle_seconds, settings.session_absolute_seconds)

    @admin.get("/users")
    def list_users() -> Response:
        return desk.serve(
            "list-users", lambda _p, _b: ({"users": [_json(u) for u in users.users(database)]}, 200)
        )

    @admin.post("/users")
    def create_user() -> Response:
        return desk.serve("create-user", lambda _p, body: (_json(_created(desk, body)), 201))

    @admin.get("/users/<user_id>")
    def read_user(user_id: str) -> Response:
        return desk.serve("read-user", lambda _p, _b: (_json(_user(desk, user_id)), 200))

    @admin.patch("/users/<user_id>")
    def change_user(user_id: str) -> Response:
        def act(principal: Principal, body: Body) -> Answer:
            return _json(_changed(desk, principal, user_id, body)), 200

        return desk.serve("change-user", act)

    @admin.get("/users/<user_id>/sessions")
    def list_sessions(user_id: str) -> Response:
        def act(_principal: Principal, _body: Body) -> Answer:
            found = sessions.sessions_of(database, _user(desk, user_id).id, limits)
            return {"sessions": [_json_of_session(s) for s in found]}, 200

        return desk.serve("list-sessions", act)

    @admin.delete("/users/<user_id>/sessions")
    def end_sessions(user_id: str) -> Response:
        def act(_principal: Principal, _body: Body) -> Answer:
            return {"ended": sessions.end_all(database, _user(desk, user_id).id)}, 200

        return desk.serve("end-sessions", act)

    @admin.delete("/users/<user_id>/sessions/<session_id>")
    def end_session(user_id: str, session_id: str) -> Response:
        def act(_principal: Principal, _body: Body) -> Answer:
            if not sessions.end(database, session_id, _user(desk, user_id).id):
                raise NotFound("there is no such session")
            return {"ended": 1}, 200

        return desk.serve("end-session", act)


def _user(desk: Desk, user_id: str) -> Account:
    found = users.user_by_id(desk.database, user_id)
    if found is None:
        raise NotFound("there is no such user")
    return found


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
    refuse_unknown(body, *_MEMBERS)
    account = _user(desk, user_id)
    if principal.user is not None and principal.user.id == account.id:
        raise Forbidden("nobody changes their own rights: another administrator has to")
    database = desk.database
    changes: list[Callable[[], object]] = []
    if "display" in body or "fhirUser" in body:
        display = text_of(body, "display", account.display)
        who = _fhir_user(body) if "fhirUser" in body else account.fhir_user
        changes.append(lambda: users.set_person(database, account.id, display, who))
    if "roles" in body:
        roles = texts_of(body, "roles")
        changes.append(lambda: users.set_roles(database, account.id, roles))
    if "clearances" in body:
        clearances = _clearances(body)
        changes.append(lambda: users.set_clearances(database, account.id, clearances))
    if "isActive" in body:
        is_active = body["isActive"]
        if not isinstance(is_active, bool):
            raise Invalid("isActive is true or false", expression="isActive")
        changes.append(lambda: users.set_active(database, account.id, is_active=is_active))
    # All has been understood before anything is changed.
    for change in changes:
        change()
    return _user(desk, user_id)


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
