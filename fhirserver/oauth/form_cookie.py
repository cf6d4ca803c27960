"""The signed cookie behind the tokens in our forms; its key is asked for by the first page.

FHIR requests carry no such cookie, and need none; whether the process lives must not hang on a key.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from flask import Flask, Request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer

_WITHOUT: Final = frozenset({"/fhir", "/livez", "/readyz", "/metrics"})


class FormCookie(SecureCookieSessionInterface):
    """Flask's own cookie session, with a key that is fetched when it is needed."""

    def __init__(self, key: Callable[[], bytes]) -> None:
        self._key = key

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session of a page; none for what shows no forms."""
        if request.path in _WITHOUT or request.path.startswith("/fhir/"):
            return None
        return super().open_session(app, request)

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """What signs the cookie."""
        if not app.secret_key:
            app.secret_key = self._key()
        return super().get_signing_serializer(app)
