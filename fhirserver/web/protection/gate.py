"""The outermost layer of the application: every request and every response passes it."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Request, Response

from fhirserver.settings import Settings
from fhirserver.web.protection.headers import SecurityHeaders
from fhirserver.web.protection.limits import ENVIRON, Limits
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

        try:
            return self._inside(environ, start)
        finally:
            if (admission := environ.get(ENVIRON)) is not None:
                admission.end()


class Guard:
    """A stage that keeps to the limits, and secrets out of addresses."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def arrive(self, request: Request) -> None:
        refuse_secrets(request.query_string)
        self._limits.arrived(request)

    def leave(self, request: Request, response: Response) -> None:
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            self._limits.refused(request)
