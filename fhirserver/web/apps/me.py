"""`/apps/me.json`: who has signed in, so that an app greets them and lists their apps."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, jsonify, request

from fhirserver.access.principal import Principal
from fhirserver.errors import Forbidden
from fhirserver.storage.database import Database
from fhirserver.storage.users import user_by_id

PrincipalOf = Callable[[str | None], Principal]
"""Whose request it is, by its Authorization header."""


def blueprint(database: Database, principal_of: PrincipalOf) -> Blueprint:
    """`GET /apps/me.json`: `{"id": …, "name": …, "fhirUser": …, "roles": […]}`.

    It says nothing about rights: those are the policies'. Raises errors.Unauthorized without a
    token, and errors.Forbidden for one that is nobody's.
    """
    pages = Blueprint("apps_me", __name__)

    @pages.get("/apps/me.json")
    def me() -> Response:
        request.environ["fhirserver.interaction"] = "apps"
        user = principal_of(request.headers.get("Authorization")).user
        account = None if user is None else user_by_id(database, user.id)
        if user is None or account is None:
            raise Forbidden("this token is of a service: sign in as a person")
        return jsonify(
            {
                "id": account.id,
                "name": account.display,
                "fhirUser": user.fhir_user,
                "roles": sorted(user.roles),
            }
        )

    return pages
