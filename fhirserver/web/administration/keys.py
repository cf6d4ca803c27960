"""`/admin/keys`: which keys there are, by their public halves and states."""

from __future__ import annotations

from flask import Blueprint, Response

from fhirserver.access.principal import Principal
from fhirserver.storage.keys import KeyTables
from fhirserver.storage.signing_keys import signing_keys
from fhirserver.web.administration.admission import Answer, Body, Desk


def add_to(admin: Blueprint, desk: Desk) -> None:
    """Add this address."""

    @admin.get("/keys")
    def list_keys() -> Response:
        def act(_principal: Principal, _body: Body) -> Answer:
            wrapping = KeyTables(desk.database).wrapping_keys()
            return {
                "signing": [k.public for k in signing_keys(desk.database)],
                "wrapping": [
                    {"id": str(k.id), "provider": k.provider, "version": k.wrapped.version}
                    for k in wrapping
                ],
            }, 200

        return desk.serve("list-keys", act)
