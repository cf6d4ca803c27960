"""Connecting an authenticator app: the picture, and the first code that shows that it works."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response, make_response, render_template, request
from markupsafe import Markup

from fhirserver.oauth.signing_in import authenticator_app, recovery
from fhirserver.oauth.signing_in.service import Service
from fhirserver.storage import begun, recovery_codes
from fhirserver.storage.users import Account

_PURPOSE = "authenticator"


def form(
    service: Service,
    account: Account,
    action: str,
    *,
    required: bool = False,
    failed: bool = False,
) -> Response:
    """The page with the picture; after a wrong code it is the same picture."""
    token = request.form.get("connection", "") if failed else ""
    found = begun.look(service.database, token, _PURPOSE) if token else None
    if found is not None and found.user_id == account.id:
        seed = service.apps.unseal_new(found.content["seed"])
    else:
        seed = authenticator_app.new_seed()
        token = begun.begin(
            service.database,
            _PURPOSE,
            user_id=account.id,
            content={"seed": service.apps.seal_new(seed)},
            lifetime_seconds=900,
        )
    uri = authenticator_app.address(seed, account.name, service.settings.site_name)
    page = render_template(
        "account/authenticator.html",
        # Drawn by us from our own text: it holds nothing that was typed.
        picture=Markup(authenticator_app.picture(uri)),  # noqa: S704
        seed=" ".join(seed[i : i + 4] for i in range(0, len(seed), 4)),
        uri=uri,
        connection=token,
        action=action,
        required=required,
        failed=failed,
    )
    return make_response(page, HTTPStatus.UNPROCESSABLE_ENTITY if failed else HTTPStatus.OK)


def connected(service: Service, account: Account) -> list[str] | None:
    """Connect the app if the code is right; None if not.

    Returns recovery codes for who had none, else nothing.
    """
    token = request.form.get("connection", "")
    found = begun.look(service.database, token, _PURPOSE)
    if found is None or found.user_id != account.id:
        return None
    seed = service.apps.unseal_new(found.content["seed"])
    step = authenticator_app.step_of(seed, request.form.get("code", "")[:100])
    if step is None or begun.take(service.database, token, _PURPOSE) is None:
        return None
    service.apps.connect(account.id, seed, step)
    if recovery_codes.left(service.database, account.id):
        return []
    return recovery.renewed(service.database, account.id)
