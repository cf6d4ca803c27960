"""Pages of other origins may call the API from a browser, with a token of their own.

There are no cookies in it, so that a page can do no more than any program can.
https://fetch.spec.whatwg.org/#http-cors-protocol
"""

from __future__ import annotations

import re
from typing import Final

from flask import Request, Response

from fhirserver.settings import Settings

# Not the pages for people, nor what they post to.
_OPEN: Final = re.compile(
    r"/fhir(?:/.*)?|/\.well-known/.*|/cds-services(?:/.*)?"
    r"|/dicom-web(?:/.*)?"
    r"|/oauth/(?:token|introspect|revoke|register|jwks|smart-style\.json)"
)
_SHOWN: Final = (
    "ETag, Location, Content-Location, Last-Modified, Retry-After, WWW-Authenticate, X-Request-Id, "
    "X-Progress, Warning, Content-Range, Accept-Ranges"
)
_METHODS: Final = "GET, HEAD, POST, PUT, PATCH, DELETE"
_HEADERS: Final = (
    "Authorization, Content-Type, Accept, Accept-Language, Prefer, If-Match, If-None-Match, "
    "If-None-Exist, If-Modified-Since, X-Request-Id, X-Correlation-Id, X-Security-Context, "
    "Range"
)
_KEPT_SECONDS: Final = "7200"


class Sharing:
    """A stage that answers browsers that ask whether a page may call, and says so every time."""

    def __init__(self, settings: Settings) -> None:
        self._origins = frozenset(settings.cors_origins.split())
        self._varies = bool(self._origins) and "*" not in self._origins

    def arrive(self, request: Request) -> Response | None:
        if request.method != "OPTIONS":
            return None
        asked = request.headers.get("Access-Control-Request-Method")
        if asked is None or self._allowed(request) is None:
            return None
        response = Response(status=204)
        response.headers["Access-Control-Allow-Methods"] = _METHODS
        response.headers["Access-Control-Allow-Headers"] = _HEADERS
        response.headers["Access-Control-Max-Age"] = _KEPT_SECONDS
        return response

    def leave(self, request: Request, response: Response) -> None:
        if self._varies and _OPEN.fullmatch(request.path):
            response.vary.add("Origin")
        if (origin := self._allowed(request)) is not None:
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers["Access-Control-Expose-Headers"] = _SHOWN
            # Otherwise a page elsewhere could call, but not see the answer.
            response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"

    def _allowed(self, request: Request) -> str | None:
        origin: str | None = request.environ.get("HTTP_ORIGIN")
        if origin is None or not self._origins or not _OPEN.fullmatch(request.path):
            return None
        return "*" if "*" in self._origins else origin if origin in self._origins else None
