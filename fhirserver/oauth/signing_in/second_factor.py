"""The pages `/signin/second` and `/signin/connect`: what is asked for after the password."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, make_response, render_template, request

from fhirserver.oauth.pages import allow_form_targets, page_blueprint
from fhirserver.oauth.session import Method
from fhirserver.oauth.signing_in import connecting, going_on
from fhirserver.oauth.signing_in.going_on import Step, see_other
from fhirserver.oauth.signing_in.service import Service
from fhirserver.storage import credentials, recovery_codes


def blueprint(service: Service) -> Blueprint:
    """Giving a second factor; connecting an app where one is required and there is none yet."""
    pages = page_blueprint("second_factor", __name__)

    @pages.get("/signin/second")
    def second() -> Response:
        step = going_on.current(service)
        return _form(service, step) if step else _begin_anew()

    @pages.post("/signin/second")
    def check() -> Response:
        step = going_on.current(service)
        if step is None:
            return _begin_anew()
        method: Method
        if recovery_code := request.form.get("recovery_code", ""):
            method = "recovery-code"
            is_right = service.by_recovery_code(step.account, recovery_code[:100])
        else:
            method = "one-time-code"
            is_right = service.by_code(step.account, request.form.get("code", "")[:100])
        if not is_right:
            return _form(service, step, failed=method)
        if (step := going_on.done(service)) is None:
            return _begin_anew()
        return going_on.finish(
            service, step.account, [*step.methods, method], step.next, step.session
        )

    @pages.get("/signin/connect")
    def connect() -> Response:
        step = going_on.current(service)
        if step is None:
            return _begin_anew()
        return connecting.form(service, step.account, "/signin/connect", required=True)

    @pages.post("/signin/connect")
    def connected() -> Response:
        step = going_on.current(service)
        # Who has a second factor by now is asked for it, not for a new one.
        if step is None or service.has_second_factor(step.account.id):
            return _begin_anew()
        codes = connecting.connected(service, step.account)
        if codes is None:
            return connecting.form(
                service, step.account, "/signin/connect", required=True, failed=True
            )
        if (step := going_on.done(service)) is None:
            return _begin_anew()
        response = going_on.finish(
            service, step.account, [*step.methods, "one-time-code"], step.next, step.session
        )
        page = render_template("account/recovery_codes.html", codes=codes, next=step.next)
        response.set_data(page)
        response.status_code = HTTPStatus.OK
        del response.headers["Location"]
        return response

    return pages


def _form(service: Service, step: Step, *, failed: Method | None = None) -> Response:
    allow_form_targets("*")
    user_id = step.account.id
    kinds = {c.kind for c in credentials.credentials(service.database, user_id)}
    page = render_template(
        "signing_in/second.html",
        display=step.account.display,
        has_app="totp" in kinds,
        has_passkey="passkey" in kinds and service.passkey_host is not None,
        has_codes=recovery_codes.left(service.database, user_id) > 0,
        failed=failed,
        next=step.next,
    )
    return make_response(page, HTTPStatus.UNAUTHORIZED if failed else HTTPStatus.OK)


def _begin_anew() -> Response:
    return see_other("/signin")
