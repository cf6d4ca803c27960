"""`/admin/keys`: which keys there are, by their public halves and states; a new signing key.

Master keys are changed on the command line only: a server that is broken into can't do it.
"""

from __future__ import annotations

from flask import Blueprint, Response

from fhirserver.access.principal import Principal
from fhirserver.errors import Invalid
from fhirserver.storage.keys import KeyTables
from fhirserver.storage.signing_keys import signing_keys
from fhirserver.web.administration.admission import Answer, Body, Desk, refuse_unknown


def add_to(admin: Blueprint, desk: Desk) -> None:
    """Add these addresses."""

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

    @admin.post("/keys/signing")
    def rotate_signing() -> Response:
        def act(_principal: Principal, body: Body) -> Answer:
            refuse_unknown(body, "forgetOld")
            forget_old = body.get("forgetOld", False)
            if not isinstance(forget_old, bool):
                raise Invalid("forgetOld is true or false", expression="forgetOld")
            return {"kid": desk.clerk.rotate_signing(forget_old)}, 201

        return desk.serve("rotate-signing", act, about="signing-key")
