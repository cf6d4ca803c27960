"""What `static/passkeys.js` asks: JSON in, JSON out, with a form's token in a header.

`passkeys` is imported when somebody uses one: its library is a tenth of the start of a process.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, flash, jsonify, make_response, request

from fhirserver import clock
from fhirserver.errors import FhirError, Invalid
from fhirserver.oauth import next_address
from fhirserver.oauth.pages import page_blueprint
from fhirserver.oauth.session import sign_in_address, signed_in
from fhirserver.oauth.signing_in import going_on
from fhirserver.oauth.signing_in.account import RECENT
from fhirserver.oauth.signing_in.service import Service
from fhirserver.storage import users
from fhirserver.storage.users import Account


def blueprint(service: Service) -> Blueprint:
    """The addresses that passkeys need."""
    pages = page_blueprint("passkeys", __name__)
    pages.register_error_handler(FhirError, _refused)

    @pages.post("/account/passkeys/options")
    def new_options() -> Response:
        from fhirserver.oauth.signing_in import passkeys  # noqa: PLC0415

        account = _recent_user(service)
        if account is None:
            return _confirm_first()
        return jsonify(passkeys.options_to_add(service, account))

    @pages.post("/account/passkeys")
    def add() -> Response:
        from fhirserver.oauth.signing_in import passkeys  # noqa: PLC0415

        account = _recent_user(service)
        if account is None:
            return _confirm_first()
        sent = _sent()
        passkeys.add(
            service,
            account,
            str(sent.get("state")),
            _credential(sent),
            request.user_agent.string,
        )
        flash("The passkey is added. Make recovery codes too, for the day it is lost.")
        return jsonify(location="/account")

    @pages.post("/signin/passkey/options")
    def sign_in_options() -> Response:
        from fhirserver.oauth.signing_in import passkeys  # noqa: PLC0415

        return jsonify(passkeys.options_to_sign_in(service))

    @pages.post("/signin/passkey")
    def sign_in() -> Response:
        from fhirserver.oauth.signing_in import passkeys  # noqa: PLC0415

        sent = _sent()
        account = passkeys.signed_in_user(service, str(sent.get("state")), _credential(sent))
        if sent.get("step") is True:
            return _as_json(_second(service, account))
        session = None
        if sent.get("reauthenticate") is True and (who := signed_in(request)) is not None:
            _check_same(who.user.id, account)
            session = who.session
        target = next_address.local(str(sent.get("next")))
        return _as_json(going_on.finish(service, account, ["passkey"], target, session))

    return pages


def _second(service: Service, account: Account) -> Response:
    """The passkey is the second factor, after a password."""
    step = going_on.current(service)
    if step is None:
        return going_on.see_other("/signin")
    _check_same(step.account.id, account)
    if going_on.done(service) is None:
        return going_on.see_other("/signin")
    return going_on.finish(service, account, [*step.methods, "passkey"], step.next, step.session)


def _check_same(user_id: str, account: Account) -> None:
    if user_id != account.id:
        raise Invalid("That passkey is another user's.")


def _recent_user(service: Service) -> Account | None:
    """Who has proved lately who they are."""
    who = signed_in(request)
    if who is None or clock.now() - who.authenticated_at > RECENT:
        return None
    return users.user_by_id(service.database, who.user.id)


def _confirm_first() -> Response:
    return jsonify(location=sign_in_address("/account", reauthenticate=True))


def _sent() -> dict[str, Any]:
    sent = request.get_json(silent=True)
    if not isinstance(sent, dict):
        raise Invalid("That is not what a passkey answers.")
    return sent


def _credential(sent: dict[str, Any]) -> dict[str, Any]:
    found = sent.get("credential")
    if not isinstance(found, dict):
        raise Invalid("That is not what a passkey answers.")
    return found


def _as_json(response: Response) -> Response:
    """Where the script goes next, with the cookies of the redirect."""
    location = response.headers.pop("Location")
    response.status_code = HTTPStatus.OK
    response.set_data(jsonify(location=location).get_data())
    response.content_type = "application/json"
    return response


def _refused(error: FhirError) -> Response:
    return make_response(jsonify(problem=str(error)), error.status)
