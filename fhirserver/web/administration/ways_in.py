"""`/admin/users/ID/factors`, `/password` and `/pause`: help for who has lost a way to sign in."""

from __future__ import annotations

from flask import Blueprint, Response

from fhirserver.access.principal import Principal
from fhirserver.errors import Forbidden
from fhirserver.storage import credentials, recovery_codes, second_factors
from fhirserver.storage.users import Account
from fhirserver.web.administration.admission import (
    ACCOUNT,
    Answer,
    Body,
    Desk,
    refuse_unknown,
    text_of,
)


def add_to(admin: Blueprint, desk: Desk) -> None:
    """Add these addresses."""
    database = desk.database

    @admin.get("/users/<user_id>/factors")
    def list_factors(user_id: str) -> Response:
        def act(_principal: Principal, _body: Body) -> Answer:
            account = desk.account(user_id)
            paused = desk.clerk.paused_until(account)
            return {
                "hasPassword": credentials.password_hash(database, account.id) is not None,
                "pausedUntil": None if paused is None else paused.isoformat(),
                "recoveryCodesLeft": recovery_codes.left(database, account.id),
                "factors": [
                    {
                        "kind": f.kind,
                        "label": f.label,
                        "created": f.created.isoformat(),
                        "used": None if f.used is None else f.used.isoformat(),
                    }
                    for f in second_factors.second_factors(database, account.id)
                ],
            }, 200

        return desk.serve("list-factors", act, about=ACCOUNT)

    @admin.delete("/users/<user_id>/factors")
    def forget_factors(user_id: str) -> Response:
        def act(principal: Principal, _body: Body) -> Answer:
            account = _other(desk, principal, user_id)
            return {"removed": second_factors.forget(database, account.id)}, 200

        return desk.serve("reset-factors", act, about=ACCOUNT)

    @admin.delete("/users/<user_id>/pause")
    def end_pause(user_id: str) -> Response:
        """Let somebody try to sign in again who has failed too often."""

        def act(principal: Principal, _body: Body) -> Answer:
            # Who guesses their own password with a token of theirs would begin anew each time.
            account = _other(desk, principal, user_id)
            was = desk.clerk.paused_until(account) is not None
            desk.clerk.end_pause(account)
            return {"wasPaused": was}, 200

        return desk.serve("end-pause", act, about=ACCOUNT)

    @admin.put("/users/<user_id>/password")
    def set_password(user_id: str) -> Response:
        def act(principal: Principal, body: Body) -> Answer:
            refuse_unknown(body, "password")
            account = _other(desk, principal, user_id)
            hashed = desk.password_hash(text_of(body, "password"), (account.name, account.display))
            credentials.set_password(database, account.id, hashed)
            return {"id": account.id}, 200

        return desk.serve("set-password", act, about=ACCOUNT)


def _other(desk: Desk, principal: Principal, user_id: str) -> Account:
    """A user who isn't the caller: their own ways in they change as their account says."""
    account = desk.account(user_id)
    if principal.user is not None and principal.user.id == account.id:
        raise Forbidden("your own ways to sign in are changed at /account")
    return account
