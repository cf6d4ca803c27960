"""Every failure becomes an OperationOutcome here, and nowhere else."""

from __future__ import annotations

import logging
import traceback
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qsl

from flask import Flask, Request, Response, request
from werkzeug.exceptions import HTTPException

from fhirserver.errors import FhirError, MethodNotAllowed, NotFound, NotUnderstood, TooLarge
from fhirserver.request_id import request_id
from fhirserver.web.negotiation import wanted_for_errors
from fhirserver.web.responses import error_response

log = logging.getLogger(__name__)

MOST_FRAMES = 25


class Unexpected(FhirError):
    """The server failed: tell the administrator the request id in the X-Request-Id header."""


def handle_errors(app: Flask) -> None:
    """Answer every exception that Flask meets."""

    @app.errorhandler(Exception)
    def answer(error: Exception) -> Response:
        return answer_to(error, request)


def answer_to(error: Exception, request: Request) -> Response:
    """The OperationOutcome for whatever was raised."""
    match error:
        case FhirError():
            if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                log.warning(
                    "unavailable",
                    extra={"request_id": request_id(request.environ), "code": error.code},
                )
            return _answer(error, request)
        case HTTPException(code=404):
            return _answer(NotFound("there is no such address"), request)
        case HTTPException(code=405):
            return _answer(MethodNotAllowed(headers=_allow(error)), request)
        case HTTPException(code=413):
            return _answer(TooLarge(), request)
        case HTTPException():
            return _answer(NotUnderstood("the HTTP request can't be read"), request)
    log.error(
        "unexpected", extra={"request_id": request_id(request.environ), "causes": causes(error)}
    )
    return _answer(Unexpected(), request)


def _named(request: Request) -> dict[str, str | None]:
    return {"request_id": request_id(request.environ)}


def _answer(error: FhirError, request: Request) -> Response:
    """The outcome in the format that was asked for, where that can be told."""
    # Not Flask's `args`, which fails where the address is what can't be read.
    asked = dict(parse_qsl(request.query_string.decode(errors="replace")))
    return error_response(
        error,
        request,
        pretty=asked.get("_pretty") == "true",
        written=wanted_for_errors(request.headers.get("Accept"), asked.get("_format")),
    )


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
