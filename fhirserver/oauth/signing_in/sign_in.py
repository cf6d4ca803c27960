"""The pages `/signin` and `/signout`."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from flask import Blueprint, Response, make_response, render_template, request

from fhirserver.oauth import next_address
from fhirserver.oauth.pages import allow_form_targets, forget_forms, page_blueprint
from fhirserver.oauth.session import SignedIn, installed, signed_in
from fhirserver.oauth.signing_in.going_on import go_on, see_other
from fhirserver.oauth.signing_in.service import Service


def blueprint(service: Service) -> Blueprint:
    """Signing in with name and password, and signing out."""
    pages = page_blueprint("signing_in", __name__)

    @pages.get("/signin")
    def sign_in() -> Response:
        who = signed_in(request)
        if who is not None and not _is_again(request.args):
            return see_other(_next(request.args))
        return _form(service, who if _is_again(request.args) else None)

    @pages.post("/signin")
    def check() -> Response:
        who = signed_in(request) if _is_again(request.form) else None
        name = who.user.name if who else request.form.get("name", "")[:200]
        account = service.by_password(
            name, request.form.get("password", ""), request.remote_addr or ""
        )
        if account is None:
            return _form(service, who, name=name, failed=True)
        return go_on(service, account, ["password"], _next(request.form), who)

    @pages.get("/signout")
    def ask() -> Response:
        return make_response(render_template("signing_in/sign_out.html"))

    @pages.post("/signout")
    def sign_out() -> Response:
        response = see_other("/signin?signed_out=1")
        if (who := signed_in(request)) is not None:
            service.record.signed_out(who.user)
        installed().end(request, response)
        forget_forms()
        return response

    return pages


def _form(
    service: Service, who: SignedIn | None, *, name: str = "", failed: bool = False
) -> Response:
    # After signing in an application is gone back to, wherever that is.
    allow_form_targets("*")
    values = request.form if request.method == "POST" else request.args
    page = render_template(
        "signing_in/sign_in.html",
        again=who,
        name=name,
        failed=failed,
        external=service.settings.external_name if service.settings.external_issuer else None,
        passkeys=service.passkey_host is not None,
        signed_out="signed_out" in request.args,
        next=_next(values),
    )
    return make_response(page, HTTPStatus.UNAUTHORIZED if failed else HTTPStatus.OK)


def _next(values: Mapping[str, str]) -> str:
    return next_address.local(values.get("next"))


def _is_again(values: Mapping[str, str]) -> bool:
    return values.get("reauthenticate") == "1"
