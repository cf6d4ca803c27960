"""`/admin/audit/seals`: whether the audit trail is as it was sealed, a part at a time.

Who asks goes on after `last` until it is `end`: no request takes long, however long the trail is.
"""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, request

from fhirserver.access.principal import Principal
from fhirserver.audit.verifying import verify
from fhirserver.errors import Invalid
from fhirserver.web.administration.admission import Answer, Body, Desk

MOST: Final = 2_000
_LAST: Final = 2**63 - 1


def add_to(admin: Blueprint, desk: Desk) -> None:
    """Add this address."""

    @admin.get("/audit/seals")
    def check_seals() -> Response:
        def act(principal: Principal, _body: Body) -> Answer:
            desk.admit(principal, is_heavy=True)
            after = request.args.get("after", "0")
            if not after.isdecimal() or int(after) > _LAST:
                raise Invalid("after is the number of a seal", expression="after")
            verdict = verify(
                desk.database,
                desk.clerk.chain_keys(),
                site=desk.engine.context.site,
                after=int(after),
                most=MOST,
            )
            found = verdict.finding
            return {
                "checked": verdict.checked,
                "first": verdict.first,
                "last": verdict.last,
                "end": verdict.end,
                "finding": None
                if found is None
                else {
                    "trouble": found.trouble,
                    "seq": found.seq,
                    "event": found.id,
                    "text": found.text,
                },
            }, 200

        return desk.serve("check-seals", act)
