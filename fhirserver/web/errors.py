"""Every failure becomes an OperationOutcome here, and nowhere else."""

from __future__ import annotations

import logging
import traceback
from http import HTTPStatus
from pathlib import Path

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from fhirserver.errors import FhirError, MethodNotAllowed, NotFound, NotUnderstood, TooLarge
from fhirserver.web.responses import error_response

log = logging.getLogger(__name__)

MOST_FRAMES = 25


class Unexpected(FhirError):
    """The server failed: tell the administrator the request id in the X-Request-Id header."""


def handle_errors(app: Flask) -> None:
    """Answer every exception."""

    @app.errorhandler(FhirError)
    def fhir_error(error: FhirError) -> Response:
        if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            log.warning(
                "unavailable", extra={"request_id": g.get("request_id"), "code": error.code}
            )
        return error_response(error, request)

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        match error.code:
            case 404:
                return error_response(NotFound("there is no such address"), request)
            case 405:
                return error_response(MethodNotAllowed(headers=_allow(error)), request)
            case 413:
                return error_response(TooLarge(), request)
            case _:
                return error_response(NotUnderstood("the HTTP request can't be read"), request)

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        log.error(
            "unexpected",
            extra={"request_id": g.get("request_id"), "causes": causes(error)},
        )
        return error_response(Unexpected(), request)


def causes(error: BaseException | None) -> list[str]:
    """What happened and where, the last first; not the messages, which may have patient data."""
    found = []
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        frames = traceback.extract_tb(error.__traceback__)[-MOST_FRAMES:]
        places = " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames))
        found.append(f"{type(error).__module__}.{type(error).__qualname__} at {places}")
        error = error.__cause__ or error.__context__
    return found


def _allow(error: HTTPException) -> dict[str, str]:
    methods = getattr(error, "valid_methods", None)
    return {"Allow": ", ".join(sorted(methods))} if methods else {}
