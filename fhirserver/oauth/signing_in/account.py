"""The page `/account`: how its user signs in, and where they are signed in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Final

from flask import Blueprint, Response, flash, make_response, render_template, request

from fhirserver import clock
from fhirserver.errors import FhirError, NotFound
from fhirserver.oauth.pages import page_blueprint
from fhirserver.oauth.session import SignedIn, installed, sign_in_address, signed_in
from fhirserver.oauth.signing_in import connecting, recovery
from fhirserver.oauth.signing_in.devices import described
from fhirserver.oauth.signing_in.going_on import see_other
from fhirserver.oauth.signing_in.service import Service
from fhirserver.storage import credentials, recovery_codes, sessions, users
from fhirserver.storage.users import Account

# How lately a user must have proved who they are, to change how they do.
RECENT: Final = timedelta(minutes=10)

Page = Callable[[SignedIn], Response]


def for_users(page: Page) -> Callable[[], Response]:
    """A page for who is signed in; others are sent to sign in first."""

    @wraps(page)
    def shown() -> Response:
        who = signed_in(request)
        if who is None:
            return see_other(sign_in_address(_back()))
        return page(who)

    return shown


def for_recent(page: Page) -> Callable[[], Response]:
    """The same, for who has proved lately who they are. OWASP ASVS 5.0, 7.5.1."""

    @for_users
    @wraps(page)
    def shown(who: SignedIn) -> Response:
        if clock.now() - who.authenticated_at > RECENT:
            return see_other(sign_in_address(_back(), reauthenticate=True))
        return page(who)

    return shown


def blueprint(service: Service) -> Blueprint:
    """The pages below `/account`."""
    pages = page_blueprint("account", __name__)
    database = service.database

    @pages.get("/account")
    @for_users
    def overview(who: SignedIn) -> Response:
        return _overview(service, who)

    @pages.post("/account/password")
    @for_users
    def password(who: SignedIn) -> Response:
        if credentials.password_hash(database, who.user.id) is None:
            raise NotFound("You sign in without a password.")
        given = request.form.get("current_password", "")
        if service.by_password(who.user.name, given, request.remote_addr or "") is None:
            return _overview(service, who, problem="The current password is not right.")
        new = request.form.get("new_password", "")
        if new != request.form.get("repeated_password", ""):
            return _overview(service, who, problem="The new password was typed in two ways.")
        try:
            service.change_password(who.user.id, new, keep_session=who.session)
        except FhirError as error:
            return _overview(service, who, problem=_sentence(str(error)))
        flash("The password is changed. All other sessions have ended.")
        response = see_other("/account")
        installed().renew(response, who.session, who.methods)
        return response

    @pages.get("/account/authenticator")
    @for_recent
    def authenticator(who: SignedIn) -> Response:
        return connecting.form(service, _account(service, who), "/account/authenticator")

    @pages.post("/account/authenticator")
    @for_recent
    def connect(who: SignedIn) -> Response:
        account = _account(service, who)
        codes = connecting.connected(service, account)
        if codes is None:
            return connecting.form(service, account, "/account/authenticator", failed=True)
        flash("The authenticator app is connected.")
        return _codes(codes) if codes else see_other("/account")

    @pages.post("/account/authenticator/remove")
    @for_recent
    def disconnect(who: SignedIn) -> Response:
        app = service.apps.of(who.user.id)
        return _removed(service, who, app.id if app else "", "The app is disconnected.")

    @pages.post("/account/passkeys/remove")
    @for_recent
    def remove_passkey(who: SignedIn) -> Response:
        return _removed(service, who, request.form.get("id", ""), "The passkey is removed.")

    @pages.post("/account/recovery-codes")
    @for_recent
    def new_codes(who: SignedIn) -> Response:
        return _codes(recovery.renewed(database, who.user.id))

    @pages.post("/account/sessions/end")
    @for_users
    def end_session(who: SignedIn) -> Response:
        if sessions.end(database, request.form.get("id", ""), who.user.id):
            flash("That session has ended.")
        return see_other("/account")

    @pages.post("/account/sessions/end-others")
    @for_users
    def end_others(who: SignedIn) -> Response:
        sessions.end_all(database, who.user.id, but=who.session)
        flash("All other sessions have ended.")
        return see_other("/account")

    return pages


def _overview(service: Service, who: SignedIn, *, problem: str = "") -> Response:
    database, user_id = service.database, who.user.id
    ways = credentials.credentials(database, user_id)
    page = render_template(
        "account/overview.html",
        account=_account(service, who),
        has_password=any(c.kind == "password" for c in ways),
        app=next((c for c in ways if c.kind == "totp"), None),
        passkeys=[c for c in ways if c.kind == "passkey"],
        externals=[c for c in ways if c.kind == "external"],
        passkeys_possible=service.passkey_host is not None,
        codes_left=recovery_codes.left(database, user_id),
        sessions=sessions.sessions_of(database, user_id, installed().limits),
        described=described,
        shortest=service.settings.password_min_length,
        problem=problem,
    )
    return make_response(page, 422 if problem else 200)


def _removed(service: Service, who: SignedIn, credential_id: str, told: str) -> Response:
    """Take away a second factor, unless it is the last one and a role asks for one."""
    account = _account(service, who)
    seconds = [
        c.id
        for c in credentials.credentials(service.database, account.id)
        if c.kind in {"totp", "passkey"}
    ]
    if credential_id not in seconds:
        raise NotFound("There is nothing of that kind to remove.")
    if service.needs_second_factor(account) and len(seconds) == 1:
        return _overview(
            service, who, problem="Your role needs a second factor: add another one first."
        )
    credentials.remove(service.database, account.id, credential_id)
    flash(told)
    return see_other("/account")


def _codes(codes: list[str]) -> Response:
    return make_response(
        render_template("account/recovery_codes.html", codes=codes, next="/account")
    )


def _account(service: Service, who: SignedIn) -> Account:
    found = users.user_by_id(service.database, who.user.id)
    assert found is not None
    return found


def _back() -> str:
    """Where to come back to: a form that was sent is begun anew."""
    return request.full_path.rstrip("?") if request.method == "GET" else "/account"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."
