"""What all pages share: layout, style, forms that can't be forged, headers, and errors in words.

A page is a Jinja template that extends `page.html`. There is no script or style inside a page.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    g,
    make_response,
    render_template,
    request,
    session,
)
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import HTTPException

from fhirserver.errors import FhirError
from fhirserver.oauth.form_cookie import FormCookie
from fhirserver.oauth.session import Sessions, signed_in
from fhirserver.settings import Settings
from fhirserver.storage.database import Database

log = logging.getLogger(__name__)

_KEY: Final = "fhirserver.pages"
_csrf = CSRFProtect()


def set_up(
    app: Flask, database: Database, settings: Settings, form_key: Callable[[], bytes]
) -> None:
    """Let the application show pages and know who is signed in.

    `form_key`: the secret behind the tokens in forms, the same in all processes.
    """
    app.session_interface = FormCookie(form_key)
    sessions = Sessions(database, settings)
    is_secure = settings.fhir_base.startswith("https:")
    is_framed = is_secure and bool(settings.frame_origins.strip())
    app.config.update(
        SESSION_COOKIE_NAME=sessions.cookie_name("forms"),
        SESSION_COOKIE_SECURE=is_secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="None" if is_framed else "Lax",
        SESSION_COOKIE_PARTITIONED=is_framed,
        # A form may stay open as long as the browser does.
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_CHECK_DEFAULT=False,
    )
    _csrf.init_app(app)
    with app.app_context():
        sessions.install()
    app.extensions[_KEY] = settings
    shared = Blueprint(
        "pages",
        __name__,
        template_folder="templates",
        static_folder="static",
        static_url_path="/oauth/static",
    )
    shared.app_context_processor(_context)
    app.register_blueprint(shared)


def page_blueprint(name: str, import_name: str) -> Blueprint:
    """A blueprint of pages: every POST is checked to come from a form of ours."""
    pages = Blueprint(name, import_name)
    pages.before_request(_check_form)
    pages.after_request(with_headers)
    pages.register_error_handler(FhirError, _fhir_error)
    pages.register_error_handler(HTTPException, _http_error)
    return pages


def allow_form_targets(*origins: str) -> None:
    """Let the form on this page lead to these origins, besides ours; `*` is anywhere.

    Browsers hold a form's target against this also where it redirects to.
    """
    g.form_targets = origins


def forget_forms() -> None:
    """Forms that were shown before don't count any more: somebody signed in or out."""
    session.clear()


def _check_form() -> None:
    # A HEAD or OPTIONS changes nothing, and a GET doesn't here.
    if request.method not in {"GET", "HEAD", "OPTIONS"}:
        _csrf.protect()


def with_headers(response: Response) -> Response:
    """A page, with what keeps others from framing it, adding to it, or keeping it."""
    settings = _settings()
    ancestors = settings.frame_origins.strip() or "'none'"
    targets = " ".join(("'self'", *g.get("form_targets", ())))
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; "
        f"form-action {targets}; frame-ancestors {ancestors}"
    )
    if ancestors == "'none'":
        response.headers["X-Frame-Options"] = "DENY"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    return response


def _context() -> dict[str, object]:
    return {"site_name": _settings().site_name, "who": signed_in(request)}


def _settings() -> Settings:
    found: Settings = current_app.extensions[_KEY]
    return found


def _fhir_error(error: FhirError) -> Response:
    response = _told(str(error), error.status)
    response.headers.update(error.headers)
    return response


def _http_error(error: HTTPException) -> Response:
    if isinstance(error, CSRFError):
        return _told(
            "The form was open for too long, or came from elsewhere. Go back, load the page "
            "again, and send it once more. Cookies must be allowed.",
            HTTPStatus.BAD_REQUEST,
        )
    if error.code is not None and 300 <= error.code < 400 and error.response is not None:
        return make_response(error.response)
    told = {404: "There is no such page.", 405: "This page takes no such request."}
    return _told(told.get(error.code or 500, "The request can't be read."), error.code or 500)


def _told(text: str, status: int) -> Response:
    return make_response(render_template("trouble.html", text=text), status)
