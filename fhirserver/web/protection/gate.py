"""The outermost layer of the application: every request and every response passes it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, request

from fhirserver.settings import Settings
from fhirserver.web.protection.headers import SecurityHeaders
from fhirserver.web.protection.proxies import Trust
from fhirserver.web.protection.secrets_in_urls import refuse_secrets

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Gate:
    """A WSGI application around ours: https://peps.python.org/pep-3333/."""

    def __init__(self, inside: WSGIApplication, settings: Settings) -> None:
        self._inside = inside
        self._trust = Trust(settings)
        self._headers = SecurityHeaders(settings)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self._trust.put_right(environ)
        path: str = environ.get("PATH_INFO", "")

        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            return start_response(status, self._headers.added(path, headers), *rest)

        return self._inside(environ, start)


def protect(app: Flask, settings: Settings) -> None:
    """Put the gate around an application."""

    @app.before_request
    def no_secret_in_the_address() -> None:
        refuse_secrets(request.query_string)

    app.wsgi_app = Gate(app.wsgi_app, settings)  # type: ignore[method-assign]
